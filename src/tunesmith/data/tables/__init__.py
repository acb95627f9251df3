"""Bytes become numbered rows, whatever the container: JSON lines, JSON, CSV, TSV, XLSX, plain text, Parquet.

Everything streams: no more than one row and a few chunks of the file are in memory at a time.
"""

from tunesmith.data.tables.containers import Container
from tunesmith.data.tables.encodings import Encoding, detect_encoding
from tunesmith.data.tables.json_array import is_array, read_elements
from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.jsonl import Block, read_lines
from tunesmith.data.tables.row import MAX_DEPTH, MAX_ROW_BYTES, Row
from tunesmith.data.tables.table import Table, open_table

__all__ = [
    "MAX_DEPTH",
    "MAX_ROW_BYTES",
    "Block",
    "Container",
    "Encoding",
    "Row",
    "Table",
    "detect_encoding",
    "is_array",
    "open_table",
    "parse_row",
    "read_elements",
    "read_lines",
]
