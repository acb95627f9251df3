"""Fine-tuning jobs: their records, what may follow what, and what a caller may do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from tunesmith import errors
from tunesmith.control import diagnosis, events, job_fields
from tunesmith.control.accounts import Caller
from tunesmith.control.diagnosis import Diagnosis
from tunesmith.control.events import EventDraft, EventRecord
from tunesmith.control.files import BlobInfo, FileRecord, Files
from tunesmith.control.pages import Page
from tunesmith.control.registry import ModelRecord, Registry
from tunesmith.data.examples import Style
from tunesmith.ids import Clock, NewId

MAX_EVENTS = 10_000_000
"""More than any job has."""


class JobStatus(StrEnum):
    VALIDATING_FILES = "validating_files"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.VALIDATING_FILES: frozenset({JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED}),
    # back to queued: the run was paused
    JobStatus.RUNNING: frozenset({JobStatus.QUEUED, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


def is_terminal(status: JobStatus) -> bool:
    return not TRANSITIONS[status]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a caller asks for. `hyperparameters` and `method` are as they came; both may be given."""

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: str | None = None
    seed: int | None = None
    hyperparameters: Mapping[str, Any] | None = None
    method: Mapping[str, Any] | None = None
    metadata: Mapping[str, str] | None = None
    integrations: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job. `hyperparameters` are as asked ("auto" or a number), `resolved` the numbers a run decided.

    `model` is the name as asked; `base` the model whose weights are loaded; `name_stem` what stands after `ft:` in the
    new model's name, `name_tag` its last part; `starts_from` the adapter it continues from. A paused job has status
    queued and `is_paused`. The lease belongs to the worker that holds the job until `lease_until` (unix seconds); only
    writes that carry the present `fencing_token` are accepted.
    """

    id: str
    project_id: str
    organization_id: str
    created_at: int
    status: JobStatus
    model: str
    base: str
    name_stem: str
    name_tag: str
    style: Style
    starts_from: str | None
    training_file: str
    validation_file: str | None
    training_sha256: str
    validation_sha256: str | None
    suffix: str | None
    seed: int
    hyperparameters: dict[str, Any]
    metadata: dict[str, str] | None = None
    integrations: list[dict[str, Any]] = field(default_factory=list)
    resolved: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    fine_tuned_model: str | None = None
    result_files: list[str] = field(default_factory=list)
    trained_tokens: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    is_paused: bool = False
    pause_requested_at: int | None = None
    cancel_requested_at: int | None = None
    lease_owner: str | None = None
    lease_until: float = 0.0
    fencing_token: int = 0
    attempts: int = 0
    lost_workers: int = 0
    last_step: int = 0
    claimed_at_step: int = 0
    total_steps: int | None = None
    queue_position: int | None = None
    """1 for the next job to run; None unless queued and not paused. Counted when read, never stored."""

    @property
    def effective_hyperparameters(self) -> dict[str, Any]:
        """What the wire shows: the numbers once they are decided, what was asked until then."""
        return {**self.hyperparameters, **(self.resolved or {})}

    @property
    def model_name(self) -> str:
        """The name of the model this job makes."""
        return f"ft:{self.name_stem}:{self.suffix or ''}:{self.name_tag}"


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    id: str
    job_id: str
    created_at: int
    step_number: int
    fine_tuned_model_checkpoint: str
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one move of a job writes, in one transaction.

    `retired_steps` are the checkpoints whose records and models go.
    """

    job: JobRecord
    events: Sequence[EventDraft] = ()
    checkpoints: Sequence[CheckpointRecord] = ()
    models: Sequence[ModelRecord] = ()
    retired_steps: Sequence[int] = ()
    files: Sequence[tuple[FileRecord, BlobInfo]] = ()


class JobStore(Protocol):
    """Each writing verb is one transaction; `now` is unix seconds."""

    def insert(self, record: JobRecord, drafts: Sequence[EventDraft], *, now: float) -> JobRecord: ...
    def get(self, project_id: str, job_id: str) -> JobRecord | None: ...
    def page(
        self, project_id: str, *, after: str | None, limit: int, metadata: Mapping[str, str] | None
    ) -> Page[JobRecord]: ...
    def amend(
        self, job_id: str, decide: Callable[[JobRecord], Change], *, now: float, project_id: str | None = None
    ) -> JobRecord | None:
        """Read the row under the write lock, let `decide` say what follows, write it; None when there is no such."""

    def events(self, job_id: str, *, after: str | None, limit: int) -> Page[EventRecord]: ...
    def events_since(self, job_id: str, seq: int, *, limit: int) -> Sequence[EventRecord]: ...
    def checkpoints(self, job_id: str, *, after: str | None, limit: int) -> Page[CheckpointRecord]: ...


