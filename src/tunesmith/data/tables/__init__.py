"""Bytes become numbered rows, whatever the container: JSON lines, JSON, CSV, TSV, XLSX, plain text, Parquet.

Everything streams: no more than one row and a few chunks of the file are in memory at a time.
"""

from tunesmith.data.tables.encodings import Encoding, detect_encoding
from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.jsonl import Block, read_lines
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.table import Table, open_table

__all__ = [
    "Block",
    "Encoding",
    "Row",
    "Table",
    "detect_encoding",
    "open_table",
    "parse_row",
    "read_lines",
]
