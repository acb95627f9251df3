"""Augmentations: durable requests for new rows made by a model, with progress, a pause for review, and a new file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from tunesmith import errors
from tunesmith.control.accounts import Caller
from tunesmith.control.files import BlobInfo, FileRecord, Files
from tunesmith.control.pages import Page
from tunesmith.control.registry import Registry
from tunesmith.ids import Clock, NewId

LOCAL = "local"
"""The endpoint that is this service itself."""


class AugmentationStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_S = AugmentationStatus

TRANSITIONS: dict[AugmentationStatus, frozenset[AugmentationStatus]] = {
    _S.QUEUED: frozenset({_S.RUNNING, _S.PAUSED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.QUEUED, _S.PAUSED, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.QUEUED, _S.CANCELLED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset({_S.QUEUED}),  # what was made is kept, so a failed one can go on
    _S.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class AugmentationRecord:
    """`request` is what was asked for, `corrections` are rows that a reader called bad, with reasons.

    `is_under_review`: paused because the first rows wait for a reader. `progress` is the worker's last word; `rows` are
    the first of those made, each {"id", "value"}.
    """

    id: str
    project_id: str
    organization_id: str
    created_at: int
    status: AugmentationStatus
    file_id: str
    filename: str
    sha256: str
    request: dict[str, Any]
    corrections: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    is_under_review: bool = False
    is_reviewed: bool = False
    is_pause_wanted: bool = False
    result_file: str | None = None
    error: dict[str, Any] | None = None
    started_at: int | None = None
    finished_at: int | None = None


@dataclass(frozen=True, slots=True)
class AugmentationRequest:
    """`n` new rows from this file by `recipe`; `model` at `endpoint` writes them. `review_first` rows wait for a reader
    before the others are made; 0 does without."""

    file: str
    recipe: str
    n: int
    model: str
    endpoint: str = LOCAL
    instructions: str | None = None
    review_first: int = 20
    seed: int = 0
    temperature: float = 0.8
    validation_file: str | None = None


Decide = Callable[[AugmentationRecord], AugmentationRecord]


class AugmentationStore(Protocol):
    def insert(self, record: AugmentationRecord) -> None: ...
    def get(self, project_id: str, augmentation_id: str) -> AugmentationRecord | None: ...
    def find(self, augmentation_id: str) -> AugmentationRecord | None:
        """In any project: for the worker."""

    def page(self, project_id: str, *, after: str | None, limit: int) -> Page[AugmentationRecord]: ...
    def amend(
        self, augmentation_id: str, decide: Decide, *, results: tuple[FileRecord, BlobInfo] | None = None
    ) -> AugmentationRecord | None:
        """Read, decide and write in one transaction, which also takes the results' bytes."""

    def first(self, status: AugmentationStatus) -> AugmentationRecord | None: ...
    def with_status(self, status: AugmentationStatus) -> Sequence[AugmentationRecord]: ...