class Jobs:
    def __init__(
        self,
        store: JobStore,
        files: Files,
        registry: Registry,
        *,
        organization_name: str,
        clock: Clock,
        new_id: NewId,
        new_seed: Callable[[], int],
    ) -> None:
        self._store = store
        self._files = files
        self._registry = registry
        self._organization_name = organization_name
        self._clock = clock
        self._new_id = new_id
        self._new_seed = new_seed

    def create(self, caller: Caller, request: JobRequest) -> JobRecord:
        """Check everything that can be checked without reading the rows, and put the job where a worker finds it."""
        asked = job_fields.checked_method(request.hyperparameters, request.method)
        model = self._trainable_model(caller, request.model)
        training = self._training_data(caller, request.training_file, param="training_file")
        validation = None
        if request.validation_file is not None:
            validation = self._training_data(caller, request.validation_file, param="validation_file")
        record = JobRecord(
            id=self._new_id("ftjob"),
            project_id=caller.project_id,
            organization_id=caller.organization_id,
            created_at=int(self._clock()),
            status=JobStatus.VALIDATING_FILES,
            model=request.model,
            base=model.name if model.weights == "full" else model.base,
            name_stem=f"{model.asked_base}:{self._organization_name}",
            name_tag=self._new_id("tag"),
            style=model.style,
            starts_from=model.name if model.weights == "adapter" else None,
            training_file=training.id,
            validation_file=validation.id if validation else None,
            training_sha256=training.sha256,
            validation_sha256=validation.sha256 if validation else None,
            suffix=job_fields.checked_suffix(request.suffix),
            seed=self._seed(request.seed),
            hyperparameters=asked,
            metadata=job_fields.checked_metadata(request.metadata),
            integrations=job_fields.checked_integrations(request.integrations),
        )
        drafts = [events.created(record.id), events.validating(record.training_file, record.validation_file)]
        drafts += [_integration_note(number, one) for number, one in enumerate(record.integrations)]
        return self._store.insert(record, drafts, now=self._clock())

    def get(self, caller: Caller, job_id: str) -> JobRecord:
        record = self._store.get(caller.project_id, job_id)
        if record is None:
            raise no_such_job(job_id)
        return record

    def list(
        self,
        caller: Caller,
        *,
        after: str | None = None,
        limit: int = 20,
        metadata: Mapping[str, str] | None = None,
    ) -> Page[JobRecord]:
        """Newest first. An empty `metadata` asks for jobs that have none."""
        return self._store.page(caller.project_id, after=after, limit=limit, metadata=metadata)

    def cancel(self, caller: Caller, job_id: str) -> JobRecord:
        """End the job now. A run that is under way loses its lease and is stopped; its checkpoints stay."""
        at = int(self._clock())

        def decide(job: JobRecord) -> Change:
            _refuse_if_over(job)
            job = replace(job, cancel_requested_at=at, is_paused=False, pause_requested_at=None, estimated_finish=None)
            return moved(release(job), JobStatus.CANCELLED, [events.cancelled()], finished_at=at)

        return self._amend(caller, job_id, decide)

    def pause(self, caller: Caller, job_id: str) -> JobRecord:
        """Stop after the present step, keeping everything; asking twice changes nothing."""
        at = int(self._clock())

        def decide(job: JobRecord) -> Change:
            _refuse_if_over(job)
            if job.is_paused or job.pause_requested_at is not None:
                return Change(job)
            if job.status is JobStatus.RUNNING:
                return Change(replace(job, pause_requested_at=at), [events.pause_requested()])
            return Change(replace(job, is_paused=True, pause_requested_at=at), [events.paused(job.last_step)])

        return self._amend(caller, job_id, decide)

    def resume(self, caller: Caller, job_id: str) -> JobRecord:
        """Put a paused job back in the queue; it goes on from its last checkpoint."""

        def decide(job: JobRecord) -> Change:
            _refuse_if_over(job)
            if not job.is_paused and job.pause_requested_at is None:
                raise errors.InvalidRequest(
                    f"Job is not paused: {job.id} is {job.status.value}.", code="invalid_request"
                )
            return Change(replace(job, is_paused=False, pause_requested_at=None), [events.resumed()])

        return self._amend(caller, job_id, decide)

    def events(self, caller: Caller, job_id: str, *, after: str | None = None, limit: int = 20) -> Page[EventRecord]:
        """Newest first."""
        return self._store.events(self.get(caller, job_id).id, after=after, limit=limit)

    def events_since(self, job_id: str, seq: int, *, limit: int = 1000) -> Sequence[EventRecord]:
        """Oldest first, those after `seq`. The caller must have been checked with `get` before."""
        return self._store.events_since(job_id, seq, limit=limit)

    def diagnosis(self, caller: Caller, job_id: str) -> Diagnosis:
        """What the job's loss curves say, so far or at its end."""
        job = self.get(caller, job_id)
        return diagnosis.read(self._store.events_since(job.id, 0, limit=MAX_EVENTS))

    def checkpoints(
        self, caller: Caller, job_id: str, *, after: str | None = None, limit: int = 10
    ) -> Page[CheckpointRecord]:
        """Newest first."""
        return self._store.checkpoints(self.get(caller, job_id).id, after=after, limit=limit)

    def _seed(self, asked: int | None) -> int:
        return self._new_seed() if asked is None else int(job_fields.SEEDS.check(asked, param="seed"))

    def _amend(self, caller: Caller, job_id: str, decide: Callable[[JobRecord], Change]) -> JobRecord:
        record = self._store.amend(job_id, decide, now=self._clock(), project_id=caller.project_id)
        if record is None:
            raise no_such_job(job_id)
        return record

    def _trainable_model(self, caller: Caller, name: str) -> ModelRecord:
        record = self._registry.find(caller, name)
        if record is None:
            raise errors.InvalidRequest(
                f"Model {name} is not available for fine-tuning or does not exist.", code="model_not_available"
            )
        self._registry.base_folder(record)
        return record

    def _training_data(self, caller: Caller, file_id: str, *, param: str) -> FileRecord:
        try:
            record = self._files.get(caller, file_id)
        except errors.NotFound as missing:
            raise errors.InvalidRequest(
                f"invalid {param}: {file_id}", param=param, code=f"invalid_{param}"
            ) from missing
        if record.purpose != "fine-tune":
            raise errors.InvalidRequest(
                f"File purpose must be 'fine-tune', but {file_id} was uploaded with purpose '{record.purpose}'. "
                "Upload it again with purpose 'fine-tune'.",
                param=param,
                code=f"invalid_{param}",
            )
        return record


