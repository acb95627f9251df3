"""A numbered row, and how large one may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.tables.problems import row_problem
from tunesmith.findings import Finding

# The longest context of any model trained here (131,072 tokens) is about half a megabyte of text; thirty times that
# is a file without line ends, not an example.
MAX_ROW_BYTES = 16 * 2**20

# Tool schemas nest perhaps twenty levels; what walks the rows later should not have to think of a thousand.
MAX_DEPTH = 128

# Every value costs about a hundred bytes in memory, however small it is in the file.
MAX_VALUES = 2**19

# Of a cell in a table; the csv module needs up to sixteen bytes of memory for each.
MAX_CELL_CHARS = 2**20
MAX_COLUMNS = 10_000


@dataclass(slots=True, unsafe_hash=True)
class Row:
    """One record of the file; `line` is where it starts, counted from 1. Not to be changed (freezing it costs time)."""

    line: int
    value: Any


def too_large(line: int, limit_bytes: int = MAX_ROW_BYTES) -> Finding:
    """The finding for a row over the limit."""
    mb = limit_bytes // 2**20
    return row_problem(
        "row_too_large",
        line,
        f"a row of more than {mb} MB, the limit for one example; put every example on its own line, or shorten it",
        f"这一行超过 {mb} MB，这是一条样本的上限；请每条样本占一行，或缩短内容",
    )
