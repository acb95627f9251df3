"""A JSON file as a table: until the other containers are read, what `open_source` stands on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.data import tables
from tunesmith.data.tables import Row
from tunesmith.findings import Finding


@dataclass(frozen=True)
class Table:
    path: Path
    name: str
    container: str
    encoding: Any
    is_compressed: bool = False
    columns: tuple[str, ...] | None = None
    findings: tuple[Finding, ...] = ()

    def rows(self) -> Iterator[Row | Finding]:
        read = tables.read_elements if self.container == "json" else tables.read_lines
        for line, text in read(self.path, self.encoding, name=self.name):
            yield tables.parse_row(line, text)


def open_table(path: Path, *, name: str | None = None, encoding: str | None = None, sheet: str | None = None) -> Table:
    shown = name or path.name
    found = tables.detect_encoding(path, name=shown)
    return Table(path, shown, "json" if tables.is_array(path, found) else "jsonl", found)
