"""What pandas makes of a JSON value: columns of text, as `read_json(dtype=str)` followed by `fillna("")`."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

from tunesmith.data.prepare.frame import Frame, Labels, Name


def frame_of(value: Any) -> Frame:
    """Raises ValueError for values of which pandas makes no table."""
    if value is None:
        return Frame({}, range(0))
    if isinstance(value, list):
        return _from_rows(value)
    if isinstance(value, dict):
        return _from_columns(value)
    raise ValueError("a single value is not a table")


def _from_rows(rows: list[Any]) -> Frame:
    if rows and isinstance(rows[0], list):
        rows = [dict(enumerate(row)) if isinstance(row, list) else row for row in rows]
    elif rows and not any(isinstance(row, (dict, list)) for row in rows):
        rows = [{0: row} for row in rows]
    names: dict[Name, None] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise ValueError("some rows are objects and some are not")
        names.update(dict.fromkeys(row))
    columns = {name: texts_of([row.get(name) for row in rows]) for name in names}
    return Frame(columns, range(len(rows)))


def _from_columns(columns: dict[str, Any]) -> Frame:
    """{"prompt": [...]} or {"prompt": {"0": ...}}; a single value is repeated beside a list."""
    lists = {name: cells for name, cells in columns.items() if isinstance(cells, list)}
    objects = {name: cells for name, cells in columns.items() if isinstance(cells, dict)}
    if not columns:
        return Frame({}, range(0))
    if not lists and not objects:
        raise ValueError("If using all scalar values, you must pass an index")
    if lists and objects:
        raise ValueError("Mixing dicts with non-Series may lead to ambiguous ordering.")
    if objects:
        keys = list(dict.fromkeys(key for cells in objects.values() for key in cells))
        listed = {name: [cells.get(key) for key in keys] for name, cells in objects.items()}
        labels = _labels(keys)
    else:
        if len({len(cells) for cells in lists.values()}) > 1:
            raise ValueError("All arrays must be of the same length")
        listed = lists
        labels = range(len(next(iter(lists.values()))))
    n_rows = len(labels)
    return Frame({name: texts_of(listed.get(name, [cells] * n_rows)) for name, cells in columns.items()}, labels)


def _labels(keys: list[str]) -> Labels:
    try:
        return [int(key) for key in keys]
    except ValueError:  # names instead of numbers
        return list[Hashable](keys)


def texts_of(values: Sequence[Any]) -> list[str]:
    """A column as text. Whole numbers become decimals when one of the column is, or one is missing."""
    present = [value for value in values if value is not None]
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present):
        return ["" if value is None else str(value) for value in values]
    has_decimals = len(present) < len(values) or any(isinstance(value, float) for value in present)
    return [
        "" if value is None or math.isnan(value) else str(float(value) if has_decimals else value) for value in values
    ]
