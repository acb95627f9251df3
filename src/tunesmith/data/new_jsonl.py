"""Rows become a new JSONL file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from tunesmith.data.whole_file import check_place, whole_file

Write = Callable[[dict[str, Any]], None]


@contextmanager
def new_jsonl(out: Path, *, read: tuple[Path, ...]) -> Iterator[Write]:
    """A function that writes rows to `out`, which appears when the block ends without an error.

    Raises InvalidRequest when `out` is one of the files that are `read`, or lies in no folder.
    """
    check_place(out, read=read)
    with whole_file(out) as part, part.open("wb") as stream:

        def write(row: dict[str, Any]) -> None:
            stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

        yield write
