"""The worker's side of a job: claim it, say what happened, end it.

A claim is a lease with a fencing token. Whoever holds an older token is refused with LeaseLost, so a worker that was
thought dead cannot write over the one that took its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from tunesmith import errors
from tunesmith.control import events
from tunesmith.control.events import EventDraft, EventRecord
from tunesmith.control.files import RESULTS_PURPOSE, BlobInfo, FileRecord
from tunesmith.control.jobs import Change, CheckpointRecord, JobRecord, JobStatus, is_terminal, moved, release
from tunesmith.control.pages import Page
from tunesmith.control.registry import ModelRecord, Weights
from tunesmith.ids import Clock, NewId

Stage = Literal["validation", "run"]

KEPT_CHECKPOINTS = 3


class LeaseLost(errors.Conflict):
    """The job was cancelled, or another worker holds it now; stop working on it and write nothing more."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Published weights: where they lie and what they are."""

    folder: Path
    weights: Weights


class RunStore(Protocol):
    def claim_next(
        self, stage: Stage, worker_id: str, decide: Callable[[JobRecord], Change], *, now: float, lease_until: float
    ) -> JobRecord | None:
        """Take the next job of this stage: one update under the write lock, then what `decide` makes of it."""

    def renew(self, job_id: str, token: int, *, lease_until: float) -> JobRecord | None:
        """The job as it is now, with a longer lease; None when the token is no longer the present one."""

    def forget_holders(self, now: float) -> int:
        """Let every lease run out now, because whoever held one is known to be dead."""

    def unfinished(self) -> set[str]: ...
    def amend(
        self, job_id: str, decide: Callable[[JobRecord], Change], *, now: float, project_id: str | None = None
    ) -> JobRecord | None: ...
    def checkpoints(self, job_id: str, *, after: str | None, limit: int) -> Page[CheckpointRecord]: ...
    def events_since(self, job_id: str, seq: int, *, limit: int) -> Sequence[EventRecord]: ...


