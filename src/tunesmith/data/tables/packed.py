"""The bytes of a file, plain or out of gzip, in chunks or as a file that can be searched."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tunesmith.data.tables.problems import refused

CHUNK_BYTES = 2**20
GZIP_MAGIC = b"\x1f\x8b"

# Rows of text shrink 3 to 30 times; a thousand times is a file made to fill a disk. Small files may do as they like.
MAX_RATIO = 250
_SMALL_BYTES = 64 * 2**20


def is_gzip(path: Path) -> bool:
    """Whether the file starts as a gzip file does."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def read_chunks(
    path: Path, *, name: str, is_compressed: bool = False, start: int = 0, chunk_bytes: int | None = None
) -> Iterator[bytes]:
    """The (unpacked) bytes from offset `start`; InvalidFile for a gzip file cut off, damaged or a bomb."""
    size = chunk_bytes or CHUNK_BYTES
    if is_compressed:
        yield from _unpacked(path, name, start, size)
        return
    with path.open("rb") as stream:
        stream.seek(start)
        while chunk := stream.read(size):
            yield chunk


def _unpacked(path: Path, name: str, start: int, chunk_bytes: int) -> Iterator[bytes]:
    allowed = max(_SMALL_BYTES, MAX_RATIO * path.stat().st_size)
    n_read = 0
    with gzip.open(path) as stream:
        while chunk := _next_chunk(stream, name, chunk_bytes):
            n_read += len(chunk)
            if n_read > allowed:
                raise _bomb(name)
            if n_read > start:
                yield chunk[max(0, len(chunk) - (n_read - start)) :]


def _next_chunk(stream: gzip.GzipFile, name: str, chunk_bytes: int) -> bytes:
    try:
        return stream.read(chunk_bytes)
    except EOFError as error:
        en = "the gzip file is cut off; download or pack it again"
        raise refused(name, "gzip_cut_off", en, "gzip 文件不完整（被截断）；请重新下载或重新压缩") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        en = f"the gzip file is damaged ({error}); download or pack it again"
        raise refused(name, "gzip_damaged", en, "gzip 文件已损坏；请重新下载或重新压缩") from error


def _bomb(name: str) -> Exception:
    return refused(
        name,
        "gzip_bomb",
        f"the gzip file unpacks to more than {MAX_RATIO} times its size, which rows of text never do; "
        "unpack it yourself if you trust it",
        f"gzip 文件解压后超过原大小的 {MAX_RATIO} 倍，正常的文本不会这样；如果确认可信，请自行解压后再用",
    )


@contextmanager
def seekable(path: Path, *, name: str, is_compressed: bool) -> Iterator[BinaryIO]:
    """The file open for reading anywhere; a packed one is unpacked to a temporary file first."""
    if not is_compressed:
        with path.open("rb") as plain:
            yield plain
        return
    with tempfile.TemporaryFile() as unpacked:
        for chunk in read_chunks(path, name=name, is_compressed=True):
            unpacked.write(chunk)
        unpacked.seek(0)
        yield unpacked
