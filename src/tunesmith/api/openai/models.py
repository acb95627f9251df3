"""/v1/models: base models, fine-tuned ones and their checkpoints."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from tunesmith.api.auth import CallerDep
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.control.registry import ModelRecord

router = APIRouter(prefix="/v1/models", route_class=Route, tags=["Models"])


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


class ModelDeleted(BaseModel):
    id: str
    object: Literal["model"] = "model"
    deleted: bool = True


def model_object(record: ModelRecord) -> Model:
    return Model(id=record.name, created=record.created, owned_by=record.owned_by)


@router.get("")
def list_models(caller: CallerDep, services: ServicesDep) -> ModelList:
    return ModelList(data=[model_object(record) for record in services.registry.list(caller)])


@router.get("/{model:path}")
def retrieve_model(model: str, caller: CallerDep, services: ServicesDep) -> Model:
    return model_object(services.registry.get(caller, model))


@router.delete("/{model:path}")
def delete_model(model: str, caller: CallerDep, services: ServicesDep) -> ModelDeleted:
    services.registry.delete(caller, model)
    return ModelDeleted(id=model)