class Runs:
    def __init__(self, store: RunStore, *, lease_s: float, max_lost_workers: int, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._lease_s = lease_s
        self._max_lost_workers = max_lost_workers
        self._clock = clock
        self._new_id = new_id

    def claim_next(self, stage: Stage, worker_id: str) -> JobRecord | None:
        """The next job to validate or to run, now held by this worker; None when there is nothing to do.

        A job that lost too many workers without a new step is failed here, with that reason, and not handed out.
        """
        now = self._clock()
        job = self._store.claim_next(stage, worker_id, self._begin, now=now, lease_until=now + self._lease_s)
        return None if job is None or is_terminal(job.status) else job

    def renew(self, job: JobRecord) -> JobRecord:
        """The heartbeat: the job as it is now, marks included; raises LeaseLost."""
        renewed = self._store.renew(job.id, job.fencing_token, lease_until=self._clock() + self._lease_s)
        if renewed is None:
            raise LeaseLost(f"Job {job.id} is no longer held with token {job.fencing_token}.")
        return renewed

    def forget_dead_workers(self) -> int:
        """To be called by a worker that knows to be the only one alive; returns the number of jobs that were held."""
        return self._store.forget_holders(self._clock())

    def files_validated(self, job: JobRecord, notes: Sequence[EventDraft]) -> JobRecord:
        """Put the job in the queue; the runs are counted from there."""
        drafts = [*notes, events.validated()]
        return self._amend(job, lambda now: moved(release(now), JobStatus.QUEUED, drafts, attempts=0, lost_workers=0))

    def record(self, job: JobRecord, drafts: Sequence[EventDraft], **fields: Any) -> JobRecord:
        """Write events and progress; `last_step` never goes back."""

        def decide(now: JobRecord) -> Change:
            last_step = max(now.last_step, fields.get("last_step", 0))
            return Change(replace(now, **{**fields, "last_step": last_step}), drafts)

        return self._amend(job, decide)

    def has_checkpoint(self, job: JobRecord, step: int) -> bool:
        """Whether this checkpoint was recorded, though it may be retired since."""
        return any(one.step_number >= step for one in self._checkpoints(job))

    def record_checkpoint(
        self, job: JobRecord, step: int, metrics: Mapping[str, Any], published: Weighed
    ) -> Sequence[int]:
        """Name the checkpoint and make it a model; returns the steps of older ones whose weights may go now.

        The checkpoint of the last step bears the final model's name, which becomes a model when the job succeeds.
        """
        known = self._checkpoints(job)
        retired = sorted(one.step_number for one in known)[: max(0, len(known) + 1 - KEPT_CHECKPOINTS)]

        def decide(now: JobRecord) -> Change:
            is_last = step == now.total_steps
            name = now.model_name if is_last else f"{now.model_name}:ckpt-step-{step}"
            checkpoint = CheckpointRecord(
                id=self._new_id("ftckpt"),
                job_id=now.id,
                created_at=int(self._clock()),
                step_number=step,
                fine_tuned_model_checkpoint=name,
                metrics={**metrics, "step": step},
            )
            if is_last:
                return Change(now, checkpoints=[checkpoint], retired_steps=retired)
            drafts = [events.checkpoint_created(step, name)]
            models = [self._model(now, name, published, step=step)]
            return Change(now, drafts, checkpoints=[checkpoint], models=models, retired_steps=retired)

        self._amend(job, decide)
        return retired

    def succeed(
        self, job: JobRecord, *, published: Weighed, trained_tokens: int, results: BlobInfo, results_name: str
    ) -> JobRecord:
        """The new model, its results file, the last events and the status: one transaction."""
        at = int(self._clock())
        file = FileRecord(
            id=self._new_id("file"),
            project_id=job.project_id,
            filename=results_name,
            purpose=RESULTS_PURPOSE,
            bytes=results.size_bytes,
            sha256=results.sha256,
            created_at=at,
        )
        name = job.model_name

        def decide(now: JobRecord) -> Change:
            change = moved(
                release(now),
                JobStatus.SUCCEEDED,
                [events.model_created(name), events.completed()],
                fine_tuned_model=name,
                finished_at=at,
                estimated_finish=None,
                pause_requested_at=None,
                trained_tokens=trained_tokens,
                result_files=[file.id],
            )
            return replace(change, models=[self._model(job, name, published, step=None)], files=[(file, results)])

        return self._amend(job, decide)

    def fail(
        self, job: JobRecord, message: str, *, code: str, param: str | None = None, said: str | None = None
    ) -> JobRecord:
        """End the job; `message` is the reason, `said` the words of the event where they differ."""
        return self._amend(job, lambda now: self._failure(now, message, code=code, param=param, said=said))

    def stopped(self, job: JobRecord) -> JobRecord:
        """The run stopped at a checkpoint as it was asked to: paused, or back in the queue when resumed meanwhile."""

        def decide(now: JobRecord) -> Change:
            is_paused = now.pause_requested_at is not None
            drafts = [events.paused(now.last_step)] if is_paused else []
            return moved(release(now), JobStatus.QUEUED, drafts, is_paused=is_paused, estimated_finish=None)

        return self._amend(job, decide)

    def give_back(self, job: JobRecord) -> JobRecord:
        """The worker goes away in good order; the next one takes the job at once."""
        return self._amend(job, lambda now: Change(release(now)))

    def lose(self, job: JobRecord) -> JobRecord:
        """The run's process died; let the lease run out now, which counts as a lost worker at the next claim."""
        return self._amend(job, lambda now: Change(replace(now, lease_until=0.0)))

    def unfinished(self) -> set[str]:
        """The ids of the jobs that may still run."""
        return self._store.unfinished()

    def step_metrics(self, job: JobRecord) -> list[dict[str, Any]]:
        """The data of every step's metrics event so far, in order."""
        rows = [
            event.data or {}
            for event in self._store.events_since(job.id, 0, limit=10_000_000)
            if event.type == "metrics"
        ]
        return sorted(rows, key=lambda row: int(row["step"]))

    def _checkpoints(self, job: JobRecord) -> Sequence[CheckpointRecord]:
        return self._store.checkpoints(job.id, after=None, limit=10_000).data

    def _begin(self, job: JobRecord) -> Change:
        if job.lost_workers >= self._max_lost_workers:
            reason = f"its process was lost {job.lost_workers} times without getting any further (step {job.last_step})"
            return self._failure(
                job, f"The job failed due to an internal error: {reason}.", code="worker_lost", param=None
            )
        if job.status is JobStatus.QUEUED:
            started_at = job.started_at or int(self._clock())
            return moved(job, JobStatus.RUNNING, [events.started()], started_at=started_at)
        return Change(job)

    def _failure(
        self, job: JobRecord, message: str, *, code: str, param: str | None, said: str | None = None
    ) -> Change:
        return moved(
            release(job),
            JobStatus.FAILED,
            [events.failed(said or message, code=code, param=param)],
            error={"code": code, "message": message, "param": param},
            finished_at=int(self._clock()),
            estimated_finish=None,
            pause_requested_at=None,
            is_paused=False,
        )

    def _model(self, job: JobRecord, name: str, published: Weighed, *, step: int | None) -> ModelRecord:
        return ModelRecord(
            name=name,
            kind="fine_tuned" if step is None else "checkpoint",
            created=int(self._clock()),
            owned_by=job.organization_id,
            base=job.base,
            asked_base=job.name_stem.rsplit(":", 1)[0],
            style=job.style,
            weights=published.weights,
            folder=published.folder,
            job_id=job.id,
            step=step,
            project_id=job.project_id,
        )

    def _amend(self, job: JobRecord, decide: Callable[[JobRecord], Change]) -> JobRecord:
        def fenced(now: JobRecord) -> Change:
            if now.fencing_token != job.fencing_token:
                raise LeaseLost(f"Job {job.id} is no longer held with token {job.fencing_token}.")
            return decide(now)

        record = self._store.amend(job.id, fenced, now=self._clock())
        if record is None:
            raise LeaseLost(f"Job {job.id} is gone.")
        return record
