"""A Parquet file: every row as {column: value}, read in small batches; `line` is the row's number from 1."""

from __future__ import annotations

import datetime
import decimal
import math
import os
import struct
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
from tunesmith.data.tables.parquet_pages import BadPageHeader, pages
from tunesmith.data.tables.problems import file_note, refused, row_problem
from tunesmith.data.tables.row import MAX_COLUMNS, MAX_ROW_BYTES, Row, too_large
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

PARQUET_MAGIC = b"PAR1"
# Unpacked as a whole; most writers make pages of about one megabyte, or of a thousand rows.
MAX_PAGE_BYTES = 24 * 2**20
MAX_PAGE_VALUES = 4 * 2**20
MAX_FOOTER_BYTES = 8 * 2**20

_BATCH_BYTES = 4 * 2**20
_MOST_BATCH_ROWS = 256
_BUFFER_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """Which file, and how to read it in bounded memory.

    `dictionary_leaves` are the columns whose texts are kept once and referred to: unfolding them could turn a
    kilobyte of file into gigabytes.
    """

    path: Path
    name: str
    is_compressed: bool
    batch_rows: int
    dictionary_leaves: tuple[str, ...]


def open_parquet(path: Path, *, name: str, is_compressed: bool) -> tuple[ParquetFile, tuple[str, ...], list[Finding]]:
    """(the file, its columns, what was odd). Raises InvalidFile for what is damaged or too large to unpack."""
    with _open(path, name, is_compressed, ()) as (stream, file):
        bytes_per_row = _check_pages(stream, file.metadata, name)
        batch_rows = max(1, min(_MOST_BATCH_ROWS, int(_BATCH_BYTES / max(1.0, bytes_per_row))))
        opened = ParquetFile(path, name, is_compressed, batch_rows, _dictionary_leaves(file.metadata))
        columns, notes = name_columns(file.schema_arrow.names)
        if not file.metadata.num_rows:
            notes.append(file_note("empty_file", "error", "the file has no rows", "文件中没有数据行", fix=None))
    return opened, columns, notes


def rows(opened: ParquetFile, columns: tuple[str, ...]) -> Iterator[Row | Finding]:
    """Every row; dates, decimals and bytes become texts, so that a row is what JSON could hold."""
    with _open(opened.path, opened.name, opened.is_compressed, opened.dictionary_leaves) as (_, file):
        is_json_already = all(_is_json(field.type) for field in file.schema_arrow)
        line = 0
        for batch in file.iter_batches(batch_size=opened.batch_rows, use_threads=False):
            arrays = batch.columns
            is_small = sum(_largest_bytes(array) for array in arrays) <= MAX_ROW_BYTES
            for number in range(batch.num_rows):
                line += 1
                if not is_small and sum(_largest_bytes(array.slice(number, 1)) for array in arrays) > MAX_ROW_BYTES:
                    yield too_large(line)
                    continue
                yield _row(line, columns, arrays, number, is_json_already=is_json_already)


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
def _open(
    path: Path, name: str, is_compressed: bool, dictionary_leaves: tuple[str, ...]
) -> Iterator[tuple[BinaryIO, Any]]:
    with seekable(path, name=name, is_compressed=is_compressed) as stream:
        _check_footer(stream, name)
        try:
            file = pq.ParquetFile(
                stream, read_dictionary=list(dictionary_leaves), pre_buffer=False, buffer_size=_BUFFER_BYTES
            )
            yield stream, file
        except (pa.ArrowException, OSError) as error:
            raise _damaged(name, str(error)) from error


def _check_footer(stream: BinaryIO, name: str) -> None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 8))
    tail = stream.read()
    stream.seek(0)
    if tail.endswith(b"PARE"):
        en = "the Parquet file is encrypted; write it without encryption"
        raise refused(name, "parquet_encrypted", en, "Parquet 文件已加密；请不加密写出")
    if len(tail) < 8 or not tail.endswith(PARQUET_MAGIC):
        raise _damaged(name, "its end is missing")
    (n_bytes,) = struct.unpack("<I", tail[:4])
    if n_bytes > min(MAX_FOOTER_BYTES, size):
        raise _damaged(name, f"its footer is said to have {n_bytes} bytes")


def _check_pages(stream: BinaryIO, metadata: Any, name: str) -> float:
    """Bytes that a row can take, as a mean over the largest pages. Raises InvalidFile for pages over the limits."""
    if metadata.num_columns > MAX_COLUMNS:
        en = f"more than {MAX_COLUMNS} columns; is this a table of texts?"
        raise refused(name, "too_many_cells", en, f"超过 {MAX_COLUMNS} 列；这是文本表格吗？")
    largest = [0.0] * metadata.num_columns
    for group in range(metadata.num_row_groups):
        n_rows = metadata.row_group(group).num_rows
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            n_unpacked = 0
            for page in _pages(stream, chunk, name):
                if page.unpacked_bytes > MAX_PAGE_BYTES or page.n_values > MAX_PAGE_VALUES:
                    raise _page_too_large(name, chunk.path_in_schema)
                if not page.is_dictionary:
                    n_unpacked += page.unpacked_bytes
                    largest[column] = max(largest[column], page.unpacked_bytes / max(1, page.n_values))
            if n_unpacked > MAX_ROW_BYTES * max(1, n_rows):
                raise _page_too_large(name, chunk.path_in_schema)
            largest[column] = max(largest[column], n_unpacked / max(1, n_rows))
    return sum(largest)


def _pages(stream: BinaryIO, chunk: Any, name: str) -> Iterator[Any]:
    start = chunk.data_page_offset
    if chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    try:
        yield from pages(stream, start, chunk.total_compressed_size)
    except BadPageHeader as error:
        raise _damaged(name, f'column "{chunk.path_in_schema}"') from error


def _dictionary_leaves(metadata: Any) -> tuple[str, ...]:
    leaves: dict[str, None] = {}
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            if chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page:
                leaves[chunk.path_in_schema] = None
    return tuple(leaves)


def _damaged(name: str, what: str) -> InvalidFile:
    en = f"the Parquet file is damaged or cut off ({what[:200]}); copy or write it again"
    return refused(name, "parquet_damaged", en, "Parquet 文件已损坏或不完整；请重新复制或写出")


def _page_too_large(name: str, column: str) -> InvalidFile:
    mb = MAX_PAGE_BYTES // 2**20
    en = f'column "{column}" has pages that unpack to more than {mb} MB; write it with smaller pages, or as .jsonl'
    zh = f"列“{column}”的数据页解压后超过 {mb} MB；请用更小的数据页写出，或改用 .jsonl"
    return refused(name, "parquet_page_too_large", en, zh, column=column)


def _largest_bytes(array: Any) -> int:
    """How much memory the values could take at most when each is unfolded, for texts that are kept only once."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        longest = pc.max(pc.binary_length(array.dictionary)).as_py() if pa.types.is_string(kind.value_type) else None
        return len(array) * (longest or 0)
    if pa.types.is_struct(kind):
        return sum(_largest_bytes(array.field(number)) for number in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return _largest_bytes(array.flatten()) if not pa.types.is_map(kind) else _largest_bytes(array.items)
    return 0


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
