"""The data folder of one service: where everything lies, and how it is opened."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from tunesmith.ids import NewId
from tunesmith.store.augmentations import AugmentationRows
from tunesmith.store.blobs import Blobs
from tunesmith.store.db import Database
from tunesmith.store.disk import fsync_folder, make_folder
from tunesmith.store.files import FileRows
from tunesmith.store.jobs import JobRows
from tunesmith.store.keys import KeyRows
from tunesmith.store.migrations import migrate
from tunesmith.store.models import ModelRows
from tunesmith.store.weights import WeightFolders

PEPPER_BYTES = 32


class DataFolder:
    """
    tunesmith.db     the database        blobs/   bytes of files      models/  published weights
    pepper           hashes keys         runs/    one folder per run  tmp/     what is still being written
                     augmentations/      the journal of each
    """

    def __init__(self, folder: Path, *, new_id: NewId) -> None:
        if not folder.is_dir():
            make_folder(folder)
            folder.chmod(0o700)
        self.folder = folder
        self.runs_folder = folder / "runs"
        make_folder(self.runs_folder)
        self.augmentations_folder = folder / "augmentations"
        make_folder(self.augmentations_folder)
        self.temporary = folder / "tmp"
        self.database = Database(folder / "tunesmith.db")
        migrate(self.database)
        self.blobs = Blobs(folder / "blobs", self.temporary)
        self.weights = WeightFolders(folder / "models", self.temporary)
        self.files = FileRows(self.database, self.blobs)
        self.jobs = JobRows(self.database, self.blobs, new_id=new_id)
        self.models = ModelRows(self.database, self.weights)
        self.keys = KeyRows(self.database)
        self.augmentations = AugmentationRows(self.database, self.blobs)

    def check_and_tidy(self, now: int) -> None:
        """Look for damage and remove what interrupted writes have left; only while nobody else uses the folder."""
        self.database.check()
        for path in self.temporary.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.files.sweep(now)
        self.models.sweep()

    def pepper(self) -> bytes:
        """The secret that key digests are made with; made at first use and never changed."""
        path = self.folder / "pepper"
        if not path.exists():
            write_secret(path, secrets.token_bytes(PEPPER_BYTES))
        return path.read_bytes()

    def close(self) -> None:
        self.database.close()


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    fsync_folder(path.parent)
