"""Writing to disk so that it is either wholly there after a power cut or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunesmith import errors

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def says_when_full(what: str) -> Iterator[None]:
    """Turns the operating system's "no space left" into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise errors.StorageFull(f"The disk has no room for {what}. Free some space and try again.") from error
        raise


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each of them durable in its own parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    fsync_folder(folder.parent)


def copy_folder(source: Path, target: Path, *, leave_out: frozenset[str] = frozenset()) -> None:
    """Copy a tree of plain files, but for the names to leave out, and sync every one of them; links are refused."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if entry.name in leave_out:
            continue
        if entry.is_symlink():
            raise errors.InvalidModel(f"{entry} is a link; weights are published from plain files only.")
        if entry.is_dir():
            copy_folder(entry, target / entry.name, leave_out=leave_out)
            continue
        with entry.open("rb") as reader, (target / entry.name).open("xb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.fsync(writer.fileno())
    fsync_folder(target)
