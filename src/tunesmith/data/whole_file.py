"""New files appear whole or not at all, and never in place of what they are made from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tunesmith.errors import InvalidRequest


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A path beside `out` to write to: it takes the name `out` when the block ends, or goes away with an error."""
    part = out.with_name(f".{out.name}.{uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def check_place(out: Path, *, read: tuple[Path, ...]) -> None:
    """Raises InvalidRequest when `out` is one of the files that are `read`, or lies in no folder."""
    if any(out.exists() and out.samefile(path) for path in read):
        raise InvalidRequest(f"{out} is the file that is being read; choose another name for the result", param="out")
    if not out.parent.is_dir():
        raise InvalidRequest(f"there is no folder {out.parent}; make it first, or choose another", param="out")
