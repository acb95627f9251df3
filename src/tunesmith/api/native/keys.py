"""/tunesmith/v1/keys: make, list and revoke keys; for the service's owner only."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from tunesmith.api.auth import AdminDep
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.control.accounts import KeyRecord

router = APIRouter(prefix="/tunesmith/v1/keys", route_class=Route, tags=["Keys"])


class CreateKey(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=100)]


class Key(BaseModel):
    object: Literal["key"] = "key"
    id: str
    name: str
    project_id: str
    is_admin: bool
    hint: str
    created_at: int
    revoked_at: int | None


class NewKey(Key):
    """The only answer that ever shows the secret."""

    secret: str


class KeyList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Key]


def _fields(record: KeyRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in Key.model_fields if name != "object"}


@router.post("")
def create_key(body: CreateKey, _: AdminDep, services: ServicesDep) -> NewKey:
    record, secret = services.accounts.create_key(body.name)
    return NewKey.model_validate({**_fields(record), "secret": secret})


@router.get("")
def list_keys(_: AdminDep, services: ServicesDep) -> KeyList:
    return KeyList(data=[Key.model_validate(_fields(record)) for record in services.accounts.list_keys()])


@router.delete("/{key_id}")
def revoke_key(key_id: str, _: AdminDep, services: ServicesDep) -> Key:
    return Key.model_validate(_fields(services.accounts.revoke_key(key_id)))
