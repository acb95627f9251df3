"""Checkpoints of a run: safetensors and JSON only, whole or absent, on the disk before anybody hears of them.

run_dir/checkpoints/step-000012/   the model or adapter, loadable as it stands
    optimizer.safetensors          its moments and the random generator's state
    state.json                     where the run was; also the size and sha256 of every other file
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tunesmith.errors import StorageFull

STATE = "state.json"
OPTIMIZER = "optimizer.safetensors"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint on disk. `state` is what the run wrote there; `is_epoch_end` ones outlive newer ones."""

    folder: Path
    step: int
    is_epoch_end: bool
    state: dict[str, Any]

    def tensors(self) -> dict[str, Tensor]:
        return load_file(self.folder / OPTIMIZER)


@contextlib.contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes `folder` at once when the block ends, synced to the disk.

    On an error nothing remains. Raises StorageFull when the disk has no room.
    """
    partial = folder.with_name(folder.name + _PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with _says_when_full(folder):
            partial.mkdir(parents=True)
            yield partial
            for path in sorted(partial.rglob("*")):
                _sync(path)
            _sync(partial)
            if folder.exists():
                shutil.rmtree(folder)
            partial.rename(folder)
            _sync(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all. Raises StorageFull when the disk has no room."""
    partial = path.with_name(path.name + _PARTIAL)
    with _says_when_full(path):
        partial.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        _sync(partial)
        partial.rename(path)
        _sync(path.parent)


def save_checkpoint(
    root: Path,
    *,
    step: int,
    is_epoch_end: bool,
    write_model: Callable[[Path], None],
    tensors: dict[str, Tensor],
    state: dict[str, Any],
) -> Checkpoint:
    """Write root/step-N; `write_model` puts the model's own files into the folder it is given."""
    folder = checkpoint_folder(root, step)
    with written_whole(folder) as partial:
        write_model(partial)
        save_file(tensors, partial / OPTIMIZER)
        files = {
            str(path.relative_to(partial)): _fingerprint(path) for path in sorted(partial.rglob("*")) if path.is_file()
        }
        content = {"step": step, "is_epoch_end": is_epoch_end, "files": files, "state": state}
        (partial / STATE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return Checkpoint(folder=folder, step=step, is_epoch_end=is_epoch_end, state=state)


def checkpoint_folder(root: Path, step: int) -> Path:
    return root / f"step-{step:06d}"


def newest_checkpoint(root: Path) -> Checkpoint | None:
    """The newest checkpoint whose every file is as it was written; torn ones and leftovers are passed over."""
    for folder in _folders(root):
        checkpoint = _read_whole(folder)
        if checkpoint is not None:
            return checkpoint
    return None


def prune_checkpoints(root: Path, *, newest_step: int, keep_epochs: int) -> None:
    """Delete what the checkpoint at `newest_step` replaces.

    That is: older resume-only ones, and all epoch ends but the last `keep_epochs`.
    """
    kept_epoch_ends = 0
    for folder in _folders(root):
        content = _read_state(folder)
        if content is not None and content["is_epoch_end"] and kept_epoch_ends < keep_epochs:
            kept_epoch_ends += 1
        elif content is None or content["step"] != newest_step:
            shutil.rmtree(folder)
    for partial in root.glob(f"*{_PARTIAL}"):
        shutil.rmtree(partial)


def _folders(root: Path) -> list[Path]:
    """Newest first."""
    folders = [path for path in root.glob("step-*") if path.suffix != _PARTIAL] if root.is_dir() else []
    return sorted(folders, key=lambda folder: int(folder.name.removeprefix("step-")), reverse=True)


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # torn: the power went before the disk had it
    return (
        content if isinstance(content, dict) and {"step", "is_epoch_end", "files", "state"} <= content.keys() else None
    )


def _read_whole(folder: Path) -> Checkpoint | None:
    content = _read_state(folder)
    if content is None:
        return None
    for name, fingerprint in content["files"].items():
        path = folder / name
        if not path.is_file() or _fingerprint(path) != fingerprint:
            return None
    return Checkpoint(folder=folder, step=content["step"], is_epoch_end=content["is_epoch_end"], state=content["state"])


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"size_bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


@contextlib.contextmanager
def _says_when_full(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        if _is_disk_full(error):
            message = f"The disk is full: {path} could not be written. Free space and start again."
            raise StorageFull(message) from error
        raise


def _is_disk_full(error: OSError | SafetensorError) -> bool:
    """safetensors tells the operating system's error number only in its text."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return any(f"(os error {number})" in str(error) for number in (errno.ENOSPC, errno.EDQUOT))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
