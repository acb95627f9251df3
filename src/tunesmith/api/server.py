"""The HTTP application: every dialect, one default-deny door."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from tunesmith import __version__
from tunesmith.api import errors
from tunesmith.api.auth import authenticate
from tunesmith.api.middleware import Envelope
from tunesmith.api.native import augmentations, data, diagnosis, health, keys
from tunesmith.api.openai import chat_completions, completions, files, fine_tuning_jobs, models
from tunesmith.api.route import Route
from tunesmith.api.services import Services

ROUTERS = (
    files.router,
    fine_tuning_jobs.router,
    models.router,
    chat_completions.router,
    completions.router,
    data.router,
    augmentations.router,
    diagnosis.router,
    keys.router,
    health.router,
)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without the 422 that FastAPI writes everywhere and this API never answers."""
    schema = app.openapi()
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
    return schema


def create_app(services: Services) -> FastAPI:
    app = FastAPI(
        title="Tunesmith",
        version=__version__,
        # The first only tells the OpenAPI document how a key is sent; the second asks for it.
        dependencies=[Depends(HTTPBearer(auto_error=False)), Depends(authenticate)],
        responses={
            "4XX": {"model": errors.ErrorEnvelope, "description": "The request cannot be carried out as asked."},
            "5XX": {"model": errors.ErrorEnvelope, "description": "The service cannot answer now."},
        },
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
        return document(app)

    app.router.add_api_route("/openapi.json", openapi, include_in_schema=False, route_class_override=Route)
    return app
