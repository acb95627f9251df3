"""JSON lines: one value on every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from tunesmith.data.tables.encodings import Encoding, reading_as
from tunesmith.data.tables.json_text import parse_value
from tunesmith.data.tables.problems import refused_row
from tunesmith.data.tables.row import MAX_DEPTH, MAX_ROW_BYTES, Row, too_large
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding

_ROWS_BLOCK_BYTES = 2**20
_SHORT_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a JSONL file; `data` is UTF-8 (but for lines that are no text), its first line `first_line`.

    A line too long to be held is not in `data` but alone in a block of its own, as `unreadable`. `offset` is where the
    bytes of `data` lie in the file, None where the file holds other bytes (packed, or in another encoding).
    """

    first_line: int
    data: bytes
    unreadable: Finding | None = None
    offset: int | None = None

    def rows(self) -> Iterator[Row | Finding]:
        """Every line that is not blank, parsed."""
        if self.unreadable:
            yield self.unreadable
            return
        may_hold_nul = b"\\u0000" in self.data
        loads = orjson.loads
        is_one_line = self.data.find(b"\n") in (-1, len(self.data) - 1)
        lines = (self.data,) if is_one_line else self.data.split(b"\n")
        for line, text in enumerate(lines, self.first_line):
            # nearly every line is short, flat and whole; `parse_value` says the same of it, and why of the others
            if may_hold_nul or len(text) > _SHORT_BYTES or text.count(b"{") + text.count(b"[") > MAX_DEPTH:
                if text and not text.isspace():
                    yield parse_value(line, text, may_hold_nul=may_hold_nul)
                continue
            try:
                yield Row(line, loads(text))
            except orjson.JSONDecodeError:
                if text and not text.isspace():
                    yield parse_value(line, text, may_hold_nul=False)


def blocks(text: Text, size_bytes: int = _ROWS_BLOCK_BYTES) -> Iterator[Block]:
    """The file in pieces of about `size_bytes`, cut at line ends."""
    offset = text.reading.skip if text.is_as_it_lies else None
    for line, data in text.blocks(size_bytes):
        if isinstance(data, Finding):
            yield Block(line, b"", data)
            offset = None  # how long that line is nobody has counted
            continue
        yield Block(line, data, offset=offset)
        offset = None if offset is None else offset + len(data)


def rows(text: Text) -> Iterator[Row | Finding]:
    """Every line that is not blank, parsed."""
    for block in blocks(text):
        yield from block.rows()


def read_lines(path: Path, encoding: Encoding, *, name: str) -> Iterator[tuple[int, bytes]]:
    """(line number, UTF-8 text) of every line that is not blank; raises InvalidFile at a line over MAX_ROW_BYTES."""
    for line, text in plain_text(path, encoding, name=name).lines():
        if isinstance(text, Finding):
            raise refused_row(name, text)
        if len(text) > MAX_ROW_BYTES:
            raise refused_row(name, too_large(line))
        if text := text.strip():
            yield line, text


def plain_text(path: Path, encoding: Encoding, *, name: str) -> Text:
    """The text of a file that is not packed, in an encoding that is already known."""
    with path.open("rb") as stream:
        reading = replace(reading_as(encoding, stream.read(2**12)), fallback="")
    return Text(path, name, False, reading)
