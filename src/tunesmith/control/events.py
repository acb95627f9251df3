"""What happened to a job, in OpenAI's words and order.

Each event has a key that is unique within its job: a run that resumes says again what it said since its last
checkpoint, and what was already written is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["info", "warn", "error"]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """`seq` counts 1, 2, 3, ... within the job."""

    id: str
    job_id: str
    seq: int
    created_at: int
    level: Level
    message: str
    type: Literal["message", "metrics"]
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event about to be written. Without a key it is always written."""

    key: str | None
    message: str
    level: Level = "info"
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Any] | None = field(default_factory=dict)


def created(job_id: str) -> EventDraft:
    return EventDraft("created", f"Created fine-tuning job: {job_id}")


def validating(training_file: str, validation_file: str | None) -> EventDraft:
    message = f"Validating training file: {training_file}"
    if validation_file is not None:
        message += f" and validation file: {validation_file}"
    return EventDraft("validating", message)


def validated() -> EventDraft:
    return EventDraft("validated", "Files validated, moving job to queued state")


def started() -> EventDraft:
    return EventDraft("started", "Fine-tuning job started", data=None)


STEP_METRICS = (
    "train_loss",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)
_LOSS_WORDS = (("train_loss", "training"), ("valid_loss", "validation"), ("full_valid_loss", "full validation"))


def step(number: int, total_steps: int, metrics: Mapping[str, float | None]) -> EventDraft:
    """The metrics of one optimizer update; those that were not measured at this step are left out."""
    measured = {name: metrics[name] for name in STEP_METRICS if metrics.get(name) is not None}
    losses = ", ".join(f"{word} loss={measured[name]:.2f}" for name, word in _LOSS_WORDS if name in measured)
    data = {"step": number, "total_steps": total_steps, **measured}
    return EventDraft(f"step:{number}", f"Step {number}/{total_steps}: {losses}", type="metrics", data=data)


def checkpoint_created(step_number: int, snapshot: str) -> EventDraft:
    message = f"Checkpoint created at step {step_number} with Snapshot ID: {snapshot}"
    return EventDraft(f"checkpoint:{step_number}", message, data={"step": step_number, "snapshot_id": snapshot})


def model_created(name: str) -> EventDraft:
    return EventDraft("model_created", f"New fine-tuned model created: {name}")


def completed() -> EventDraft:
    return EventDraft("completed", "The job has successfully completed")


def failed(message: str, *, code: str, param: str | None) -> EventDraft:
    return EventDraft("failed", message, level="error", data={"error_code": code, "error_param": param})


def cancelled() -> EventDraft:
    return EventDraft("cancelled", "Fine-tuning job cancelled")


def pause_requested() -> EventDraft:
    return EventDraft(None, "Fine-tuning job will pause after the present step")


def paused(step_number: int | None) -> EventDraft:
    if not step_number:
        return EventDraft(None, "Fine-tuning job paused")
    return EventDraft(None, f"Fine-tuning job paused at step {step_number}", data={"step": step_number})


def resumed() -> EventDraft:
    return EventDraft(None, "Fine-tuning job resumed, moving job to queued state")


def note(key: str, message: str, *, level: Level = "info", data: dict[str, Any] | None = None) -> EventDraft:
    """An event of our own, such as the reason for an `auto` value or the number of examples that were cut."""
    return EventDraft(f"note:{key}", message, level=level, data=data or {})
