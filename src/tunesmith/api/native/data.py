"""/tunesmith/v1/files/{file_id}/...: look at an uploaded file, check it, mend it, convert it, split it, estimate it.

Nothing changes the file itself: what an operation makes is a new file, ready to be trained on.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, JsonValue, model_validator

from tunesmith.api.auth import CallerDep
from tunesmith.api.native.body import Body
from tunesmith.api.openai.files import File, file_object
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.control.desk import Outcome
from tunesmith.errors import InvalidRequest
from tunesmith.settings import EMBEDDED_MODEL

router = APIRouter(prefix="/tunesmith/v1", route_class=Route, tags=["Data"])

FormatName = Literal["chat", "prompt_completion", "alpaca", "sharegpt", "preference", "reinforcement"]
Container = Literal["jsonl", "json", "csv", "tsv", "parquet"]
Facts = dict[str, JsonValue]


class Reading(Body):
    """How to read the file, where it does not say so itself."""

    format: FormatName | None = None
    mapping: dict[str, str] | None = Field(None, description='Column -> field, such as {"question": "prompt"}.')
    encoding: Literal["utf-8", "utf-16", "gb18030", "cp1252"] | None = None
    sheet: str | None = None


class LintOptions(Reading):
    model: str = Field(EMBEDDED_MODEL, description="The model whose tokenizer counts, and whose context is the limit.")
    validation_file: str | None = None
    only: list[str] | None = Field(None, description="Codes of the checks to run.")
    skip: list[str] | None = Field(None, description="Codes of the checks to leave out.")
    thresholds: dict[str, float] = Field({}, description="Thresholds by name; GET /tunesmith/v1/checks lists them.")
    near_duplicates: bool = True


class ReportOptions(LintOptions):
    language: Literal["en", "zh"] = "en"


class FixOptions(LintOptions):
    fixes: list[str] | None = Field(None, description="Codes of fixes; null takes the recommended ones.")
    dry_run: bool = Field(False, description="Only say what would change.")
    filename: str | None = None


class ConvertOptions(Reading):
    to: FormatName
    container: Container = "jsonl"
    filename: str | None = None


class SplitOptions(Reading):
    valid_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    n_valid: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @model_validator(mode="after")
    def _refuse_both(self) -> Self:
        if "valid_share" in self.model_fields_set and self.n_valid is not None:
            message = "Give 'valid_share' or 'n_valid', not both."
            raise InvalidRequest(message, param="n_valid", code="invalid_value")
        return self


class EstimateOptions(Reading):
    model: str = EMBEDDED_MODEL
    hyperparameters: dict[str, JsonValue] = Field({})
    measure: bool = Field(True, description="Time a few real steps; takes about ten seconds.")


class PiiOptions(Reading):
    action: Literal["find", "mask", "drop"] = "find"
    filename: str | None = None


class DataResult(BaseModel):
    """What was found or done, and the new files, by their part: `file`, or `training_file` and `validation_file`."""

    object: Literal["data.result"] = "data.result"
    operation: str
    result: Facts
    files: dict[str, File]


class Checks(BaseModel):
    object: Literal["list"] = "list"
    data: list[Facts]


def _said(operation: str, outcome: Outcome) -> DataResult:
    files = {part: file_object(record) for part, record in outcome.files.items()}
    return DataResult(operation=operation, result=outcome.facts, files=files)


def _options(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(exclude={"filename"}, exclude_none=True)


@router.get("/checks")
def list_checks(_: CallerDep, services: ServicesDep) -> Checks:
    return Checks(data=services.desk.checks()["checks"])


@router.post("/files/{file_id}/look")
def look(file_id: str, body: Reading, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("look", services.desk.carry_out(caller, "look", file_id, _options(body)))


@router.post("/files/{file_id}/lint")
def lint(file_id: str, body: LintOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("lint", services.desk.carry_out(caller, "lint", file_id, _options(body)))


@router.post("/files/{file_id}/report", response_class=Response)
def report(file_id: str, body: ReportOptions, caller: CallerDep, services: ServicesDep) -> Response:
    """The lint as one self-contained HTML page."""
    outcome = services.desk.carry_out(caller, "report", file_id, _options(body))
    return Response(outcome.facts["html"], media_type="text/html; charset=utf-8")


@router.post("/files/{file_id}/fix")
def fix(file_id: str, body: FixOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("fix", services.desk.carry_out(caller, "fix", file_id, _options(body), filename=body.filename))


@router.post("/files/{file_id}/convert")
def convert(file_id: str, body: ConvertOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("convert", services.desk.carry_out(caller, "convert", file_id, _options(body), filename=body.filename))


@router.post("/files/{file_id}/split")
def split(file_id: str, body: SplitOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("split", services.desk.carry_out(caller, "split", file_id, _options(body)))


@router.post("/files/{file_id}/estimate")
def estimate(file_id: str, body: EstimateOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("estimate", services.desk.carry_out(caller, "estimate", file_id, _options(body)))


@router.post("/files/{file_id}/pii")
def pii(file_id: str, body: PiiOptions, caller: CallerDep, services: ServicesDep) -> DataResult:
    return _said("pii", services.desk.carry_out(caller, "pii", file_id, _options(body), filename=body.filename))
