"""Rows of files, and the moment their bytes are kept or let go."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from tunesmith.control.augmentations import TRANSITIONS
from tunesmith.control.files import BlobInfo, FileRecord
from tunesmith.control.jobs import JobStatus, is_terminal
from tunesmith.control.pages import Order, Page
from tunesmith.store.blobs import Blobs
from tunesmith.store.db import Database
from tunesmith.store.paging import page_rows
from tunesmith.store.schema import AUGMENTATIONS, FILES, JOBS

UNFINISHED = [status.value for status in JobStatus if not is_terminal(status)]
ENDED_AUGMENTATIONS = [status.value for status, following in TRANSITIONS.items() if not following]
COLUMNS = [FILES.c[one.name] for one in fields(FileRecord)]


class FileRows:
    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def insert(self, record: FileRecord, blob: BlobInfo) -> None:
        """The bytes move to their place inside the transaction, so that `delete` cannot take them away in between."""
        with self._database.write() as connection:
            insert_file(connection, self._blobs, record, blob)

    def get(self, project_id: str, file_id: str, now: int) -> FileRecord | None:
        query = sa.select(*COLUMNS).where(FILES.c.project_id == project_id, FILES.c.id == file_id, _alive(now))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else FileRecord(**row)

    def page(
        self, project_id: str, *, purpose: str | None, after: str | None, limit: int, order: Order, now: int
    ) -> Page[FileRecord]:
        query = sa.select(*COLUMNS).where(FILES.c.project_id == project_id, _alive(now))
        if purpose is not None:
            query = query.where(FILES.c.purpose == purpose)
        start = None
        if after is not None:
            start = sa.select(FILES.c.number).where(FILES.c.project_id == project_id, FILES.c.id == after)
        with self._database.read() as connection:
            rows, has_more = page_rows(
                connection, query, position=FILES.c.number, after=start, limit=limit, order=order
            )
        return Page([FileRecord(**row) for row in rows], has_more)

    def delete(self, project_id: str, file_id: str, now: int) -> bool:
        ours = (FILES.c.project_id == project_id, FILES.c.id == file_id, _alive(now))
        with self._database.write() as connection:
            sha256 = connection.execute(sa.delete(FILES).where(*ours).returning(FILES.c.sha256)).scalar_one_or_none()
            if sha256 is None:
                return False
            if not _is_needed(connection, sha256):
                self._blobs.remove(sha256)
        return True

    def sweep(self, now: int) -> int:
        """Forget expired files and remove bytes that nothing needs; returns how many blobs went."""
        removed = 0
        with self._database.write() as connection:
            connection.execute(sa.delete(FILES).where(sa.not_(_alive(now))))
            for sha256 in list(self._blobs.all()):
                if not _is_needed(connection, sha256):
                    self._blobs.remove(sha256)
                    removed += 1
        return removed


def insert_file(connection: sa.Connection, blobs: Blobs, record: FileRecord, blob: BlobInfo) -> None:
    connection.execute(sa.insert(FILES).values(**asdict(record)))
    blobs.keep(blob)


def _alive(now: int) -> sa.ColumnElement[bool]:
    return sa.or_(FILES.c.expires_at.is_(None), FILES.c.expires_at > now)


def _is_needed(connection: sa.Connection, sha256: str) -> bool:
    by_file: sa.Select[Any] = sa.select(FILES.c.id).where(FILES.c.sha256 == sha256)
    by_job: sa.Select[Any] = sa.select(JOBS.c.id).where(
        JOBS.c.status.in_(UNFINISHED), sa.or_(JOBS.c.training_sha256 == sha256, JOBS.c.validation_sha256 == sha256)
    )
    by_augmentation: sa.Select[Any] = sa.select(AUGMENTATIONS.c.id).where(
        AUGMENTATIONS.c.status.not_in(ENDED_AUGMENTATIONS),
        sa.or_(
            AUGMENTATIONS.c.sha256 == sha256,
            AUGMENTATIONS.c.request["validation_sha256"].as_string() == sha256,
        ),
    )
    needs = sa.or_(by_file.exists(), by_job.exists(), by_augmentation.exists())
    return bool(connection.execute(sa.select(needs)).scalar_one())
