"""A Parquet file: every row as {column: value}, read in small batches; `line` is the row's number from 1."""

from __future__ import annotations

import datetime
import decimal
import errno
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tunesmith.data.tables.delimited import name_columns
from tunesmith.data.tables.packed import seekable
from tunesmith.data.tables.parquet_layout import BadLayout, Group, pages, read_groups
from tunesmith.data.tables.problems import file_note, refused, row_problem
from tunesmith.data.tables.row import MAX_COLUMNS, MAX_ROW_BYTES, Row
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

PARQUET_MAGIC = b"PAR1"
# Unpacked as a whole; most writers make pages of about one megabyte, or of a thousand rows.
MAX_PAGE_BYTES = 24 * 2**20
MAX_PAGE_VALUES = 4 * 2**20

_BATCH_BYTES = 4 * 2**20
_MOST_BATCH_ROWS = 256
_BUFFER_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """Which file, and how to read it in bounded memory: so many rows at a time of each row group.

    `folded` are the columns whose texts are kept once and referred to: unfolding them could turn a kilobyte of file
    into gigabytes.
    """

    path: Path
    name: str
    is_compressed: bool
    batch_rows: tuple[int, ...]
    folded: tuple[str, ...]


def open_parquet(path: Path, *, name: str, is_compressed: bool) -> tuple[ParquetFile, tuple[str, ...], list[Finding]]:
    """(the file, its columns, what was odd). Raises InvalidFile for what is damaged or too large to unpack."""
    with seekable(path, name=name, is_compressed=is_compressed) as stream:
        _check_end(stream, name)
        try:
            groups = read_groups(stream)
            bytes_per_row, folded = _check_pages(stream, groups, name)
        except BadLayout as error:
            raise _damaged(name, str(error)) from error
        nested = tuple(leaf for leaf in folded if "." in leaf)
        with _reader(stream, name, nested) as file:
            batch_rows = tuple(
                _batch_rows(bytes_per_row + _unfolded(file, number, group, nested, name))
                for number, group in enumerate(groups)
            )
            columns, notes = name_columns(file.schema_arrow.names)
    if not any(group.n_rows for group in groups):
        notes.append(file_note("empty_file", "error", "the file has no rows", "文件中没有数据行", fix=None))
    flat = tuple(leaf for leaf in folded if "." not in leaf)
    return ParquetFile(path, name, is_compressed, batch_rows, flat), columns, notes


def _batch_rows(bytes_per_row: float) -> int:
    return max(1, min(_MOST_BATCH_ROWS, int(_BATCH_BYTES / max(1.0, bytes_per_row))))


def rows(opened: ParquetFile, columns: tuple[str, ...]) -> Iterator[Row | Finding]:
    """Every row; dates, decimals and bytes become texts, so that a row is what JSON could hold."""
    with (
        seekable(opened.path, name=opened.name, is_compressed=opened.is_compressed) as stream,
        _reader(stream, opened.name, opened.folded) as file,
    ):
        is_json_already = all(_is_json(field.type) for field in file.schema_arrow)
        line = 0
        for batch in _batches(file, opened.batch_rows):
            arrays = batch.columns
            for number in range(batch.num_rows):
                line += 1
                yield _row(line, columns, arrays, number, is_json_already=is_json_already)


def _batches(file: Any, batch_rows: tuple[int, ...]) -> Iterator[Any]:
    for group, n_rows in enumerate(batch_rows):
        yield from file.iter_batches(batch_size=n_rows, row_groups=[group], use_threads=False)


def _row(
    line: int, columns: tuple[str, ...], arrays: list[Any], number: int, *, is_json_already: bool
) -> Row | Finding:
    try:
        values = [array[number].as_py() for array in arrays]
        if not is_json_already:
            values = [_as_json(value) for value in values]
    except UnicodeDecodeError:
        return row_problem("not_utf8", line, "a text that is not UTF-8", "有文本不是 UTF-8 编码")
    return Row(line, dict(zip(columns, values, strict=False)))


@contextmanager
def _reader(stream: BinaryIO, name: str, folded: tuple[str, ...]) -> Iterator[Any]:
    try:
        yield pq.ParquetFile(stream, read_dictionary=list(folded), pre_buffer=False, buffer_size=_BUFFER_BYTES)
    except pa.ArrowNotImplementedError as error:
        en = f"the Parquet file uses what is not supported ({str(error)[:200]}); write it as .jsonl"
        raise refused(name, "parquet_unsupported", en, "不支持这种 Parquet 文件；请改用 .jsonl 写出") from error
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's, not the file's
            raise
        raise _damaged(name, str(error)) from error


