"""A file opened as a table of rows, whatever its container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from tunesmith.data.tables import concatenated, delimited, json_array, jsonl, txt
from tunesmith.data.tables.containers import Container, Layout, detect, extension_notes, forced
from tunesmith.data.tables.encodings import Encoding, named_encoding
from tunesmith.data.tables.jsonl import Block
from tunesmith.data.tables.packed import GZIP_MAGIC, is_gzip, read_chunks
from tunesmith.data.tables.problems import file_note, refused
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.survey import crlf_note
from tunesmith.data.tables.text import Text, open_text
from tunesmith.errors import InvalidRequest
from tunesmith.findings import Finding

if TYPE_CHECKING:
    from tunesmith.data.tables.parquet import ParquetFile
    from tunesmith.data.tables.xlsx import Workbook

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
    _source: Text | Workbook | ParquetFile = field(repr=False)

    def rows(self) -> Iterator[Row | Finding]:
        """Every row from the beginning, as often as asked; a finding stands for a row that cannot be read."""
        if not isinstance(self._source, Text):
            return self._binary_rows()
        text = self._source
        if self.container == "jsonl" or (self.container == "json" and self._layout.json == "lines"):
            return jsonl.rows(text)
        if self.container == "json":
            return json_array.rows(text) if self._layout.json == "array" else concatenated.rows(text, self._layout.key)
        if self.container == "txt":
            return txt.rows(text)
        return delimited.rows(text, self._layout.dialect, self.columns or ())

    def _binary_rows(self) -> Iterator[Row | Finding]:
        # pyarrow takes tens of megabytes and half a second to load; most files need neither of the two
        if self.container == "xlsx":
            from tunesmith.data.tables import xlsx

            return xlsx.rows(cast("Workbook", self._source), self.columns or ())
        from tunesmith.data.tables import parquet

        return parquet.rows(cast("ParquetFile", self._source), self.columns or ())

    def blocks(self, size_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The lines of a JSONL file in pieces of about `size_bytes`, to be parsed elsewhere with `Block.rows`."""
        if self.container != "jsonl" or not isinstance(self._source, Text):
            raise InvalidRequest(f"{self.name} is {self.container}; only JSON lines can be cut into blocks")
        return jsonl.blocks(self._source, size_bytes)


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
    start = next(read_chunks(path, name=name, is_compressed=is_compressed), b"")[:8]
    if start.startswith(GZIP_MAGIC):
        en = "the gzip file holds another gzip file; unpack it once"
        raise refused(name, "gzip_twice", en, "gzip 文件里还是 gzip 文件；请先解压一次")
    binary = _BINARY.get(start[:4])
    if container in ("xlsx", "parquet") and container != binary:
        en = f"the file is not {container}; leave the container out, and it is found from the content"
        raise refused(name, f"not_{container}", en, f"这不是 {container} 文件；不指定容器时会按内容判断")
    if binary == "xlsx":
        table = _open_xlsx(path, name, is_compressed, sheet)
    elif binary == "parquet":
        table = _open_parquet(path, name, is_compressed)
    else:
        table = _open_text_table(path, name, is_compressed, container, wanted)
    if container:
        return table
    return replace(table, findings=(*table.findings, *extension_notes(table._layout, name=name)))


_BINARY: dict[bytes, Container] = {b"PK\x03\x04": "xlsx", b"PK\x05\x06": "xlsx", b"PAR1": "parquet"}


def _open_xlsx(path: Path, name: str, is_compressed: bool, sheet: str | None) -> Table:
    from tunesmith.data.tables import xlsx

    book, columns, notes = xlsx.open_workbook(path, name=name, is_compressed=is_compressed, sheet=sheet)
    findings = (*_gzip_notes(is_compressed), *notes)
    return Table(path, name, "xlsx", None, is_compressed, columns, findings, Layout("xlsx"), book)


def _open_parquet(path: Path, name: str, is_compressed: bool) -> Table:
    from tunesmith.data.tables import parquet

    file, columns, notes = parquet.open_parquet(path, name=name, is_compressed=is_compressed)
    findings = (*_gzip_notes(is_compressed), *notes)
    return Table(path, name, "parquet", None, is_compressed, columns, findings, Layout("parquet"), file)


def _open_text_table(
    path: Path, name: str, is_compressed: bool, container: Container | None, encoding: Encoding | None
) -> Table:
    text, notes = open_text(path, name=name, is_compressed=is_compressed, encoding=encoding)
    head = text.head()
    layout = forced(container, head) if container else detect(head, name=name)
    findings = [*_gzip_notes(is_compressed), *notes]
    if layout.container == "json":  # a document, where the last line means nothing
        findings = [finding for finding in findings if finding.code != "no_final_newline"]
    columns: tuple[str, ...] | None = txt.COLUMNS if layout.container == "txt" else None
    if layout.container in ("csv", "tsv"):
        findings = [_as_in_a_table(finding) for finding in findings]
        columns, more = delimited.read_header(text, layout.dialect) or ((), [])
        findings += more
    read_as = text.reading.encoding
    return Table(path, name, layout.container, read_as, is_compressed, columns, tuple(findings), layout, text)


def _as_in_a_table(finding: Finding) -> Finding:
    """Spreadsheets end rows with CR-LF and lines inside a cell with LF: nothing is mixed up there."""
    if finding.code != "mixed_line_ends":
        return finding
    return crlf_note(finding.facts["n_crlf"])


def _gzip_notes(is_compressed: bool) -> Iterator[Finding]:
    if is_compressed:
        yield file_note("gzip", "info", "the file is packed with gzip; it was unpacked", "文件用 gzip 压缩；已解压读取")
