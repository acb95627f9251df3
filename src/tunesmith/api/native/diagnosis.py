"""/tunesmith/v1/fine_tuning/jobs/{id}/diagnosis: what a job's loss curves say, while it runs and at its end."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, JsonValue

from tunesmith.api.auth import CallerDep
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep

router = APIRouter(prefix="/tunesmith/v1/fine_tuning/jobs", route_class=Route, tags=["Fine-tuning"])


class Diagnosis(BaseModel):
    object: Literal["fine_tuning.job.diagnosis"] = "fine_tuning.job.diagnosis"
    job_id: str
    is_final: bool = Field(description="False while the run goes on: then `findings` is what has become clear so far.")
    step: int | None = Field(description="The last step that was read.")
    verdict: str | None = Field(description="'healthy' or the most important warning's code; null while all is well.")
    findings: list[dict[str, JsonValue]] = Field(description="Each with evidence and `next` actions in its `facts`.")


@router.get("/{job_id}/diagnosis")
def retrieve_diagnosis(job_id: str, caller: CallerDep, services: ServicesDep) -> Diagnosis:
    found = services.jobs.diagnosis(caller, job_id)
    return Diagnosis(
        job_id=job_id, is_final=found.is_final, step=found.step, verdict=found.verdict, findings=found.findings
    )
