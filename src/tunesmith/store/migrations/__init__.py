"""Numbered changes of the schema, applied in order, each in one transaction, never edited afterwards."""

from __future__ import annotations

from tunesmith import errors
from tunesmith.store.db import Database
from tunesmith.store.migrations import m0001_first_light, m0002_augmentations

MIGRATIONS = (m0001_first_light.apply, m0002_augmentations.apply)


def migrate(database: Database) -> None:
    """Bring the schema up to date; a crash in the middle of a step leaves the step undone."""
    with database.read() as connection:
        present = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if present > len(MIGRATIONS):
        raise errors.InvalidRequest(
            f"The data folder was written by a newer version (schema {present}, this one knows {len(MIGRATIONS)}). "
            "Install that version again or use another data folder."
        )
    for number, apply in enumerate(MIGRATIONS[present:], start=present + 1):
        with database.write() as connection:
            apply(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {number}")
