"""How large the pages of a Parquet file say they are, read from their headers before anything is unpacked.

A page is unpacked as a whole, and its header is not in the file's metadata, so this walks from one to the next.
Source: the Thrift compact protocol and parquet.thrift's PageHeader (apache/parquet-format).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 0, 1, 2, 3, 7, 8, 12
_READ_BYTES = (2**10, 2**16, 2**20)
_MOST_DEPTH = 8


class BadPageHeader(Exception):
    """What lies where a page should be is none."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one column; `n_values` counts nulls too, and is the number of texts in a dictionary."""

    is_dictionary: bool
    unpacked_bytes: int
    n_values: int


def pages(stream: BinaryIO, start: int, n_bytes: int) -> Iterator[Page]:
    """The pages of the column chunk at `start`; raises BadPageHeader."""
    at, end = start, start + n_bytes
    while at < end:
        header_bytes, fields = _header_at(stream, at)
        kind, unpacked, packed = (fields.get((number,), -1) for number in (1, 2, 3))
        if min(kind, unpacked, packed) < 0:
            raise BadPageHeader
        counts = [fields[key] for key in ((5, 1), (7, 1), (8, 1)) if key in fields]
        yield Page(kind == 2, unpacked, max(counts, default=0))
        at += header_bytes + packed


def _header_at(stream: BinaryIO, at: int) -> tuple[int, dict[tuple[int, ...], int]]:
    for n_bytes in _READ_BYTES:
        stream.seek(at)
        header = _Header(stream.read(n_bytes))
        try:
            header.read_struct((), 0)
        except IndexError:  # statistics with long texts
            continue
        return header.at, header.numbers
    raise BadPageHeader


class _Header:
    """A Thrift struct; `numbers` are its integers by the ids of the fields they are in."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self.numbers: dict[tuple[int, ...], int] = {}

    def read_struct(self, path: tuple[int, ...], depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise BadPageHeader
        number = 0
        while (head := self._byte()) & 15 != _STOP:
            number = number + (head >> 4) if head >> 4 else self._signed()
            self._read_value(head & 15, (*path, number), depth)

    def _read_value(self, kind: int, path: tuple[int, ...], depth: int) -> None:
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self._byte()
        elif kind < _DOUBLE:
            self.numbers[path] = self._signed()
        elif kind == _DOUBLE:
            self._pass(8)
        elif kind == _BINARY:
            self._pass(self._unsigned())
        elif kind == _STRUCT:
            self.read_struct(path, depth + 1)
        else:  # lists and maps are in no page header
            raise BadPageHeader

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _pass(self, n_bytes: int) -> None:
        self.at += n_bytes
        if self.at > len(self._data):
            raise IndexError

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise BadPageHeader

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
