"""What every answer carries and every path goes through: request id, timing, CORS, `//`, one envelope for bugs."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunesmith.api.errors import unexpected

OPENAI_VERSION = "2020-10-01"
EXPOSED_HEADERS = "x-request-id, openai-version, openai-organization, openai-processing-ms, retry-after"

log = structlog.get_logger(__name__)


def tidy_path(path: str) -> str:
    """`//v1///files/` -> `/v1/files`; clients join base URLs carelessly."""
    collapsed = re.sub("/{2,}", "/", path)
    return collapsed.rstrip("/") or "/"


def preflight(headers: Headers) -> Response:
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
            "access-control-allow-headers": headers.get("access-control-request-headers", "*"),
            "access-control-max-age": "86400",
        },
    )


class Envelope:
    """Outermost: names the request, stamps the answer, and turns a bug into OpenAI's 500 without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = f"req_{uuid.uuid4().hex}"
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        scope["path"] = tidy_path(scope["path"])
        started_at = time.perf_counter()
        has_started = False

        async def send_stamped(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers["openai-version"] = OPENAI_VERSION
                headers["openai-processing-ms"] = str(round((time.perf_counter() - started_at) * 1000))
                if caller := state.get("caller"):
                    headers["openai-organization"] = caller.organization_id
                headers["access-control-allow-origin"] = "*"
                headers["access-control-expose-headers"] = EXPOSED_HEADERS
            await send(message)

        request_headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in request_headers:
            await preflight(request_headers)(scope, receive, send_stamped)
            return
        try:
            await self.app(scope, receive, send_stamped)
        except Exception:
            log.exception("request failed", request_id=request_id, method=scope["method"], path=scope["path"])
            if has_started:
                raise
            await unexpected()(scope, receive, send_stamped)
