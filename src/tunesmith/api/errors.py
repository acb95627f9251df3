"""Every failure as OpenAI's envelope. The exceptions carry facts; the numbers and types live here."""

from __future__ import annotations

import math
from typing import cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tunesmith import errors
from tunesmith.api.route import UnsupportedContentType
from tunesmith.api.validation import as_invalid_request

# Looked up along the class hierarchy, so a subclass may stand beside its parent. Conflict is 400, not 409: the official
# clients retry a 409, and asking again does not help.
STATUS: dict[type[errors.TunesmithError], int] = {
    errors.AuthenticationFailed: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.TooLarge: 413,
    UnsupportedContentType: 415,
    errors.InvalidRequest: 400,
    errors.Conflict: 400,
    errors.RateLimited: 429,
    errors.EngineUnavailable: 503,
    errors.StorageFull: 507,
    errors.TunesmithError: 500,
}
UNEXPECTED = (
    "The server had an error while processing your request. Its log says more under this request's x-request-id."
)


class ErrorObject(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorEnvelope(BaseModel):
    """What every failure answers; only the OpenAPI document needs it as a model."""

    error: ErrorObject


def status_of(error: errors.TunesmithError) -> int:
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def error_type(status: int) -> str:
    if status == 429:
        return "requests"
    return "invalid_request_error" if status < 500 else "server_error"


def envelope(message: str, *, status: int, param: str | None = None, code: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": error_type(status), "param": param, "code": code}}


def error_body(error: errors.TunesmithError) -> dict[str, object]:
    """The envelope alone, for an error after the first byte of a stream."""
    return envelope(error.message, status=status_of(error), param=error.param, code=error.code)


def _answer(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type="application/json")


def _headers(error: errors.TunesmithError, status: int) -> dict[str, str]:
    if status == 401:
        return {"www-authenticate": 'Bearer realm="OpenAI API"'}
    if isinstance(error, errors.RateLimited):
        return {
            "retry-after": str(math.ceil(error.retry_after_s)),
            "retry-after-ms": str(math.ceil(error.retry_after_s * 1000)),
        }
    if status >= 500 and not isinstance(error, errors.EngineUnavailable):
        return {"x-should-retry": "false"}
    return {}


def answer_error(error: errors.TunesmithError) -> Response:
    status = status_of(error)
    return _answer(status, error_body(error), _headers(error, status))


def unexpected() -> Response:
    return _answer(500, envelope(UNEXPECTED, status=500), {"x-should-retry": "false"})


async def _on_tunesmith_error(_: Request, error: Exception) -> Response:
    return answer_error(cast(errors.TunesmithError, error))


async def _on_validation_error(_: Request, error: Exception) -> Response:
    return answer_error(as_invalid_request(cast(RequestValidationError, error).errors()))


async def _on_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path, a wrong method."""
    refused = cast(HTTPException, error)
    status, code, path = refused.status_code, None, request.scope["path"]
    message = str(refused.detail)
    if status == 404:
        message = f"Invalid URL ({request.method} {path})"
    elif status == 405:
        code = "method_not_supported"
        message = (
            f"Not allowed to {request.method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
        )
    return _answer(status, envelope(message, status=status, code=code), dict(refused.headers or {}))


async def _on_disconnect(_: Request, __: Exception) -> Response:
    """Nobody is listening any more; the status is for the log."""
    return Response(status_code=499)


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.TunesmithError, _on_tunesmith_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