def moved(job: JobRecord, to: JobStatus, drafts: Sequence[EventDraft] = (), **fields: Any) -> Change:
    """The change that takes this job to another status; raises Conflict when nothing may lead there."""
    if to not in TRANSITIONS[job.status]:
        raise errors.Conflict(f"Job {job.id} is {job.status.value} and cannot become {to.value}.")
    return Change(replace(job, status=to, **fields), drafts)


def release(job: JobRecord) -> JobRecord:
    """The same job without a holder; writes of the former holder are refused from now on."""
    return replace(job, lease_owner=None, lease_until=0.0, fencing_token=job.fencing_token + 1)


def no_such_job(job_id: str) -> errors.NotFound:
    return errors.NotFound(f"Could not find fine tune: {job_id}", param="fine_tune_id", code="fine_tune_not_found")


def _integration_note(number: int, integration: Mapping[str, Any]) -> EventDraft:
    kind = integration.get("type")
    message = (
        f"The integration '{kind}' is kept on the job but this service sends nothing to it; metrics are in the events."
    )
    return events.note(f"integration:{number}", message, level="warn", data={"type": kind})


def _refuse_if_over(job: JobRecord) -> None:
    if is_terminal(job.status):
        raise errors.InvalidRequest(
            f"Job has already completed: {job.id} is {job.status.value}.", code="invalid_request"
        )
