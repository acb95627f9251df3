"""A JSONL file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from tunesmith.errors import InvalidRequest

Write = Callable[[dict[str, Any]], None]


@contextmanager
def new_jsonl(out: Path, *, read: tuple[Path, ...]) -> Iterator[Write]:
    """A function that writes rows beside `out`; the file takes its name when the block ends without an error.

    Raises InvalidRequest when `out` is one of the files that are `read`, or lies in no folder.
    """
    if any(out.exists() and out.samefile(path) for path in read):
        raise InvalidRequest(f"{out} is the file that is being read; choose another name for the result", param="out")
    if not out.parent.is_dir():
        raise InvalidRequest(f"there is no folder {out.parent}; make it first, or choose another", param="out")
    part = out.with_name(f".{out.name}.{uuid4().hex[:8]}.part")
    try:
        with part.open("wb") as stream:

            def write(row: dict[str, Any]) -> None:
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

            yield write
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
