"""Rows of fine-tuned models and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from tunesmith import errors
from tunesmith.control.registry import ModelRecord
from tunesmith.store.db import Database
from tunesmith.store.files import UNFINISHED
from tunesmith.store.schema import JOBS, MODELS
from tunesmith.store.weights import WeightFolders, stored_name

COLUMNS = [MODELS.c[one.name] for one in fields(ModelRecord)]


class ModelRows:
    def __init__(self, database: Database, weights: WeightFolders) -> None:
        self._database = database
        self._weights = weights

    def get(self, project_id: str, name: str) -> ModelRecord | None:
        query = sa.select(*COLUMNS).where(MODELS.c.project_id == project_id, MODELS.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else self._record(row)

    def list(self, project_id: str) -> Sequence[ModelRecord]:
        query = sa.select(*COLUMNS).where(MODELS.c.project_id == project_id).order_by(MODELS.c.number)
        with self._database.read() as connection:
            return [self._record(row) for row in connection.execute(query).mappings()]

    def delete(self, project_id: str, name: str) -> bool:
        with self._database.write() as connection:
            waiting = sa.select(JOBS.c.id).where(
                JOBS.c.project_id == project_id,
                JOBS.c.status.in_(UNFINISHED),
                sa.or_(JOBS.c.starts_from == name, JOBS.c.base == name),
            )
            job_id = connection.execute(waiting.limit(1)).scalar_one_or_none()
            if job_id is not None:
                raise errors.InvalidRequest(
                    f"The model '{name}' is where job {job_id} starts from. Cancel that job or wait for its end.",
                    param="model",
                )
            gone = sa.delete(MODELS).where(MODELS.c.project_id == project_id, MODELS.c.name == name)
            stored = connection.execute(gone.returning(MODELS.c.folder)).scalar_one_or_none()
        if stored is None:
            return False
        self._weights.remove(self._weights.place(stored))
        return True

    def sweep(self) -> None:
        """Remove weights that no model has: those of a worker that died between publishing and recording them."""
        with self._database.write() as connection:
            kept = {self._weights.place(stored) for stored in connection.execute(sa.select(MODELS.c.folder)).scalars()}
            for folder in self._weights.all():
                if folder not in kept:
                    self._weights.remove(folder)

    def _record(self, row: sa.RowMapping) -> ModelRecord:
        return ModelRecord(**{**row, "folder": self._weights.place(row["folder"])})


def insert_model(connection: sa.Connection, record: ModelRecord) -> None:
    connection.execute(sa.insert(MODELS).values(**{**asdict(record), "folder": stored_name(record.folder)}))


def delete_steps(connection: sa.Connection, job_id: str, steps: Sequence[int]) -> None:
    connection.execute(sa.delete(MODELS).where(MODELS.c.job_id == job_id, MODELS.c.step.in_(steps)))
