"""Bytes of files, each kept once under the sha256 of its content."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunesmith import errors
from tunesmith.control.files import BlobInfo
from tunesmith.store.disk import fsync_folder, make_folder, says_when_full


class Blobs:
    """`folder/ab/abcd...` holds whole blobs; `temporary` holds those still being written, on the same file system."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self._folder = folder
        self._temporary = temporary
        make_folder(folder)
        make_folder(temporary)

    def begin(self, *, limit_bytes: int) -> TemporaryBlob:
        return TemporaryBlob(self._temporary / f"upload-{secrets.token_hex(16)}", limit_bytes)

    def path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def keep(self, blob: BlobInfo) -> None:
        """Move a committed blob to its place for good; the caller holds the write lock of the database."""
        target = self.path(blob.sha256)
        with says_when_full("the file"):
            make_folder(target.parent)
            os.rename(blob.path, target)
            fsync_folder(target.parent)

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def all(self) -> Iterator[str]:
        """The sha256 of every blob that is kept."""
        for folder in self._folder.iterdir():
            yield from (path.name for path in folder.iterdir())


class TemporaryBlob:
    """Bytes on their way in; the sha256 is taken while they pass."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        with says_when_full("the file"):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # unbuffered: closing an aborted blob must not try to write what the disk had no room for
        self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        if self._size_bytes > self._limit_bytes:
            self.abort()
            raise errors.TooLarge(
                f"The file is larger than the limit of {self._limit_bytes} bytes. Split it into smaller files.",
                param="file",
                code="file_too_large",
            )
        self._sha256.update(chunk)
        rest = memoryview(chunk)
        with self._gone_when_full():
            while rest:
                rest = rest[self._file.write(rest) :]

    def commit(self) -> BlobInfo:
        with self._gone_when_full():
            os.fsync(self._file.fileno())
        self._file.close()
        return BlobInfo(self._sha256.hexdigest(), self._size_bytes, self._path)

    def abort(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    @contextmanager
    def _gone_when_full(self) -> Iterator[None]:
        try:
            with says_when_full("the file"):
                yield
        except errors.StorageFull:
            self.abort()
            raise
