"""What happened, one JSON object a line, never rewritten: after a kill nothing that was answered is lost."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from tunesmith.errors import Conflict, InvalidFile

Entry = dict[str, Any]


class Journal:
    """An open journal belongs to this process alone. `entries` are those found when it was opened."""

    def __init__(self, path: Path) -> None:
        """Open or begin it; a last line that a kill left half-written is cut off. Raises Conflict if it is in use."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise Conflict(
                f"{path} is in use by another process that is making rows.", code="augmentation_runs"
            ) from error
        self.entries = self._read()

    def _read(self) -> list[Entry]:
        self._file.seek(0)
        entries: list[Entry] = []
        whole = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                entries.append(json.loads(line))
            except ValueError as error:
                self._file.close()
                raise InvalidFile(
                    f"{self.path}, line {number} is not JSON: the journal was changed. Delete it to begin again."
                ) from error
            whole += len(line)
        self._file.truncate(whole)
        return entries

    def append(self, entries: Iterable[Entry]) -> None:
        """On disk, not only in the system's memory, when this returns."""
        self._file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
