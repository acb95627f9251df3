"""Folders of published weights: `folder/<job>/<step-N or final>`, whole or absent, never changed."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from tunesmith.store.disk import copy_folder, fsync_folder, make_folder, says_when_full


class WeightFolders:
    def __init__(self, folder: Path, temporary: Path) -> None:
        self._folder = folder
        self._temporary = temporary
        make_folder(folder)
        make_folder(temporary)

    def publish(self, source: Path, job_id: str, name: str, *, leave_out: frozenset[str] = frozenset()) -> Path:
        """Copy a folder of weights to its place for good, but for the file names to leave out.

        What an interrupted worker has published before is kept: the same run gives the same bytes.
        """
        target = self._folder / job_id / name
        if target.is_dir():
            return target
        draft = self._temporary / f"weights-{secrets.token_hex(16)}"
        try:
            with says_when_full("the model's weights"):
                copy_folder(source, draft, leave_out=leave_out)
                make_folder(target.parent)
                os.rename(draft, target)
                fsync_folder(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return target

    def place(self, stored: str) -> Path:
        """Where the weights lie that `stored_name` has named."""
        return self._folder / stored

    def all(self) -> list[Path]:
        return [folder for job in self._folder.iterdir() for folder in job.iterdir()]

    def remove(self, folder: Path) -> None:
        """Forget published weights; folders that are not ours (a base model's) are refused."""
        if self._folder.resolve() not in folder.resolve().parents:
            raise ValueError(f"{folder} is not a folder of published weights")
        if folder.is_dir():
            shutil.rmtree(folder)

    def remove_step(self, job_id: str, name: str) -> None:
        self.remove(self._folder / job_id / name)


def stored_name(folder: Path) -> str:
    """`<job>/<step-N or final>`: what the database keeps, so that the data folder may be moved."""
    return f"{folder.parent.name}/{folder.name}"
