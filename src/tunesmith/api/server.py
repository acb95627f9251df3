"""The HTTP application: every dialect, one default-deny door."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI

from tunesmith import __version__
from tunesmith.api import errors
from tunesmith.api.auth import authenticate
from tunesmith.api.middleware import Envelope
from tunesmith.api.native import health, keys
from tunesmith.api.openai import chat_completions, completions, files, fine_tuning_jobs, models
from tunesmith.api.route import Route
from tunesmith.api.services import Services

ROUTERS = (
    files.router,
    fine_tuning_jobs.router,
    models.router,
    chat_completions.router,
    completions.router,
    keys.router,
    health.router,
)


def create_app(services: Services) -> FastAPI:
    app = FastAPI(
        title="Tunesmith",
        version=__version__,
        dependencies=[Depends(authenticate)],
        # FastAPI's own pages carry no dependencies, so they would be open; the document is served by the route below.
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.add_middleware(Envelope)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)

    async def openapi() -> dict[str, Any]:
        return app.openapi()

    app.router.add_api_route("/openapi.json", openapi, include_in_schema=False, route_class_override=Route)
    return app
