"""/tunesmith/v1/augmentations: have a model make more rows like those of a file, and read the first before the rest.

An augmentation is durable: it goes on after a restart, a failing endpoint loses nothing, and it can be paused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, JsonValue

from tunesmith.api.auth import CallerDep
from tunesmith.api.native.body import Body
from tunesmith.api.pagination import After, ends_of, limit_up_to
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.control.augmentations import LOCAL, AugmentationRecord, AugmentationRequest

router = APIRouter(prefix="/tunesmith/v1/augmentations", route_class=Route, tags=["Augmentations"])


class CreateAugmentation(Body):
    file: str = Field(description="The id of the file with the seed rows, or of the document.")
    recipe: str
    n: Annotated[int, Field(ge=1, le=10_000)]
    model: str
    endpoint: str = Field(LOCAL, description="'local', or one that TUNESMITH_CHAT_ENDPOINTS names.")
    instructions: Annotated[str, Field(max_length=10_000)] | None = None
    review_first: Annotated[int, Field(ge=0, le=100)] = 20
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.8
    validation_file: str | None = Field(None, description="No row near one of this file is kept.")


class Correction(Body):
    """A made row that is bad, by its id in `rows`, and why."""

    row: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class ResumeAugmentation(Body):
    corrections: list[Correction] = Field([], max_length=100)


class AugmentationError(BaseModel):
    message: str
    code: str | None
    param: str | None


class Augmentation(BaseModel):
    """`rows` are those made so far, for review; `is_under_review` says that the others wait for a reader."""

    object: Literal["augmentation"] = "augmentation"
    id: str
    created_at: int
    started_at: int | None
    finished_at: int | None
    status: str
    file: str
    request: dict[str, JsonValue]
    progress: dict[str, JsonValue]
    rows: list[dict[str, JsonValue]]
    corrections: list[dict[str, JsonValue]]
    is_under_review: bool
    result_file: str | None
    error: AugmentationError | None


class AugmentationList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Augmentation]
    first_id: str | None
    last_id: str | None
    has_more: bool


def _object(record: AugmentationRecord) -> Augmentation:
    shared: dict[str, Any] = {
        name: getattr(record, name)
        for name in Augmentation.model_fields
        if name not in ("object", "file", "status", "error")
    }
    error = None if record.error is None else AugmentationError(**record.error)
    return Augmentation(**shared, file=record.file_id, status=record.status.value, error=error)


@router.post("")
def create_augmentation(body: CreateAugmentation, caller: CallerDep, services: ServicesDep) -> Augmentation:
    return _object(services.augmentations.create(caller, AugmentationRequest(**body.model_dump())))


@router.get("")
def list_augmentations(
    caller: CallerDep, services: ServicesDep, after: After = None, limit: Annotated[int, limit_up_to(100)] = 20
) -> AugmentationList:
    page = services.augmentations.list(caller, after=after, limit=limit)
    first_id, last_id = ends_of([record.id for record in page.data])
    return AugmentationList(
        data=[_object(record) for record in page.data], first_id=first_id, last_id=last_id, has_more=page.has_more
    )


@router.get("/{augmentation_id}")
def retrieve_augmentation(augmentation_id: str, caller: CallerDep, services: ServicesDep) -> Augmentation:
    return _object(services.augmentations.get(caller, augmentation_id))


@router.post("/{augmentation_id}/cancel")
def cancel_augmentation(augmentation_id: str, caller: CallerDep, services: ServicesDep) -> Augmentation:
    return _object(services.augmentations.cancel(caller, augmentation_id))


@router.post("/{augmentation_id}/pause")
def pause_augmentation(augmentation_id: str, caller: CallerDep, services: ServicesDep) -> Augmentation:
    return _object(services.augmentations.pause(caller, augmentation_id))


@router.post("/{augmentation_id}/resume")
def resume_augmentation(
    augmentation_id: str, body: ResumeAugmentation, caller: CallerDep, services: ServicesDep
) -> Augmentation:
    corrections = [correction.model_dump() for correction in body.corrections]
    return _object(services.augmentations.resume(caller, augmentation_id, corrections))
