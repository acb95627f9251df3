"""/v1/files"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

import anyio
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel

from tunesmith.api.auth import CallerDep
from tunesmith.api.multipart import read_form
from tunesmith.api.pagination import After, ends_of, limit_up_to
from tunesmith.api.route import Route
from tunesmith.api.services import Services, ServicesDep
from tunesmith.control.accounts import Caller
from tunesmith.control.files import EXPIRY_S, RESULTS_PURPOSE, UPLOAD_PURPOSES, FileRecord
from tunesmith.errors import InvalidRequest, TooLarge, TunesmithError

router = APIRouter(prefix="/v1/files", route_class=Route, tags=["Files"])

FORM_OVERHEAD_BYTES = 1024 * 1024
LONGEST_DRAIN_S = 30
UPLOAD_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "purpose"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "purpose": {
                            "type": "string",
                            "enum": list(UPLOAD_PURPOSES),
                        },
                        "expires_after[anchor]": {"type": "string", "enum": ["created_at"]},
                        "expires_after[seconds]": EXPIRY_S.to_schema(),
                    },
                }
            }
        },
    }
}


class File(BaseModel):
    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    filename: str
    purpose: str
    status: str
    expires_at: int | None = None
    status_details: str | None = None


class FileList(BaseModel):
    object: Literal["list"] = "list"
    data: list[File]
    first_id: str | None
    last_id: str | None
    has_more: bool


class FileDeleted(BaseModel):
    id: str
    object: Literal["file"] = "file"
    deleted: bool = True


def file_object(record: FileRecord) -> File:
    return File(
        id=record.id,
        bytes=record.bytes,
        created_at=record.created_at,
        filename=record.filename,
        purpose=record.purpose,
        status=record.status,
        expires_at=record.expires_at,
        status_details=record.status_details,
    )


@router.post("", openapi_extra=UPLOAD_SCHEMA)
async def create_file(request: Request, caller: CallerDep, services: ServicesDep) -> File:
    body = request.stream()
    try:
        return await _receive(request, body, caller, services)
    except TunesmithError:
        await _drain(body)
        raise


async def _receive(request: Request, body: AsyncIterator[bytes], caller: Caller, services: Services) -> File:
    """Stream the form's file into a temporary blob and make it a file; whatever goes wrong, no bytes stay."""
    limit = services.settings.max_file_bytes
    if int(request.headers.get("content-length", "0")) > limit + FORM_OVERHEAD_BYTES:
        raise TooLarge(f"The file is over the limit of {limit} bytes ({limit // 2**20} MB).", param="file")
    upload = await run_in_threadpool(services.files.begin_upload)
    try:
        form = await read_form(request, body, file_field="file", sink=upload.write)
        for name, value in (("file", form.filename), ("purpose", form.fields.get("purpose"))):
            if value is None:
                raise InvalidRequest(
                    f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
                )
        services.files.check_purpose(form.fields["purpose"])
        expires_after_s = _expires_after_s(form.fields)
        blob = await run_in_threadpool(upload.commit)
        record = await run_in_threadpool(
            services.files.create,
            caller,
            blob=blob,
            filename=form.filename or "upload",
            purpose=form.fields["purpose"],
            expires_after_s=expires_after_s,
        )
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(upload.abort)
    return file_object(record)


def _expires_after_s(fields: dict[str, str]) -> int | None:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise InvalidRequest(
            f"Invalid value: '{anchor or ''}'. Supported values are: 'created_at'.",
            param="expires_after.anchor",
            code="invalid_value",
        )
    if seconds is None or not seconds.lstrip("-").isascii() or not seconds.lstrip("-").isdigit() or len(seconds) > 18:
        raise InvalidRequest(
            f"Invalid type for 'expires_after.seconds': expected an integer, but got '{(seconds or '')[:40]}' instead.",
            param="expires_after.seconds",
            code="invalid_type",
        )
    return int(seconds)


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Read on after a refusal: a client that is still sending would otherwise see a reset instead of the answer."""
    with anyio.move_on_after(LONGEST_DRAIN_S):
        async for _ in body:
            continue


@router.get("")
def list_files(
    caller: CallerDep,
    services: ServicesDep,
    purpose: Annotated[str | None, Query()] = None,
    after: After = None,
    limit: Annotated[int, limit_up_to(10_000)] = 10_000,
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
) -> FileList:
    page = services.files.list(caller, purpose=purpose, after=after, limit=limit, order=order)
    first_id, last_id = ends_of([record.id for record in page.data])
    return FileList(
        data=[file_object(record) for record in page.data], first_id=first_id, last_id=last_id, has_more=page.has_more
    )


# Ids take slashes here because some clients look a file up by a path on their own disk; it is only ever a key.
@router.get("/{file_id:path}/content", response_class=FileResponse)
def file_content(file_id: str, caller: CallerDep, services: ServicesDep) -> Response:
    record = services.files.get(caller, file_id)
    path = services.files.path(caller, file_id)
    if record.purpose == RESULTS_PURPOSE and services.settings.result_files_base64:
        return Response(base64.b64encode(Path(path).read_bytes()), media_type="application/octet-stream")
    return FileResponse(path, media_type="application/octet-stream", filename=record.filename)


@router.get("/{file_id:path}")
def retrieve_file(file_id: str, caller: CallerDep, services: ServicesDep) -> File:
    return file_object(services.files.get(caller, file_id))


@router.delete("/{file_id:path}")
def delete_file(file_id: str, caller: CallerDep, services: ServicesDep) -> FileDeleted:
    services.files.delete(caller, file_id)
    return FileDeleted(id=file_id)
