"""The connection to the SQLite file, and the only way to write to it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tunesmith import errors

# Before this version two connections that write and checkpoint at once can corrupt a WAL database
# (https://sqlite.org/wal.html, the WAL-reset bug).
FIRST_SAFE_WAL = (3, 51, 3)
BUSY_TIMEOUT_MS = 30_000


def sqlite_module() -> ModuleType:
    """The newest SQLite that is installed: pysqlite3's own where it has a wheel, else Python's."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ModuleNotFoundError:
        return importlib.import_module("sqlite3.dbapi2")


class Database:
    """One SQLite file. Acknowledged commits survive a power cut: synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        module = sqlite_module()
        self._engine = sa.create_engine(
            f"sqlite+pysqlite:///{path}",
            module=module,
            pool_size=20,
            max_overflow=20,
            connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        )
        journal_mode = "WAL" if module.sqlite_version_info >= FIRST_SAFE_WAL else "TRUNCATE"

        @event.listens_for(self._engine, "connect")
        def set_up(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # BEGIN is ours to say
            for pragma in (
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                f"journal_mode={journal_mode}",
                "synchronous=FULL",
                "foreign_keys=ON",
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(self._engine, "begin")
        def begin(connection: sa.Connection) -> None:
            is_write = connection.get_execution_options().get("tunesmith_write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view; nothing is written."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock from its beginning; raises StorageFull when the disk is full."""
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(tunesmith_write=True)
                with connection.begin():
                    yield connection
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL":
                raise errors.StorageFull(
                    "The disk has no room for the database. Free some space and try again."
                ) from error
            raise

    def check(self) -> None:
        """Raises OperationalError's kin when the file is damaged; to be called once at start."""
        with self.read() as connection:
            answer = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
        if answer != "ok":
            raise errors.InvalidRequest(
                f"The database is damaged: {answer}. Restore the data folder from a backup, "
                "or start with an empty one (TUNESMITH_DATA_DIR)."
            )

    def close(self) -> None:
        self._engine.dispose()
