"""/v1/fine_tuning/jobs, their events and their checkpoints."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from tunesmith.api.auth import CallerDep
from tunesmith.api.pagination import After, ends_of, limit_up_to
from tunesmith.api.route import Route
from tunesmith.api.services import Services, ServicesDep
from tunesmith.api.sse import DONE, EventStream, frame
from tunesmith.control.accounts import Caller
from tunesmith.control.events import EventRecord
from tunesmith.control.hyperparameters import CHOICES, RANGES
from tunesmith.control.jobs import CheckpointRecord, JobRecord, JobRequest, is_terminal

router = APIRouter(prefix="/v1/fine_tuning/jobs", route_class=Route, tags=["Fine-tuning"])

FOLLOW_EVERY_S = 0.5


# control/hyperparameters.py checks the values; this is only what the OpenAPI document shows.
HYPERPARAMETERS_SCHEMA: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        **{name: {"anyOf": [{"type": "string", "const": "auto"}, one.to_schema()]} for name, one in RANGES.items()},
        **{name: {"type": "string", "enum": [*choices, "auto"]} for name, choices in CHOICES.items()},
    },
}
Hyperparameters = Annotated[dict[str, Any], WithJsonSchema(HYPERPARAMETERS_SCHEMA)]


class SupervisedParam(BaseModel):
    hyperparameters: Hyperparameters | None = None


class MethodParam(BaseModel):
    """`dpo` and `reinforcement` may be sent beside `supervised`; only the one named by `type` is read."""

    model_config = ConfigDict(strict=True)

    type: str | None = None
    supervised: SupervisedParam | None = None


class CreateFineTuningJob(BaseModel):
    model_config = ConfigDict(strict=True)

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: str | None = None
    seed: int | None = None
    hyperparameters: Hyperparameters | None = None
    method: MethodParam | None = None
    metadata: dict[str, str] | None = None
    integrations: list[dict[str, Any]] | None = None


class Supervised(BaseModel):
    hyperparameters: dict[str, int | float | str]


class Method(BaseModel):
    type: Literal["supervised"] = "supervised"
    supervised: Supervised


class JobError(BaseModel):
    code: str
    message: str
    param: str | None = None


class FineTuningJob(BaseModel):
    """OpenAI's object, and four keys of ours: `paused`, `queue_position`, `last_step` and `total_steps`."""

    id: str
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: int
    model: str
    organization_id: str
    status: Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled"]
    training_file: str
    validation_file: str | None
    hyperparameters: dict[str, int | float | str]
    method: Method
    seed: int
    error: JobError | None
    fine_tuned_model: str | None
    finished_at: int | None
    estimated_finish: int | None
    trained_tokens: int | None
    result_files: list[str]
    integrations: list[dict[str, Any]]
    metadata: dict[str, str] | None
    user_provided_suffix: str | None
    usage_metrics: None = None
    shared_with_openai: Literal[False] = False
    paused: bool = Field(description="Waits for `resume`; its status is then `queued`, which official clients know.")
    queue_position: int | None = Field(description="1 for the next job to run, null unless it waits.")
    last_step: int
    total_steps: int | None


class FineTuningJobList(BaseModel):
    object: Literal["list"] = "list"
    data: list[FineTuningJob]
    has_more: bool


class Event(BaseModel):
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    id: str
    created_at: int
    level: Literal["info", "warn", "error"]
    message: str
    type: Literal["message", "metrics"]
    data: dict[str, Any] | None


class EventList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Event]
    has_more: bool


class Checkpoint(BaseModel):
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    id: str
    created_at: int
    fine_tuned_model_checkpoint: str
    fine_tuning_job_id: str
    step_number: int
    metrics: dict[str, float | None]


class CheckpointList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Checkpoint]
    first_id: str | None
    last_id: str | None
    has_more: bool


def job_object(job: JobRecord) -> FineTuningJob:
    return FineTuningJob(
        id=job.id,
        created_at=job.created_at,
        model=job.model,
        organization_id=job.organization_id,
        status=job.status.value,
        training_file=job.training_file,
        validation_file=job.validation_file,
        hyperparameters=job.effective_hyperparameters,
        method=Method(supervised=Supervised(hyperparameters=job.effective_hyperparameters)),
        seed=job.seed,
        error=None if job.error is None else JobError(**job.error),
        fine_tuned_model=job.fine_tuned_model,
        finished_at=job.finished_at,
        estimated_finish=job.estimated_finish,
        trained_tokens=job.trained_tokens,
        result_files=job.result_files,
        integrations=job.integrations,
        metadata=job.metadata,
        user_provided_suffix=job.suffix,
        paused=job.is_paused,
        queue_position=job.queue_position,
        last_step=job.last_step,
        total_steps=job.total_steps,
    )


