"""The curves of tests/training/curves, made by scripts/make_curves.py, as the journals of the runs they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.findings import Finding
from tunesmith.training import diagnosis
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.reports import BaseValidReport, FindingReport, Report, Resolved, ResolvedReport, StepReport

FOLDER = Path(__file__).parent / "curves"


@dataclass(frozen=True)
class Made:
    """One run of the library: what was done to it, the rows it learnt from, and what it measured."""

    name: str
    what: str
    curves: Curves


def library() -> list[Made]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        found.append(Made(path.stem, content["name"], Curves.from_json(content["curves"])))
    return found


def journal(curves: Curves) -> Iterator[Report]:
    """The reports that these curves were read from, in their order."""
    yield ResolvedReport(
        hyperparameters=dict(curves.hyperparameters),
        reasons=[Resolved(name, None, "asked for", "asked") for name in curves.asked],
        total_steps=curves.total_steps,
        steps_per_epoch=curves.steps_per_epoch,
        n_examples=curves.n_examples,
        n_validation_examples=curves.n_validation_examples,
        tokens_per_epoch=curves.tokens_per_epoch,
        n_trained_parameters=0,
    )
    if curves.base_valid_loss is not None:
        yield BaseValidReport(curves.base_valid_loss, 0.0)
    valid = dict(curves.valid)
    full = {step: loss for _, step, loss in curves.full_valid}
    for at, loss in enumerate(curves.train_loss, 1):
        yield StepReport(
            step=at,
            total_steps=curves.total_steps,
            epoch=(at - 1) // curves.steps_per_epoch + 1,
            train_loss=loss,
            train_mean_token_accuracy=0.0,
            learning_rate=curves.learning_rate[at - 1],
            grad_norm=curves.grad_norm[at - 1],
            tokens_per_s=0.0,
            trained_tokens=0,
            valid_loss=valid.get(at),
            full_valid_loss=full.get(at),
        )


def lived_through(curves: Curves) -> list[Report]:
    """The journal of such a run, with what the doctor said on the way."""
    written: list[Report] = []
    for report in journal(curves):
        written.append(report)
        written += diagnosis.news(written)
    return written


def said_on_the_way(curves: Curves) -> list[Finding]:
    return [report.finding for report in lived_through(curves) if isinstance(report, FindingReport)]


def warnings(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings if finding.severity != "info"]