class Augmentations:
    def __init__(
        self,
        store: AugmentationStore,
        files: Files,
        registry: Registry,
        *,
        recipes: Sequence[str],
        endpoints: Mapping[str, object],
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """`endpoints` are the other services whose models may write rows; a request names one, never an address."""
        self._store = store
        self._files = files
        self._registry = registry
        self._recipes = tuple(recipes)
        self._endpoints = (LOCAL, *endpoints)
        self._clock = clock
        self._new_id = new_id

    def create(self, caller: Caller, request: AugmentationRequest) -> AugmentationRecord:
        """Queue it. Raises InvalidRequest for an unknown recipe or endpoint, NotFound for a file or model."""
        _check_choice("recipe", request.recipe, self._recipes)
        _check_choice("endpoint", request.endpoint, self._endpoints)
        if request.endpoint == LOCAL:
            self._registry.resolve(caller, request.model)
        file = self._files.get(caller, request.file)
        validation = self._files.get(caller, request.validation_file) if request.validation_file else None
        record = AugmentationRecord(
            id=self._new_id("aug"),
            project_id=caller.project_id,
            organization_id=caller.organization_id,
            created_at=int(self._clock()),
            status=_S.QUEUED,
            file_id=file.id,
            filename=file.filename,
            sha256=file.sha256,
            request={
                "recipe": request.recipe,
                "n": request.n,
                "model": request.model,
                "endpoint": request.endpoint,
                "instructions": request.instructions,
                "review_first": min(request.review_first, request.n),
                "seed": request.seed,
                "temperature": request.temperature,
                "validation_file": request.validation_file,
                "validation_sha256": validation.sha256 if validation else None,
            },
        )
        self._store.insert(record)
        return record

    def get(self, caller: Caller, augmentation_id: str) -> AugmentationRecord:
        record = self._store.get(caller.project_id, augmentation_id)
        if record is None:
            raise errors.NotFound(f"No such augmentation: {augmentation_id}", param="id")
        return record

    def list(self, caller: Caller, *, after: str | None, limit: int) -> Page[AugmentationRecord]:
        return self._store.page(caller.project_id, after=after, limit=limit)

    def cancel(self, caller: Caller, augmentation_id: str) -> AugmentationRecord:
        """At once; a worker that is making rows notices and stops."""
        self.get(caller, augmentation_id)
        return self._amend(augmentation_id, lambda now: self._moved(now, _S.CANCELLED, finished_at=self._now()))

    def pause(self, caller: Caller, augmentation_id: str) -> AugmentationRecord:
        """A running one is paused when the row being made is done."""
        self.get(caller, augmentation_id)

        def decide(now: AugmentationRecord) -> AugmentationRecord:
            if now.status == _S.RUNNING:
                return replace(now, is_pause_wanted=True)
            return self._moved(now, _S.PAUSED)

        return self._amend(augmentation_id, decide)

    def resume(
        self, caller: Caller, augmentation_id: str, corrections: Sequence[Mapping[str, Any]]
    ) -> AugmentationRecord:
        """Go on, with what a reader found wrong in the rows made so far shown to the model as bad examples."""
        self.get(caller, augmentation_id)

        def decide(now: AugmentationRecord) -> AugmentationRecord:
            known = [row["id"] for row in now.rows]
            unknown = [one["row"] for one in corrections if one["row"] not in known]
            if unknown:
                raise errors.InvalidRequest(
                    f"There is no row '{unknown[0]}'; 'rows' holds {', '.join(known[:3]) or 'none yet'}.",
                    param="corrections",
                    code="invalid_value",
                )
            return self._moved(
                now,
                _S.QUEUED,
                corrections=[*now.corrections, *map(dict, corrections)],
                is_reviewed=now.is_reviewed or now.is_under_review,
                is_under_review=False,
                is_pause_wanted=False,
                error=None,
                finished_at=None,
            )

        return self._amend(augmentation_id, decide)

    # the worker's side

    def put_back(self) -> int:
        """To be called by a worker that knows to be the only one alive: what ran goes back to the queue."""
        held = self._store.with_status(_S.RUNNING)
        for record in held:
            self._amend(record.id, lambda now: self._moved(now, _S.QUEUED))
        return len(held)

    def claim_next(self) -> AugmentationRecord | None:
        waiting = self._store.first(_S.QUEUED)
        if waiting is None:
            return None
        try:
            return self._amend(
                waiting.id, lambda now: self._moved(now, _S.RUNNING, started_at=now.started_at or self._now())
            )
        except errors.Conflict:  # cancelled in between; the next look finds the next one
            return None

    def record(
        self, augmentation_id: str, progress: Mapping[str, Any], rows: Sequence[dict[str, Any]]
    ) -> AugmentationRecord:
        """Write the worker's progress and read the owner's wishes."""
        return self._amend(augmentation_id, lambda now: replace(now, progress=dict(progress), rows=list(rows)))

    def read(self, augmentation_id: str) -> AugmentationRecord:
        """As it is now, for whoever works on it."""
        record = self._store.find(augmentation_id)
        if record is None:
            raise errors.NotFound(f"No such augmentation: {augmentation_id}", param="id")
        return record

    def paused(self, augmentation_id: str, *, for_review: bool) -> AugmentationRecord:
        return self._amend(
            augmentation_id,
            lambda now: self._moved(now, _S.PAUSED, is_under_review=for_review, is_pause_wanted=False),
        )

    def give_back(self, augmentation_id: str) -> AugmentationRecord:
        """The worker is leaving; the next one goes on."""
        return self._amend(augmentation_id, lambda now: self._moved(now, _S.QUEUED))

    def fail(self, augmentation_id: str, message: str, *, code: str) -> AugmentationRecord:
        error = {"message": message, "code": code, "param": None}
        return self._amend(
            augmentation_id, lambda now: self._moved(now, _S.FAILED, error=error, finished_at=self._now())
        )

    def succeed(self, augmentation_id: str, blob: BlobInfo, filename: str) -> AugmentationRecord:
        """The result becomes a file in the same transaction."""
        file_id = self._new_id("file")

        def decide(now: AugmentationRecord) -> AugmentationRecord:
            return self._moved(now, _S.SUCCEEDED, result_file=file_id, finished_at=self._now())

        holder = self.read(augmentation_id)
        file = FileRecord(
            id=file_id,
            project_id=holder.project_id,
            filename=filename,
            purpose="fine-tune",
            bytes=blob.size_bytes,
            sha256=blob.sha256,
            created_at=self._now(),
        )
        return self._amend(augmentation_id, decide, results=(file, blob))

    def _moved(self, record: AugmentationRecord, to: AugmentationStatus, **changes: Any) -> AugmentationRecord:
        if to not in TRANSITIONS[record.status]:
            raise errors.Conflict(f"Augmentation {record.id} is {record.status}; it cannot become {to}.")
        return replace(record, status=to, **changes)

    def _amend(
        self, augmentation_id: str, decide: Decide, *, results: tuple[FileRecord, BlobInfo] | None = None
    ) -> AugmentationRecord:
        amended = self._store.amend(augmentation_id, decide, results=results)
        if amended is None:
            raise errors.NotFound(f"No such augmentation: {augmentation_id}", param="id")
        return amended

    def _now(self) -> int:
        return int(self._clock())


def _check_choice(param: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise errors.InvalidRequest(
            f"Invalid value: '{value}'. Supported values are: {listed}.", param=param, code="invalid_value"
        )
