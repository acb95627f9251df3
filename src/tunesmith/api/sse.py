"""Server-sent events on a plain streaming response, whose source is closed the moment the client leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

import anyio
import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Send

T = TypeVar("T")

DONE = b"data: [DONE]\n\n"


def frame(payload: Any) -> bytes:
    """`data: {json}` and a blank line."""
    return b"data: " + orjson.dumps(payload) + b"\n\n"


async def close_now(source: AsyncGenerator[Any, None]) -> None:
    """Close a generator even while this task is being cancelled."""
    with anyio.CancelScope(shield=True):
        await source.aclose()


class EventStream(StreamingResponse):
    def __init__(self, source: AsyncGenerator[bytes, None], *, headers: dict[str, str] | None = None) -> None:
        super().__init__(
            source, media_type="text/event-stream", headers={"cache-control": "no-cache", **(headers or {})}
        )
        self._source = source

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        finally:
            await close_now(self._source)


async def unless_disconnected(request: Request, work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, which is cancelled when the client goes away first; raises ClientDisconnect then."""
    result: list[T] = []
    failure: list[Exception] = []

    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                continue
            tasks.cancel_scope.cancel()

        async def run() -> None:
            # The failure is carried out by hand: a task group would wrap it in an ExceptionGroup.
            try:
                result.append(await work())
            except Exception as error:  # noqa: BLE001 - raised again below
                failure.append(error)
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        tasks.start_soon(run)
    if failure:
        raise failure[0]
    if not result:
        raise ClientDisconnect
    return result[0]
