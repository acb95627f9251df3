"""Where the columns of a Parquet file lie and how large their pages say they are, before anything is unpacked.

A page is unpacked as a whole, and its size is not in the footer but in its own header. The footer is read here and
not by pyarrow, whose Python objects for it end the whole process when the statistics in it are damaged (26.0).
Source: parquet.thrift of apache/parquet-format.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from tunesmith.data.tables.thrift import BadThrift, Struct, read_struct

MAX_FOOTER_BYTES = 4 * 2**20
_BYTE_ARRAY = 6
_DICTIONARY_PAGE = 2
_HEADER_BYTES = (2**10, 2**16, 2**20)


class BadLayout(Exception):
    """What lies where a footer or a page should be is none."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One column of one row group; `path` names it in nested columns, joined by dots."""

    path: str
    holds_texts: bool
    start: int
    n_bytes: int
    n_values: int


@dataclass(frozen=True, slots=True)
class Group:
    """One row group."""

    n_rows: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one column; `n_values` counts nulls too, and is the number of texts in a dictionary."""

    is_dictionary: bool
    unpacked_bytes: int
    n_values: int


def read_groups(stream: BinaryIO) -> tuple[Group, ...]:
    """The row groups that the footer lists; raises BadLayout."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    (n_bytes,) = struct.unpack("<I", stream.read(4))
    if n_bytes > min(MAX_FOOTER_BYTES, size - 8):
        raise BadLayout(f"its footer is said to have {n_bytes} bytes")
    stream.seek(size - 8 - n_bytes)
    try:
        footer, _ = read_struct(stream.read(n_bytes))
        return tuple(_group(fields) for fields in footer.get(4, ()))
    except (BadThrift, IndexError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise BadLayout("its footer") from error


def _group(fields: Struct) -> Group:
    chunks = tuple(_chunk(column.get(3, {})) for column in fields.get(1, ()))
    return Group(_number(fields, 3), chunks)


def _chunk(fields: Struct) -> Chunk:
    starts = [_number(fields, number) for number in (9, 11) if fields.get(number)]
    return Chunk(
        path=b".".join(fields.get(3, ())).decode(),
        holds_texts=fields.get(1) == _BYTE_ARRAY,
        start=min(starts, default=0),
        n_bytes=_number(fields, 7),
        n_values=_number(fields, 5),
    )


def _number(fields: Struct, number: int) -> int:
    value: Any = fields.get(number, 0)
    if not isinstance(value, int) or value < 0:
        raise BadThrift
    return value


def pages(stream: BinaryIO, chunk: Chunk) -> Iterator[Page]:
    """The pages of a column chunk; raises BadLayout."""
    at, end = chunk.start, chunk.start + chunk.n_bytes
    while at < end:
        n_header_bytes, fields = _header_at(stream, at)
        try:
            counts = [_number(fields[kind], 1) for kind in (5, 7, 8) if kind in fields]
            unpacked, packed = _number(fields, 2), _number(fields, 3)
        except (BadThrift, AttributeError) as error:
            raise BadLayout(f'column "{chunk.path}"') from error
        yield Page(fields.get(1) == _DICTIONARY_PAGE, unpacked, max(counts, default=0))
        at += n_header_bytes + packed


def _header_at(stream: BinaryIO, at: int) -> tuple[int, Struct]:
    for n_bytes in _HEADER_BYTES:
        stream.seek(at)
        try:
            fields, n_read = read_struct(stream.read(n_bytes))
        except IndexError:  # statistics with long texts
            continue
        except BadThrift as error:
            raise BadLayout(f"the page at byte {at}") from error
        return n_read, fields
    raise BadLayout(f"the page at byte {at}")
