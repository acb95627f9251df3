"""Rows of augmentations; like the jobs', the table is the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from tunesmith.control.augmentations import AugmentationRecord, AugmentationStatus
from tunesmith.control.files import BlobInfo, FileRecord
from tunesmith.control.pages import Page
from tunesmith.store.blobs import Blobs
from tunesmith.store.db import Database
from tunesmith.store.files import insert_file
from tunesmith.store.paging import page_rows
from tunesmith.store.schema import AUGMENTATIONS

COLUMNS = [AUGMENTATIONS.c[one.name] for one in fields(AugmentationRecord)]


class AugmentationRows:
    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def insert(self, record: AugmentationRecord) -> None:
        with self._database.write() as connection:
            connection.execute(sa.insert(AUGMENTATIONS).values(**asdict(record)))

    def get(self, project_id: str, augmentation_id: str) -> AugmentationRecord | None:
        return self._one(AUGMENTATIONS.c.project_id == project_id, AUGMENTATIONS.c.id == augmentation_id)

    def find(self, augmentation_id: str) -> AugmentationRecord | None:
        return self._one(AUGMENTATIONS.c.id == augmentation_id)

    def _one(self, *conditions: sa.ColumnElement[bool]) -> AugmentationRecord | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(*COLUMNS).where(*conditions)).mappings().one_or_none()
        return None if row is None else _record(row)

    def page(self, project_id: str, *, after: str | None, limit: int) -> Page[AugmentationRecord]:
        ours = AUGMENTATIONS.c.project_id == project_id
        query = sa.select(*COLUMNS).where(ours)
        start = None
        if after is not None:
            start = sa.select(AUGMENTATIONS.c.number).where(ours, AUGMENTATIONS.c.id == after)
        with self._database.read() as connection:
            rows, has_more = page_rows(
                connection, query, position=AUGMENTATIONS.c.number, after=start, limit=limit, order="desc"
            )
        return Page([_record(row) for row in rows], has_more)

    def amend(
        self,
        augmentation_id: str,
        decide: Callable[[AugmentationRecord], AugmentationRecord],
        *,
        results: tuple[FileRecord, BlobInfo] | None = None,
    ) -> AugmentationRecord | None:
        this = AUGMENTATIONS.c.id == augmentation_id
        with self._database.write() as connection:
            row = connection.execute(sa.select(*COLUMNS).where(this)).mappings().one_or_none()
            if row is None:
                return None
            amended = decide(_record(row))
            connection.execute(sa.update(AUGMENTATIONS).where(this).values(**asdict(amended)))
            if results is not None:
                insert_file(connection, self._blobs, *results)
        return amended

    def first(self, status: AugmentationStatus) -> AugmentationRecord | None:
        return next(iter(self._with(status, limit=1)), None)

    def with_status(self, status: AugmentationStatus) -> Sequence[AugmentationRecord]:
        return self._with(status, limit=None)

    def _with(self, status: AugmentationStatus, *, limit: int | None) -> list[AugmentationRecord]:
        query = sa.select(*COLUMNS).where(AUGMENTATIONS.c.status == status.value).order_by(AUGMENTATIONS.c.number)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.limit(limit)).mappings()]


def _record(row: sa.RowMapping) -> AugmentationRecord:
    values = dict(row)
    return AugmentationRecord(**values | {"status": AugmentationStatus(values["status"])})
