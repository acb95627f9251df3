"""The data desk: what can be done with an uploaded file before it is trained on. Every result is a new file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tunesmith.control import hyperparameters
from tunesmith.control.accounts import Caller
from tunesmith.control.files import FileRecord, Files
from tunesmith.control.registry import Registry

CHUNK_BYTES = 1 << 20


class Operate(Protocol):
    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Carry it out in another process; raises what the operation raises."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation says, and the files it made, by their part in it ("file", "training_file", ...)."""

    facts: dict[str, Any]
    files: dict[str, FileRecord]


class Desk:
    def __init__(
        self,
        files: Files,
        registry: Registry,
        operate: Operate,
        *,
        temporary: Path,
        price_per_million: float | None = None,
    ) -> None:
        """`temporary` is where results are written at first; `price_per_million` trained tokens, for estimates."""
        self._files = files
        self._registry = registry
        self._operate = operate
        self._temporary = temporary
        self._price_per_million = price_per_million

    def carry_out(
        self, caller: Caller, operation: str, file_id: str, options: Mapping[str, Any], *, filename: str | None = None
    ) -> Outcome:
        """Do it with this file. The option `validation_file` holds a file's id, `model` a model's name.

        Raises NotFound for a file or model that is not the caller's, and what the operation raises; then nothing new
        is kept. `filename` names the result where there is one.
        """
        record = self._files.get(caller, file_id)
        folder = Path(tempfile.mkdtemp(prefix="desk-", dir=self._temporary))
        try:
            arguments = self._resolved(caller, options) | {
                "path": str(self._files.path(caller, file_id)),
                "name": record.filename,
                "out_dir": str(folder),
            }
            facts = self._operate(operation, arguments)
            made: dict[str, FileRecord] = {}
            for part, out in facts.pop("outputs", {}).items():
                made[part] = self._keep(
                    caller, Path(out["path"]), filename or out["name"], is_jsonl=out["name"].endswith(".jsonl")
                )
            return Outcome(facts, made)
        finally:
            shutil.rmtree(folder)

    def checks(self) -> dict[str, Any]:
        """Every check with its texts, thresholds and their sources."""
        return self._operate("checks", {})

    def _resolved(self, caller: Caller, options: Mapping[str, Any]) -> dict[str, Any]:
        """A file's id becomes its path, a model's name its base's folder."""
        arguments = dict(options)
        if validation_file := arguments.pop("validation_file", None):
            arguments["validation"] = {"path": str(self._files.path(caller, validation_file))}
        if "hyperparameters" in arguments:
            arguments["hyperparameters"] = hyperparameters.merged(arguments["hyperparameters"], None)
        if model := arguments.pop("model", None):
            resolved = self._registry.resolve(caller, model)
            arguments |= {
                "base_folder": str(resolved.base_folder),
                "base_name": self._registry.get(caller, model).base,
                "style": resolved.style,
                "price_per_million": self._price_per_million,
            }
        return arguments

    def _keep(self, caller: Caller, path: Path, filename: str, *, is_jsonl: bool) -> FileRecord:
        """Make a file of what lies at `path`; JSON lines can be trained on, anything else is only data."""
        upload = self._files.begin_upload()
        try:
            with path.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    upload.write(chunk)
            purpose = "fine-tune" if is_jsonl else "user_data"
            return self._files.create(caller, blob=upload.commit(), filename=filename, purpose=purpose)
        finally:
            upload.abort()
