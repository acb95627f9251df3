"""A file opened as a table of rows, whatever its container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from tunesmith.data.tables import concatenated, delimited, json_array, jsonl, txt
from tunesmith.data.tables.containers import Container, Layout, detect, extension_notes, forced
from tunesmith.data.tables.encodings import Encoding, named_encoding
from tunesmith.data.tables.jsonl import Block
from tunesmith.data.tables.packed import is_gzip
from tunesmith.data.tables.problems import file_note
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.text import Text, open_text
from tunesmith.errors import InvalidRequest
from tunesmith.findings import Finding

BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows are and how to read them; picklable, nothing is kept open.

    `encoding` is None for XLSX and Parquet, `columns` is None for JSON. `findings` speak of the container only.
    """

    path: Path
    name: str
    container: Container
    encoding: Encoding | None
    is_compressed: bool
    columns: tuple[str, ...] | None
    findings: tuple[Finding, ...]
    _layout: Layout = field(repr=False)
    _text: Text | None = field(default=None, repr=False)

    def rows(self) -> Iterator[Row | Finding]:
        """Every row from the beginning, as often as asked; a finding stands for a row that cannot be read."""
        if self._text is None:
            return iter(())
        text = self._text
        if self.container == "jsonl":
            return jsonl.rows(text)
        if self.container == "json":
            return json_array.rows(text) if self._layout.json == "array" else concatenated.rows(text)
        if self.container == "txt":
            return txt.rows(text)
        return delimited.rows(text, self._layout.dialect, self.columns or ())

    def blocks(self, size_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The lines of a JSONL file in pieces of about `size_bytes`, to be parsed elsewhere with `Block.rows`."""
        if self.container != "jsonl" or self._text is None:
            raise InvalidRequest(f"{self.name} is {self.container}; only JSON lines can be cut into blocks")
        return jsonl.blocks(self._text, size_bytes)


def open_table(
    path: Path,
    *,
    name: str | None = None,
    container: Container | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Table:
    """Look over a data file and say how to read it; what is not given is found out.

    Reads the whole file once where it is text. Raises InvalidFile, with a finding, for what cannot be used at all.
    """
    name = name or path.name
    if container is not None and container not in get_args(Container):
        known = ", ".join(get_args(Container))
        raise InvalidRequest(f'container "{container}" is not one of {known}', param="container")
    wanted = None if encoding is None else named_encoding(encoding)
    is_compressed = is_gzip(path)
    text, notes = open_text(path, name=name, is_compressed=is_compressed, encoding=wanted)
    head = text.head()
    layout = forced(container, head) if container else detect(head, name=name)
    findings = [*_gzip_notes(is_compressed), *notes, *(() if container else extension_notes(layout, name=name))]
    if layout.container == "json":  # a document, where the last line means nothing
        findings = [finding for finding in findings if finding.code != "no_final_newline"]
    columns: tuple[str, ...] | None = txt.COLUMNS if layout.container == "txt" else None
    if layout.container in ("csv", "tsv"):
        columns, more = delimited.read_header(text, layout.dialect) or ((), [])
        findings += more
    return Table(
        path, name, layout.container, text.reading.encoding, is_compressed, columns, tuple(findings), layout, text
    )


def _gzip_notes(is_compressed: bool) -> Iterator[Finding]:
    if is_compressed:
        yield file_note("gzip", "info", "the file is packed with gzip; it was unpacked", "文件用 gzip 压缩；已解压读取")
