"""Plain text: every line that is not blank is a row with one column, `text`."""

from __future__ import annotations

from collections.abc import Iterator

from tunesmith.data.tables.json_text import not_utf8, nul_byte
from tunesmith.data.tables.row import MAX_ROW_BYTES, Row, too_large
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding

COLUMNS = ("text",)


def rows(text: Text) -> Iterator[Row | Finding]:
    """Every line that is not blank, as {"text": line}."""
    for line, raw in text.lines():
        if isinstance(raw, Finding):
            yield raw
        elif raw and not raw.isspace():
            yield _row(line, raw)


def _row(line: int, raw: bytes) -> Row | Finding:
    if len(raw) > MAX_ROW_BYTES:
        return too_large(line)
    if b"\0" in raw:
        return nul_byte(line)
    return not_utf8(line, raw) or Row(line, {"text": raw.decode().strip()})