def event_object(event: EventRecord) -> Event:
    return Event(
        id=event.id,
        created_at=event.created_at,
        level=event.level,
        message=event.message,
        type=event.type,
        data=event.data,
    )


def checkpoint_object(checkpoint: CheckpointRecord) -> Checkpoint:
    return Checkpoint(
        id=checkpoint.id,
        created_at=checkpoint.created_at,
        fine_tuned_model_checkpoint=checkpoint.fine_tuned_model_checkpoint,
        fine_tuning_job_id=checkpoint.job_id,
        step_number=checkpoint.step_number,
        metrics=checkpoint.metrics,
    )


@router.post("")
def create_job(body: CreateFineTuningJob, caller: CallerDep, services: ServicesDep) -> FineTuningJob:
    asked = JobRequest(
        model=body.model,
        training_file=body.training_file,
        validation_file=body.validation_file,
        suffix=body.suffix,
        seed=body.seed,
        hyperparameters=body.hyperparameters,
        method=body.method.model_dump(exclude_none=True) if body.method else None,
        metadata=body.metadata,
        integrations=body.integrations or (),
    )
    return job_object(services.jobs.create(caller, asked))


@router.get("")
def list_jobs(
    request: Request,
    caller: CallerDep,
    services: ServicesDep,
    after: After = None,
    limit: Annotated[int, limit_up_to(100)] = 20,
) -> FineTuningJobList:
    page = services.jobs.list(caller, after=after, limit=limit, metadata=_metadata_filter(request))
    return FineTuningJobList(data=[job_object(job) for job in page.data], has_more=page.has_more)


def _metadata_filter(request: Request) -> dict[str, str] | None:
    """`metadata[k]=v` pairs; `metadata=null` asks for jobs without any, which is the empty filter."""
    wanted = {
        key.removeprefix("metadata[").removesuffix("]"): value
        for key, value in request.query_params.multi_items()
        if key.startswith("metadata[") and key.endswith("]")
    }
    if not wanted and request.query_params.get("metadata") != "null":
        return None
    return wanted


@router.get("/{job_id}")
def retrieve_job(job_id: str, caller: CallerDep, services: ServicesDep) -> FineTuningJob:
    return job_object(services.jobs.get(caller, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(job_id: str, caller: CallerDep, services: ServicesDep) -> FineTuningJob:
    return job_object(services.jobs.cancel(caller, job_id))


@router.post("/{job_id}/pause")
def pause_job(job_id: str, caller: CallerDep, services: ServicesDep) -> FineTuningJob:
    return job_object(services.jobs.pause(caller, job_id))


@router.post("/{job_id}/resume")
def resume_job(job_id: str, caller: CallerDep, services: ServicesDep) -> FineTuningJob:
    return job_object(services.jobs.resume(caller, job_id))


@router.get("/{job_id}/events", response_model=EventList)
def list_events(
    job_id: str,
    caller: CallerDep,
    services: ServicesDep,
    after: After = None,
    limit: Annotated[int, limit_up_to(1000)] = 20,
    stream: Annotated[bool, Query(description="Server-sent events, oldest first, until the job ends.")] = False,
) -> EventList | Response:
    if stream:
        services.jobs.get(caller, job_id)
        return EventStream(_follow(services, caller, job_id))
    page = services.jobs.events(caller, job_id, after=after, limit=limit)
    return EventList(data=[event_object(event) for event in page.data], has_more=page.has_more)


async def _follow(services: Services, caller: Caller, job_id: str) -> AsyncGenerator[bytes, None]:
    """All events from the first, then each new one, until the job is over and everything has been told."""
    seq = 0
    while True:
        # Asked before the events: whatever a finished job had to say is then already written.
        is_over = is_terminal((await run_in_threadpool(services.jobs.get, caller, job_id)).status)
        events = await run_in_threadpool(services.jobs.events_since, job_id, seq)
        for event in events:
            yield frame(event_object(event).model_dump())
            seq = event.seq
        if is_over and not events:
            yield DONE
            return
        if not events:
            await anyio.sleep(FOLLOW_EVERY_S)


@router.get("/{job_id}/checkpoints")
def list_checkpoints(
    job_id: str,
    caller: CallerDep,
    services: ServicesDep,
    after: After = None,
    limit: Annotated[int, limit_up_to(100)] = 10,
) -> CheckpointList:
    page = services.jobs.checkpoints(caller, job_id, after=after, limit=limit)
    first_id, last_id = ends_of([checkpoint.id for checkpoint in page.data])
    return CheckpointList(
        data=[checkpoint_object(checkpoint) for checkpoint in page.data],
        first_id=first_id,
        last_id=last_id,
        has_more=page.has_more,
    )
