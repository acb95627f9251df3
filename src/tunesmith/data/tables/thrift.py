"""Thrift's compact protocol, as far as Parquet uses it: a struct becomes {field id: value}.

Source: doc/specs/thrift-compact-protocol.md of apache/thrift.
"""

from __future__ import annotations

from typing import Any

Struct = dict[int, Any]
"""Values are bool, int, bytes, list, or a struct again; doubles are eight bytes."""

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_MOST_DEPTH = 16


class BadThrift(Exception):
    """Bytes that are no struct."""


def read_struct(data: bytes) -> tuple[Struct, int]:
    """(the struct that `data` starts with, its length). Raises BadThrift, and IndexError where data ends too early."""
    reader = _Reader(data)
    return reader.struct(0), reader.at


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int) -> Struct:
        if depth > _MOST_DEPTH:
            raise BadThrift
        fields: Struct = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):  # in a list, booleans take a byte each
            return self._byte()
        if kind < _DOUBLE:
            return self._signed()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise BadThrift  # Parquet has no maps

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        n_values = self._unsigned() if head >> 4 == 15 else head >> 4
        if n_values > len(self._data) - self.at or depth > _MOST_DEPTH:
            raise IndexError
        return [self._value(head & 15, depth + 1) for _ in range(n_values)]

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _bytes(self, n_bytes: int) -> bytes:
        start = self.at
        self.at += n_bytes
        if self.at > len(self._data):
            raise IndexError
        return self._data[start : self.at]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise BadThrift

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
