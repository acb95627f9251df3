"""How a client asks for a page, and how OpenAI words one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

After = Annotated[str | None, Query(description="The id of the last item of the page before.", max_length=512)]


def limit_up_to(most: int) -> Any:
    return Query(ge=1, le=most, description="How many items at most.")


def ends_of(ids: Sequence[str]) -> tuple[str | None, str | None]:
    """first_id and last_id of a page."""
    return (ids[0], ids[-1]) if ids else (None, None)
