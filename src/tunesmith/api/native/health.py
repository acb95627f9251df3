"""/healthz: the one route without a key, for load balancers and for a CLI that waits for a start."""

from __future__ import annotations

from fastapi import APIRouter

from tunesmith import __version__
from tunesmith.api.auth import public
from tunesmith.api.route import Route

router = APIRouter(route_class=Route, tags=["Service"])


@router.get("/healthz")
@public
async def healthz() -> dict[str, str]:
    return {"status": "ok", "version": __version__}
