"""Rows of jobs. The table is also the queue: there is no second place that could disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from tunesmith.control.events import EventDraft, EventRecord
from tunesmith.control.jobs import Change, CheckpointRecord, JobRecord, JobStatus
from tunesmith.control.pages import Page
from tunesmith.control.runs import Stage
from tunesmith.ids import NewId
from tunesmith.store.blobs import Blobs
from tunesmith.store.db import Database
from tunesmith.store.events import EventRows, append_events
from tunesmith.store.files import UNFINISHED, insert_file
from tunesmith.store.models import delete_steps, insert_model
from tunesmith.store.paging import page_rows
from tunesmith.store.schema import CHECKPOINTS, JOBS

STORED = [one.name for one in fields(JobRecord) if one.name != "queue_position"]
CHECKPOINT_COLUMNS = [CHECKPOINTS.c[one.name] for one in fields(CheckpointRecord)]


class JobRows:
    def __init__(self, database: Database, blobs: Blobs, *, new_id: NewId) -> None:
        self._database = database
        self._blobs = blobs
        self._events = EventRows(database)
        self._new_id = new_id

    def insert(self, record: JobRecord, drafts: Sequence[EventDraft], *, now: float) -> JobRecord:
        with self._database.write() as connection:
            connection.execute(sa.insert(JOBS).values(**_values(record)))
            append_events(connection, record.id, drafts, now=now, new_id=self._new_id)
        return record

    def get(self, project_id: str, job_id: str) -> JobRecord | None:
        query = _select().where(JOBS.c.project_id == project_id, JOBS.c.id == job_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _record(row)

    def page(
        self, project_id: str, *, after: str | None, limit: int, metadata: Mapping[str, str] | None
    ) -> Page[JobRecord]:
        query = _select().where(JOBS.c.project_id == project_id, *_metadata_is(metadata))
        start = None
        if after is not None:
            start = sa.select(JOBS.c.number).where(JOBS.c.project_id == project_id, JOBS.c.id == after)
        with self._database.read() as connection:
            rows, has_more = page_rows(
                connection, query, position=JOBS.c.number, after=start, limit=limit, order="desc"
            )
        return Page([_record(row) for row in rows], has_more)

    def amend(
        self, job_id: str, decide: Callable[[JobRecord], Change], *, now: float, project_id: str | None = None
    ) -> JobRecord | None:
        query = _select().where(JOBS.c.id == job_id)
        if project_id is not None:
            query = query.where(JOBS.c.project_id == project_id)
        with self._database.write() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                return None
            self._write(connection, decide(_record(row)), now=now)
            return _record(connection.execute(query).mappings().one())

    def claim_next(
        self, stage: Stage, worker_id: str, decide: Callable[[JobRecord], Change], *, now: float, lease_until: float
    ) -> JobRecord | None:
        waiting = _waiting(stage, now)
        with self._database.read() as connection:  # looking takes no lock; most looks find nothing
            if connection.execute(waiting).scalar_one_or_none() is None:
                return None
        got_further = JOBS.c.last_step > JOBS.c.claimed_at_step
        lost = sa.case((got_further, 0), else_=JOBS.c.lost_workers) + sa.case(
            (JOBS.c.lease_owner.is_(None), 0), else_=1
        )
        claim = (
            sa.update(JOBS)
            .where(JOBS.c.number == waiting.scalar_subquery())
            .values(
                lease_owner=worker_id,
                lease_until=lease_until,
                fencing_token=JOBS.c.fencing_token + 1,
                attempts=JOBS.c.attempts + 1,
                lost_workers=lost,
                claimed_at_step=JOBS.c.last_step,
            )
            .returning(*(JOBS.c[name] for name in STORED))
        )
        with self._database.write() as connection:
            row = connection.execute(claim).mappings().one_or_none()
            if row is None:
                return None
            change = decide(_record(row))
            self._write(connection, change, now=now)
            return change.job

    def renew(self, job_id: str, token: int, *, lease_until: float) -> JobRecord | None:
        update = sa.update(JOBS).where(JOBS.c.id == job_id, JOBS.c.fencing_token == token)
        update = update.values(lease_until=lease_until)
        with self._database.write() as connection:
            row = connection.execute(update.returning(*(JOBS.c[name] for name in STORED))).mappings().one_or_none()
        return None if row is None else _record(row)

    def forget_holders(self, now: float) -> int:
        update = sa.update(JOBS).where(JOBS.c.lease_owner.is_not(None), JOBS.c.lease_until > now)
        with self._database.write() as connection:
            return connection.execute(update.values(lease_until=0.0)).rowcount

    def unfinished(self) -> set[str]:
        with self._database.read() as connection:
            return set(connection.execute(sa.select(JOBS.c.id).where(JOBS.c.status.in_(UNFINISHED))).scalars())

    def events(self, job_id: str, *, after: str | None, limit: int) -> Page[EventRecord]:
        return self._events.page(job_id, after=after, limit=limit)

    def events_since(self, job_id: str, seq: int, *, limit: int) -> Sequence[EventRecord]:
        return self._events.since(job_id, seq, limit=limit)

    def checkpoints(self, job_id: str, *, after: str | None, limit: int) -> Page[CheckpointRecord]:
        query = sa.select(*CHECKPOINT_COLUMNS).where(CHECKPOINTS.c.job_id == job_id)
        start = None
        if after is not None:
            start = sa.select(CHECKPOINTS.c.step_number).where(
                CHECKPOINTS.c.job_id == job_id, CHECKPOINTS.c.id == after
            )
        with self._database.read() as connection:
            rows, has_more = page_rows(
                connection, query, position=CHECKPOINTS.c.step_number, after=start, limit=limit, order="desc"
            )
        return Page([CheckpointRecord(**row) for row in rows], has_more)

    def _write(self, connection: sa.Connection, change: Change, *, now: float) -> None:
        job = change.job
        connection.execute(sa.update(JOBS).where(JOBS.c.id == job.id).values(**_values(job)))
        append_events(connection, job.id, change.events, now=now, new_id=self._new_id)
        if change.retired_steps:
            steps = list(change.retired_steps)
            gone = sa.delete(CHECKPOINTS).where(CHECKPOINTS.c.job_id == job.id, CHECKPOINTS.c.step_number.in_(steps))
            connection.execute(gone)
            delete_steps(connection, job.id, steps)
        for checkpoint in change.checkpoints:
            connection.execute(sa.insert(CHECKPOINTS).values(**asdict(checkpoint)))
        for model in change.models:
            insert_model(connection, model)
        for record, blob in change.files:
            insert_file(connection, self._blobs, record, blob)


def _waiting(stage: Stage, now: float) -> sa.Select[tuple[int]]:
    """The number of the job that this stage takes next: one whose worker was lost first, then the oldest."""
    is_free = JOBS.c.lease_until <= now
    if stage == "validation":
        wanted = sa.and_(JOBS.c.status == JobStatus.VALIDATING_FILES.value, is_free)
    else:
        is_queued = sa.and_(JOBS.c.status == JobStatus.QUEUED.value, sa.not_(JOBS.c.is_paused))
        wanted = sa.or_(is_queued, sa.and_(JOBS.c.status == JobStatus.RUNNING.value, is_free))
    was_running = (JOBS.c.status == JobStatus.RUNNING.value).desc()
    return sa.select(JOBS.c.number).where(wanted).order_by(was_running, JOBS.c.number).limit(1)


def _select() -> sa.Select[Any]:
    ahead = JOBS.alias("ahead")
    position = (
        sa.select(sa.func.count())
        .select_from(ahead)
        .where(ahead.c.status == JobStatus.QUEUED.value, sa.not_(ahead.c.is_paused), ahead.c.number <= JOBS.c.number)
        .correlate(JOBS)
        .scalar_subquery()
    )
    is_waiting = sa.and_(JOBS.c.status == JobStatus.QUEUED.value, sa.not_(JOBS.c.is_paused))
    return sa.select(*(JOBS.c[name] for name in STORED), sa.case((is_waiting, position)).label("queue_position"))


def _metadata_is(metadata: Mapping[str, str] | None) -> list[sa.ColumnElement[bool]]:
    if metadata is None:
        return []
    if not metadata:
        return [JOBS.c.metadata.is_(None)]
    conditions: list[sa.ColumnElement[bool]] = []
    for number, (key, value) in enumerate(metadata.items()):
        pair = sa.func.json_each(JOBS.c.metadata).table_valued("key", "value", name=f"pair_{number}")
        conditions.append(sa.select(pair.c.key).where(pair.c.key == key, pair.c.value == value).exists())
    return conditions


def _values(record: JobRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in STORED} | {"status": record.status.value}


def _record(row: sa.RowMapping) -> JobRecord:
    return JobRecord(**{**row, "status": JobStatus(row["status"])})
