"""CSV and TSV files as `pandas.read_csv(dtype=str)` reads them."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from tunesmith.data.prepare.frame import Frame, Labels
from tunesmith.data.prepare.header import unique_names
from tunesmith.data.prepare.missing import MISSING

_END = "\0 the end of the file \0"


def read_delimited(path: Path, *, delimiter: str) -> Frame:
    """The first line that is not blank names the columns; text in MISSING becomes "".

    When the first row has more cells than there are names, the surplus on the left is the rows' labels. Raises
    ValueError for bytes that are not UTF-8, an open quote at the end, no header, and rows with too many cells.
    """
    rows = _records(path.read_bytes().decode("utf-8-sig"), delimiter)
    header = next(rows, None)
    if header is None:
        raise ValueError("No columns to parse from file")
    records = list(rows)
    n_labels = max(len(records[0]) - len(header), 0) if records else 0
    width = n_labels + len(header)
    for record in records:
        if len(record) > width:
            raise ValueError(f"Expected {width} fields, saw {len(record)}")
        record += [""] * (width - len(record))
    columns = {
        name: ["" if record[at] in MISSING else record[at] for record in records]
        for at, name in enumerate(unique_names(list(header)), start=n_labels)
    }
    return Frame(columns, _labels(records, n_labels))


def _labels(records: list[list[str]], n_labels: int) -> Labels:
    if n_labels == 0:
        return range(len(records))
    if n_labels == 1:
        return [record[0] for record in records]
    return [tuple(record[:n_labels]) for record in records]


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Rows without the blank lines; raises ValueError when the text ends inside quotes."""
    csv.field_size_limit(sys.maxsize)
    read: list[str] = []
    lines = _remembering(io.StringIO(text, newline=""), read)
    for record in csv.reader(lines, delimiter=delimiter):
        if record == [_END]:
            return
        is_blank = len(read) == 1 and not read[0].strip(" \r\n" if delimiter == "\t" else " \t\r\n")
        read.clear()
        if not is_blank:
            yield record
    raise ValueError("EOF inside string")


def _remembering(lines: io.StringIO, read: list[str]) -> Iterator[str]:
    """The lines, noted in `read`; and one more, which a quote left open would swallow."""
    for line in lines:
        read.append(line)
        yield line
    yield _END