def _check_end(stream: BinaryIO, name: str) -> None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 4))
    end = stream.read()
    if end == b"PARE":
        en = "the Parquet file is encrypted; write it without encryption"
        raise refused(name, "parquet_encrypted", en, "Parquet 文件已加密；请不加密写出")
    if size < 12 or end != PARQUET_MAGIC:
        raise _damaged(name, "its end is missing")


def _check_pages(stream: BinaryIO, groups: tuple[Group, ...], name: str) -> tuple[float, tuple[str, ...]]:
    """(bytes that a row can take, as a mean over the largest pages; the columns whose texts are kept once).

    Raises InvalidFile for pages over the limits, BadLayout for what is no page.
    """
    largest: dict[str, float] = {}
    folded: dict[str, None] = {}
    for group in groups:
        if len(group.chunks) > MAX_COLUMNS:
            en = f"more than {MAX_COLUMNS} columns; is this a table of texts?"
            raise refused(name, "too_many_cells", en, f"超过 {MAX_COLUMNS} 列；这是文本表格吗？")
        for chunk in group.chunks if group.n_rows else ():
            n_unpacked = 0
            per_value = 0.0
            for page in pages(stream, chunk):
                if page.unpacked_bytes > MAX_PAGE_BYTES or page.n_values > MAX_PAGE_VALUES:
                    raise _page_too_large(name, chunk.path)
                if page.is_dictionary:
                    folded |= {chunk.path: None} if chunk.holds_texts else {}
                    continue
                n_unpacked += page.unpacked_bytes
                per_value = max(per_value, page.unpacked_bytes / max(1, page.n_values))
            if n_unpacked > MAX_ROW_BYTES * group.n_rows:
                raise _page_too_large(name, chunk.path)
            largest[chunk.path] = max(largest.get(chunk.path, 0.0), per_value, n_unpacked / group.n_rows)
    return sum(largest.values()), tuple(folded)


def _unfolded(file: Any, number: int, group: Group, leaves: tuple[str, ...], name: str) -> float:
    """Bytes that the texts kept once inside lists could take in a row, if every one were the longest.

    They are read unfolded (pyarrow cannot keep them folded there where a dictionary ends in the middle of a batch).
    Raises InvalidFile where the mean row could be over the limit.
    """
    n_bytes = 0.0
    for chunk in group.chunks if group.n_rows else ():
        if chunk.path not in leaves:
            continue
        batches = file.iter_batches(batch_size=1, row_groups=[number], columns=[chunk.path], use_threads=False)
        first = next(batches, None)
        longest = 0 if first is None else max(map(_longest_text, first.columns), default=0)
        n_bytes += longest * chunk.n_values / group.n_rows
        if n_bytes > MAX_ROW_BYTES:
            raise _page_too_large(name, chunk.path)
    return n_bytes


def _longest_text(array: Any) -> int:
    """The length in bytes of the longest text in the dictionaries of an array."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        is_text = pa.types.is_string(kind.value_type) or pa.types.is_binary(kind.value_type)
        longest = pc.max(pc.binary_length(array.dictionary)).as_py() if is_text else 0
        return longest or 0
    if pa.types.is_struct(kind):
        return max((_longest_text(array.field(number)) for number in range(kind.num_fields)), default=0)
    if pa.types.is_map(kind):
        return max(_longest_text(array.keys), _longest_text(array.items))
    return _longest_text(array.values) if pa.types.is_list(kind) or pa.types.is_large_list(kind) else 0


def _damaged(name: str, what: str) -> InvalidFile:
    en = f"the Parquet file is damaged or cut off ({what[:200]}); copy or write it again"
    return refused(name, "parquet_damaged", en, "Parquet 文件已损坏或不完整；请重新复制或写出")


def _page_too_large(name: str, column: str) -> InvalidFile:
    mb = MAX_PAGE_BYTES // 2**20
    en = f'column "{column}" has pages that unpack to more than {mb} MB; write it with smaller pages, or as .jsonl'
    zh = f"列“{column}”的数据页解压后超过 {mb} MB；请用更小的数据页写出，或改用 .jsonl"
    return refused(name, "parquet_page_too_large", en, zh, column=column)


def _is_json(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_json(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_is_json(kind.field(number).type) for number in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_json(kind.value_type)
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(part, tuple) and len(part) == 2 for part in value):  # a map
            return {str(_as_json(key)): _as_json(part) for key, part in value}
        return [_as_json(part) for part in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta | decimal.Decimal):
        return str(value)
    return value
