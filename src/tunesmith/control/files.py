"""Uploaded files and files the service made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from tunesmith import errors
from tunesmith.control.accounts import Caller
from tunesmith.control.pages import Order, Page
from tunesmith.control.ranges import Range
from tunesmith.ids import Clock, NewId

UPLOAD_PURPOSES = ("fine-tune", "assistants", "batch", "vision", "user_data", "evals")
RESULTS_PURPOSE = "fine-tune-results"
EXPIRY_S = Range(3600, 2_592_000)
LONGEST_FILENAME = 255


@dataclass(frozen=True, slots=True)
class FileRecord:
    id: str
    project_id: str
    filename: str
    purpose: str
    bytes: int
    sha256: str
    created_at: int
    status: str = "processed"
    expires_at: int | None = None
    status_details: str | None = None


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """Bytes that are whole on disk at `path`, still temporary until a file record takes them."""

    sha256: str
    size_bytes: int
    path: Path


class Upload(Protocol):
    """A temporary blob. `write` raises TooLarge over the limit and StorageFull when the disk is full."""

    def write(self, chunk: bytes) -> None: ...
    def commit(self) -> BlobInfo: ...
    def abort(self) -> None:
        """Forget the bytes, unless a file record has taken them. May be called at any time, also twice."""


class BlobStore(Protocol):
    def begin(self, *, limit_bytes: int) -> Upload: ...
    def path(self, sha256: str) -> Path: ...


class FileStore(Protocol):
    def insert(self, record: FileRecord, blob: BlobInfo) -> None: ...
    def get(self, project_id: str, file_id: str, now: int) -> FileRecord | None: ...
    def page(
        self, project_id: str, *, purpose: str | None, after: str | None, limit: int, order: Order, now: int
    ) -> Page[FileRecord]: ...
    def delete(self, project_id: str, file_id: str, now: int) -> bool: ...


class Files:
    def __init__(
        self,
        store: FileStore,
        blobs: BlobStore,
        *,
        check_fine_tune_upload: Callable[[Path], object],
        max_file_bytes: int,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._check_fine_tune_upload = check_fine_tune_upload
        self._max_file_bytes = max_file_bytes
        self._clock = clock
        self._new_id = new_id

    def begin_upload(self) -> Upload:
        return self._blobs.begin(limit_bytes=self._max_file_bytes)

    def create(
        self, caller: Caller, *, blob: BlobInfo, filename: str, purpose: str, expires_after_s: int | None = None
    ) -> FileRecord:
        """Take committed bytes as a file; on any error nothing is kept once the upload is aborted.

        Raises InvalidFile when the purpose is fine-tune and the bytes are not JSON lines.
        """
        self.check_purpose(purpose)
        if blob.size_bytes == 0:
            raise errors.InvalidFile("The file is empty: 0 bytes were received.", param="file", code="invalid_file")
        if purpose == "fine-tune":
            self._check_fine_tune_upload(blob.path)
        created_at = int(self._clock())
        record = FileRecord(
            id=self._new_id("file"),
            project_id=caller.project_id,
            filename=base_name(filename),
            purpose=purpose,
            bytes=blob.size_bytes,
            sha256=blob.sha256,
            created_at=created_at,
        )
        if expires_after_s is not None:
            record = replace(
                record, expires_at=created_at + int(EXPIRY_S.check(expires_after_s, param="expires_after.seconds"))
            )
        self._store.insert(record, blob)
        return record

    def check_purpose(self, purpose: str) -> None:
        """Raises InvalidRequest for a purpose that cannot be uploaded; lets a door refuse before it reads the bytes."""
        if purpose not in UPLOAD_PURPOSES:
            raise errors.InvalidRequest(
                f"'{purpose}' is not one of {list(UPLOAD_PURPOSES)} - 'purpose'", param="purpose", code="invalid_value"
            )

    def get(self, caller: Caller, file_id: str) -> FileRecord:
        record = self._store.get(caller.project_id, file_id, int(self._clock()))
        if record is None:
            raise no_such_file(file_id)
        return record

    def list(
        self,
        caller: Caller,
        *,
        purpose: str | None = None,
        after: str | None = None,
        limit: int = 10_000,
        order: Order = "desc",
    ) -> Page[FileRecord]:
        now = int(self._clock())
        return self._store.page(caller.project_id, purpose=purpose, after=after, limit=limit, order=order, now=now)

    def delete(self, caller: Caller, file_id: str) -> None:
        """Forget the file. Its bytes stay while another file or an unfinished job needs them."""
        if not self._store.delete(caller.project_id, file_id, int(self._clock())):
            raise no_such_file(file_id)

    def path(self, caller: Caller, file_id: str) -> Path:
        """Where the bytes of this file lie, read-only."""
        return self._blobs.path(self.get(caller, file_id).sha256)


def no_such_file(file_id: str) -> errors.NotFound:
    return errors.NotFound(f"No such File object: {file_id}", param="id")


def base_name(filename: str) -> str:
    """The last part of a name a client sent; some clients send the whole path they were given."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if char.isprintable()).strip()
    return name[-LONGEST_FILENAME:] or "upload"
