"""Rows of keys: digests only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from tunesmith.control.accounts import KeyRecord
from tunesmith.store.db import Database
from tunesmith.store.schema import KEYS

COLUMNS = [KEYS.c[one.name] for one in fields(KeyRecord)]


class KeyRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, record: KeyRecord, digest: bytes) -> None:
        with self._database.write() as connection:
            connection.execute(sa.insert(KEYS).values(**asdict(record), digest=digest))

    def replace(self, record: KeyRecord, digest: bytes) -> None:
        """Write a key under its id, whatever secret it had before."""
        with self._database.write() as connection:
            same = sa.or_(KEYS.c.id == record.id, KEYS.c.digest == digest)
            connection.execute(sa.delete(KEYS).where(same))
            connection.execute(sa.insert(KEYS).values(**asdict(record), digest=digest))

    def by_digest(self, digest: bytes) -> KeyRecord | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(*COLUMNS).where(KEYS.c.digest == digest)).mappings().one_or_none()
        return None if row is None else KeyRecord(**row)

    def list(self) -> Sequence[KeyRecord]:
        with self._database.read() as connection:
            rows = connection.execute(sa.select(*COLUMNS).order_by(KEYS.c.created_at, KEYS.c.id)).mappings()
            return [KeyRecord(**row) for row in rows]

    def revoke(self, key_id: str, at: int) -> KeyRecord | None:
        update = sa.update(KEYS).where(KEYS.c.id == key_id)
        update = update.values(revoked_at=sa.func.coalesce(KEYS.c.revoked_at, at))
        with self._database.write() as connection:
            row = connection.execute(update.returning(*COLUMNS)).mappings().one_or_none()
        return None if row is None else KeyRecord(**row)
