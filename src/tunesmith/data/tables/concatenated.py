"""JSON objects one after another, each over as many lines as it likes: what a pretty-printer makes of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.json_values import JsonValues
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding


def rows(text: Text, key: str = "") -> Iterator[Row | Finding]:
    """Every object, parsed; with a key, every element of the array under that key of the one object there is."""
    values = JsonValues(text.chunks())
    for line, value in values.elements_under(key) if key else values.objects():
        yield value if isinstance(value, Finding) else parse_row(line, value)
