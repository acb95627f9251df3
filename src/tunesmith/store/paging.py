"""One page of a table, in the order rows were written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tunesmith.control.pages import Order


def page_rows(
    connection: sa.Connection,
    query: sa.Select[Any],
    *,
    position: sa.ColumnElement[int],
    after: sa.Select[Any] | None,
    limit: int,
    order: Order,
) -> tuple[list[sa.RowMapping], bool]:
    """The rows that follow the one whose position `after` selects, and whether more follow them.

    An `after` that selects nothing gives an empty page.
    """
    if after is not None:
        start = connection.execute(after).scalar_one_or_none()
        if start is None:
            return [], False
        query = query.where(position > start if order == "asc" else position < start)
    query = query.order_by(position.asc() if order == "asc" else position.desc()).limit(limit + 1)
    rows = list(connection.execute(query).mappings())
    return rows[:limit], len(rows) > limit
