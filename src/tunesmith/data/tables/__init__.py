"""Bytes become numbered rows, whatever the container: JSON lines, JSON, CSV, TSV, XLSX, plain text, Parquet.

Everything streams: no more than one row and a few chunks of the file are in memory at a time.
"""

from tunesmith.data.tables.encodings import Encoding, detect_encoding
from tunesmith.data.tables.json_array import is_array, read_elements
from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.jsonl import Block, read_lines
from tunesmith.data.tables.row import MAX_DEPTH, MAX_ROW_BYTES, Row

__all__ = [
    "MAX_DEPTH",
    "MAX_ROW_BYTES",
    "Block",
    "Encoding",
    "Row",
    "detect_encoding",
    "is_array",
    "parse_row",
    "read_elements",
    "read_lines",
]
