"""What a run tells while it goes on.

Each report's `key` is unique within the run: a resumed run repeats some, and they can be dropped.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tunesmith.findings import Finding

JsonDict = dict[str, Any]
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Resolved:
    """One number of the run and where it came from. `source` is "asked" for what the user set."""

    name: str
    value: Any
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class ResolvedReport:
    """Every number is decided and the files are read; sent first."""

    kind: ClassVar[str] = "resolved"
    hyperparameters: JsonDict
    reasons: list[Resolved]
    total_steps: int
    steps_per_epoch: int
    n_examples: int
    n_validation_examples: int
    tokens_per_epoch: int
    n_trained_parameters: int

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class WarningReport:
    """Something the user should know about the data or the run, which goes on. `line` is the first one concerned."""

    kind: ClassVar[str] = "warning"
    code: str
    message: str
    line: int | None
    number: int

    @property
    def key(self) -> str:
        return f"warning-{self.number}"


@dataclass(frozen=True, slots=True)
class BaseValidReport:
    """How the base model does on the validation file before any training."""

    kind: ClassVar[str] = "base_valid"
    full_valid_loss: float
    full_valid_mean_token_accuracy: float

    @property
    def message(self) -> str:
        return f"Base model full validation loss={self.full_valid_loss:.4f}"

    @property
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimizer step, counted from 1. Losses are in nats per trained token.

    `trained_tokens` counts all tokens of the rows seen since the start, as OpenAI bills them.
    """

    kind: ClassVar[str] = "step"
    step: int
    total_steps: int
    epoch: int
    train_loss: float
    train_mean_token_accuracy: float
    learning_rate: float
    grad_norm: float
    tokens_per_s: float
    trained_tokens: int
    valid_loss: float | None = None
    valid_mean_token_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_mean_token_accuracy: float | None = None

    @property
    def key(self) -> str:
        return f"step-{self.step}"


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """An epoch has ended and its model is on disk, loadable from `folder`."""

    kind: ClassVar[str] = "checkpoint"
    step: int
    epoch: int
    folder: str
    metrics: dict[str, float]

    @property
    def key(self) -> str:
        return f"checkpoint-{self.step}"


@dataclass(frozen=True, slots=True)
class FindingReport:
    """What the curves show by `step`, while the run goes on. Each code is said once."""

    kind: ClassVar[str] = "finding"
    step: int
    finding: Finding

    @property
    def key(self) -> str:
        return f"finding-{self.finding.code}"


@dataclass(frozen=True, slots=True)
class DiagnosisReport:
    """What the whole run's curves show; `verdict` is the most important warning's code, or "healthy"."""

    kind: ClassVar[str] = "diagnosis"
    step: int
    verdict: str
    findings: list[Finding]

    @property
    def key(self) -> str:
        return self.kind


Report = (
    ResolvedReport | WarningReport | BaseValidReport | StepReport | CheckpointReport | FindingReport | DiagnosisReport
)
_KINDS: dict[str, type[Report]] = {
    report.kind: report
    for report in (
        ResolvedReport,
        WarningReport,
        BaseValidReport,
        StepReport,
        CheckpointReport,
        FindingReport,
        DiagnosisReport,
    )
}


def to_json(report: Report) -> JsonDict:
    return {"kind": report.kind, "key": report.key, **asdict(report)}


def from_json(content: JsonDict) -> Report:
    values = {name: value for name, value in content.items() if name not in ("kind", "key")}
    if content["kind"] == ResolvedReport.kind:
        values["reasons"] = [Resolved(**reason) for reason in values["reasons"]]
    elif content["kind"] == FindingReport.kind:
        values["finding"] = _finding(values["finding"])
    elif content["kind"] == DiagnosisReport.kind:
        values["findings"] = [_finding(one) for one in values["findings"]]
    return _KINDS[content["kind"]](**values)


def _finding(content: JsonDict) -> Finding:
    return Finding(**{**content, "rows": tuple(content["rows"])})
