"""The names that can be asked for: base models, their aliases, fine-tuned models and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tunesmith import errors
from tunesmith.control.accounts import Caller
from tunesmith.data.examples import Style
from tunesmith.serving.protocol import Adapter

ModelKind = Literal["base", "fine_tuned", "checkpoint"]
Weights = Literal["base", "adapter", "full"]

BASE_OWNER = "system"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model of this service: a folder that was checked at start."""

    name: str
    folder: Path
    created: int


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """`base` is the model that is loaded below: a base model, or a fully tuned one that training went on from.
    `asked_base` is the name it was first asked for by, perhaps an alias.

    `folder` holds the adapter, or the whole model when `weights` is "full". `step` is None for a job's final model.
    """

    name: str
    kind: ModelKind
    created: int
    owned_by: str
    base: str
    asked_base: str
    style: Style
    weights: Weights
    folder: Path
    job_id: str | None = None
    step: int | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """What an engine needs: the folder that it loads and the adapter it puts on top."""

    name: str
    base_folder: Path
    adapter: Adapter | None
    style: Style


class ModelStore(Protocol):
    def get(self, project_id: str, name: str) -> ModelRecord | None: ...
    def list(self, project_id: str) -> Sequence[ModelRecord]: ...
    def delete(self, project_id: str, name: str) -> bool:
        """Remove the record and its weights; raises InvalidRequest while an unfinished job starts from it."""


class Registry:
    def __init__(
        self,
        store: ModelStore,
        *,
        bases: Mapping[str, BaseModel],
        aliases: Mapping[str, str],
        text_names: frozenset[str],
    ) -> None:
        """`aliases` map a name to the base that answers to it; `text_names` are those that complete plain text."""
        self._store = store
        self._bases = dict(bases)
        self._aliases = dict(aliases)
        self._text_names = text_names

    def list(self, caller: Caller) -> Sequence[ModelRecord]:
        """Base models, then aliases, then the caller's own models, oldest first."""
        named = [self._base_record(name) for name in (*self._bases, *self._aliases)]
        return [*(record for record in named if record is not None), *self._store.list(caller.project_id)]

    def get(self, caller: Caller, name: str) -> ModelRecord:
        record = self.find(caller, name)
        if record is None:
            raise errors.NotFound(f"The model '{name}' does not exist", param="model", code="model_not_found")
        return record

    def find(self, caller: Caller, name: str) -> ModelRecord | None:
        return self._base_record(name) or self._store.get(caller.project_id, name)

    def delete(self, caller: Caller, name: str) -> None:
        """Forget a fine-tuned model or checkpoint and remove its weights."""
        if self.get(caller, name).kind == "base":
            raise errors.PermissionDenied(
                f"The model '{name}' is a base model and cannot be deleted; only fine-tuned models can.", param="model"
            )
        if not self._store.delete(caller.project_id, name):
            raise errors.NotFound(f"The model '{name}' does not exist", param="model", code="model_not_found")

    def resolve(self, caller: Caller, name: str) -> ResolvedModel:
        record = self.find(caller, name)
        if record is None:
            raise errors.NotFound(
                f"The model `{name}` does not exist or you do not have access to it.", code="model_not_found"
            )
        adapter = Adapter(name, str(record.folder)) if record.weights == "adapter" else None
        return ResolvedModel(name, self.base_folder(record), adapter, record.style)

    def base_folder(self, record: ModelRecord) -> Path:
        """The folder that an engine or a run loads below this model; raises InvalidModel when it is gone."""
        if record.weights != "adapter":
            return record.folder
        if record.base in self._bases:
            return self._bases[record.base].folder
        below = self._store.get(record.project_id or "", record.base)
        if below is None:
            raise errors.InvalidModel(
                f"The model '{record.name}' was tuned from '{record.base}', which is not among this service's models. "
                "Add its folder to TUNESMITH_BASE_MODELS and start the service again.",
                param="model",
            )
        return below.folder

    def _base_record(self, name: str) -> ModelRecord | None:
        base = self._bases.get(self._aliases.get(name, name))
        if base is None:
            return None
        style: Style = "text" if name in self._text_names else "chat"
        return ModelRecord(
            name=name,
            kind="base",
            created=base.created,
            owned_by=BASE_OWNER,
            base=base.name,
            asked_base=name,
            style=style,
            weights="base",
            folder=base.folder,
        )
