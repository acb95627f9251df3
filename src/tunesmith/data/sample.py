"""Some rows of a file, chosen by chance from a seed, in their old order."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tunesmith.data.lint.blocks import is_by_line
from tunesmith.data.new_jsonl import new_jsonl
from tunesmith.data.readable_rows import rows_of
from tunesmith.data.sources import Source
from tunesmith.data.tables import Row
from tunesmith.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Sample:
    """`n_rows` could be read, `n_written` of them were chosen."""

    path: Path
    n_rows: int
    n_written: int
    facts: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "n_rows": self.n_rows, "n_written": self.n_written, "facts": self.facts}


def sample(source: Source, *, out: Path, n: int | None = None, share: float | None = None, seed: int = 0) -> Sample:
    """Write `n` rows, or a `share` of them, as JSONL; the same seed chooses the same rows.

    Raises InvalidRequest for a number that the file cannot give.
    """
    by_line = is_by_line(source)
    positions = array("I")
    for number, row in enumerate(source.rows(), 1):
        if isinstance(row, Row):
            positions.append(row.line if by_line else number)
    wanted = _n_wanted(len(positions), n, share)
    chosen = np.sort(np.random.default_rng(seed).choice(len(positions), wanted, replace=False))
    with new_jsonl(out, read=(source.path,)) as write:
        for row in rows_of(source, [positions[index] for index in chosen]):
            write(row.value)
    return Sample(out, len(positions), wanted, {"seed": seed, "share": round(wanted / len(positions), 4)})


def _n_wanted(n_rows: int, n: int | None, share: float | None) -> int:
    if not n_rows:
        raise InvalidRequest("the file has no row that can be read", param="file")
    if n is not None and share is None:
        if not 0 < n <= n_rows:
            raise InvalidRequest(f"{n} rows were asked for; expected 1 to {n_rows}, the rows of the file", param="n")
        return n
    if share is None or n is not None:
        raise InvalidRequest("say how many rows: a number or a share, one of the two", param="n")
    if not 0 < share <= 1:
        raise InvalidRequest(f"the share is {share}; expected more than 0 and at most 1, such as 0.1", param="share")
    return max(1, round(share * n_rows))
