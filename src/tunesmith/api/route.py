"""The one kind of route: the key is checked before a byte of the body is read, and the body is strict, bounded JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from tunesmith.api.auth import authenticate
from tunesmith.errors import InvalidRequest, TooLarge

MAX_JSON_BYTES = 32 * 1024 * 1024
BAD_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. This API expects a JSON payload, but what was sent was not valid JSON: {reason}.)"
)


class UnsupportedContentType(InvalidRequest):
    """The body is not in a format that this route reads."""


class StrictJsonRequest(Request):
    """A request whose JSON has no NaN, no lone surrogates, no absurd depth and no more than MAX_JSON_BYTES."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > MAX_JSON_BYTES:
                    raise TooLarge(f"The body is over {MAX_JSON_BYTES} bytes, the most this route reads.")
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


async def _check_json(request: StrictJsonRequest) -> None:
    if not await request.body():
        raise InvalidRequest(BAD_JSON.format(reason="it was empty"))
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise UnsupportedContentType(
            f"Unsupported content type: '{content_type}'. This API method only accepts 'application/json' requests, "
            f"but you specified the header 'Content-Type: {content_type}'. Please try again with a supported content "
            "type.",
            code="unsupported_content_type",
        )
    try:
        await request.json()
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(BAD_JSON.format(reason=error)) from error


class Route(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            await authenticate(request)
            strict = StrictJsonRequest(request.scope, request.receive)
            if self.body_field is not None:
                await _check_json(strict)
            return await answer(strict)

        return handler
