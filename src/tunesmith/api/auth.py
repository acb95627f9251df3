"""Who is calling. Every route needs a key unless its function is in `PUBLIC`; nothing is decided on a URL."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from tunesmith.api.services import services_of
from tunesmith.control.accounts import Caller
from tunesmith.errors import PermissionDenied

PUBLIC: set[Callable[..., Any]] = set()


def public(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Let a route be called without a key."""
    PUBLIC.add(endpoint)
    return endpoint


def _basic_password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def presented_key(request: Request) -> str:
    """The secret of `Authorization: Bearer …` or of Basic's password field; "" when there is none."""
    scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        return _basic_password(value.strip())
    return ""


async def authenticate(request: Request) -> Caller | None:
    """Find the caller once per request; raises AuthenticationFailed. None only on a public route."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    if request.scope.get("endpoint") in PUBLIC:
        return None
    caller = await run_in_threadpool(services_of(request).accounts.authenticate, presented_key(request))
    request.state.caller = caller
    return caller


async def the_caller(caller: Annotated[Caller | None, Depends(authenticate)]) -> Caller:
    return cast(Caller, caller)  # a public route does not ask who is calling


async def the_admin(caller: Annotated[Caller, Depends(the_caller)]) -> Caller:
    if not caller.is_admin:
        raise PermissionDenied("This needs an admin key. The first key of a service is one; see `tunesmith keys`.")
    return caller


CallerDep = Annotated[Caller, Depends(the_caller)]
AdminDep = Annotated[Caller, Depends(the_admin)]
