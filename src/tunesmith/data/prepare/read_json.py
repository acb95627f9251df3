"""JSON and JSON Lines files as `pandas.read_json(dtype=str)` reads them."""

from __future__ import annotations

from pathlib import Path

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.json_columns import frame_of
from tunesmith.data.prepare.json_text import parse_json


def read_json(path: Path) -> Frame:
    """One JSON value: rows, or columns. Raises ValueError."""
    return frame_of(parse_json(path.read_bytes().decode("utf-8")))


def read_json_lines(path: Path) -> Frame:
    """A JSON value per line. As in pandas the lines are joined by commas first, and only then read."""
    lines = (line.strip() for line in path.read_bytes().decode("utf-8").split("\n"))
    return frame_of(parse_json(f"[{','.join(line for line in lines if line)}]"))
