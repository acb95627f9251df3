"""Events of jobs: appended in the transaction that made them true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from tunesmith.control.events import EventDraft, EventRecord
from tunesmith.control.pages import Page
from tunesmith.ids import NewId
from tunesmith.store.db import Database
from tunesmith.store.paging import page_rows
from tunesmith.store.schema import EVENTS

COLUMNS = [EVENTS.c[one.name] for one in fields(EventRecord)]


def append_events(
    connection: sa.Connection, job_id: str, drafts: Sequence[EventDraft], *, now: float, new_id: NewId
) -> None:
    """Write the drafts whose key the job does not have yet, numbered on from its last event."""
    if not drafts:
        return
    keys = [draft.key for draft in drafts if draft.key is not None]
    known_query = sa.select(EVENTS.c.key).where(EVENTS.c.job_id == job_id, EVENTS.c.key.in_(keys))
    known = set(connection.execute(known_query).scalars())
    last = sa.select(sa.func.coalesce(sa.func.max(EVENTS.c.seq), 0)).where(EVENTS.c.job_id == job_id)
    seq = int(connection.execute(last).scalar_one())
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        event_id = new_id("ftevent")
        key = draft.key or event_id
        if key in known:
            continue
        known.add(key)
        seq += 1
        rows.append(
            {
                "job_id": job_id,
                "seq": seq,
                "id": event_id,
                "key": key,
                "created_at": int(now),
                "level": draft.level,
                "message": draft.message,
                "type": draft.type,
                "data": draft.data,
            }
        )
    if rows:
        connection.execute(sa.insert(EVENTS), rows)


class EventRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, job_id: str, *, after: str | None, limit: int) -> Page[EventRecord]:
        """Newest first."""
        query = sa.select(*COLUMNS).where(EVENTS.c.job_id == job_id)
        start = None
        if after is not None:
            start = sa.select(EVENTS.c.seq).where(EVENTS.c.job_id == job_id, EVENTS.c.id == after)
        with self._database.read() as connection:
            rows, has_more = page_rows(connection, query, position=EVENTS.c.seq, after=start, limit=limit, order="desc")
        return Page([EventRecord(**row) for row in rows], has_more)

    def since(self, job_id: str, seq: int, *, limit: int) -> Sequence[EventRecord]:
        query = sa.select(*COLUMNS).where(EVENTS.c.job_id == job_id, EVENTS.c.seq > seq)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(EVENTS.c.seq).limit(limit)).mappings()
            return [EventRecord(**row) for row in rows]
