"""A file that is one JSON array."""

from __future__ import annotations

from collections.abc import Iterator

from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.json_values import JsonValues
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding


def rows(text: Text) -> Iterator[Row | Finding]:
    """Every element, parsed."""
    for line, value in JsonValues(text.chunks()).elements():
        yield value if isinstance(value, Finding) else parse_row(line, value)
