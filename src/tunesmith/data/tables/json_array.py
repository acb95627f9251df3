"""A file that is one JSON array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tunesmith.data.tables.encodings import Encoding
from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.json_values import JsonValues
from tunesmith.data.tables.jsonl import plain_text
from tunesmith.data.tables.problems import refused_row
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding


def rows(text: Text) -> Iterator[Row | Finding]:
    """Every element, parsed."""
    for line, value in JsonValues(text.chunks()).elements():
        yield value if isinstance(value, Finding) else parse_row(line, value)


def is_array(path: Path, encoding: Encoding) -> bool:
    """Whether the file is one JSON array: its first character is [."""
    for chunk in plain_text(path, encoding, name=path.name).chunks():
        if start := chunk.lstrip()[:1]:
            return start == b"["
    return False


def read_elements(path: Path, encoding: Encoding, *, name: str) -> Iterator[tuple[int, bytes]]:
    """(line number, UTF-8 text) of every element of a file that is one JSON array.

    Raises InvalidFile at an element over MAX_ROW_BYTES, at an array that never closes and at text after it.
    """
    for line, value in JsonValues(plain_text(path, encoding, name=name).chunks()).elements():
        if isinstance(value, Finding):
            raise refused_row(name, value)
        yield line, value
