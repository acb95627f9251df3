"""The loss-curve doctor: one reading of the curves per file, each a Finding with its evidence and a next action.

A diagnosis is a pure function of the journal so far: a run that was killed and resumed says the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tunesmith.findings import Finding
from tunesmith.training.diagnosis import (
    diverging,
    few_validation_rows,
    flat,
    gradient_norm,
    learning_rate_too_high,
    learning_rate_too_low,
    many_epochs,
    memorised,
    not_finite,
    oscillating,
    over_fitting,
    spikes,
    under_trained,
    worse_than_base,
)
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.reports import HEALTHY, DiagnosisReport, FindingReport, Report, ResolvedReport, StepReport

Check = Callable[[Curves], Finding | None]

# The first that applies is the diagnosis; those after it are further findings.
CHECKS: tuple[Check, ...] = (
    not_finite.check,
    diverging.check,
    learning_rate_too_high.check,
    learning_rate_too_low.check,
    flat.check,
    worse_than_base.check,
    over_fitting.check,
    memorised.check,
    oscillating.check,
    spikes.check,
    gradient_norm.check,
    under_trained.check,
    many_epochs.check,
    few_validation_rows.check,
)
_TOO_LARGE = frozenset({oscillating.CODE, spikes.CODE, gradient_norm.CODE, flat.CODE, under_trained.CODE})
# What a cause makes happen is not said beside it.
EXPLAINS: dict[str, frozenset[str]] = {
    not_finite.CODE: _TOO_LARGE | {diverging.CODE, learning_rate_too_high.CODE, worse_than_base.CODE},
    diverging.CODE: _TOO_LARGE | {learning_rate_too_high.CODE, worse_than_base.CODE},
    learning_rate_too_high.CODE: _TOO_LARGE | {worse_than_base.CODE},
    learning_rate_too_low.CODE: frozenset({flat.CODE, under_trained.CODE}),
    flat.CODE: frozenset({under_trained.CODE}),
    over_fitting.CODE: frozenset({memorised.CODE}),
    spikes.CODE: frozenset({flat.CODE}),
    worse_than_base.CODE: frozenset({over_fitting.CODE, memorised.CODE}),
}
_LOOKS = 50  # a running run is examined about this often, whatever its length


def diagnose(curves: Curves) -> tuple[Finding, ...]:
    """What applies, the most important first; what one finding explains is not said beside it."""
    found = [finding for check in CHECKS if (finding := check(curves)) is not None]
    explained = _explained_by(one.code for one in found)
    return tuple(one for one in found if one.code not in explained)


def verdict(findings: Sequence[Finding]) -> str:
    """The first warning's code, or "healthy"."""
    return next((one.code for one in findings if one.severity != "info"), HEALTHY)


def news(journal: Sequence[Report]) -> list[FindingReport]:
    """What has become clear with the journal's last report, a step, and was not said before it.

    At the end of the run nothing: the diagnosis then says it all.
    """
    last, resolved = journal[-1], next((one for one in journal if isinstance(one, ResolvedReport)), None)
    if resolved is None or not isinstance(last, StepReport) or not _is_due(last, resolved.steps_per_epoch):
        return []
    said = {one.finding.code for one in journal if isinstance(one, FindingReport)}
    known = said | _explained_by(said)
    return [FindingReport(last.step, one) for one in diagnose(Curves.of(journal)) if one.code not in known]


def of_finished_run(journal: Sequence[Report]) -> DiagnosisReport:
    return _report(Curves.of(journal))


def of_failed_run(journal: Sequence[Report]) -> DiagnosisReport:
    """Of a run that stopped because the step after the journal's last one was not finite."""
    steps = sum(isinstance(one, StepReport) for one in journal)
    return _report(Curves.of(journal, failed_step=steps + 1))


def _report(curves: Curves) -> DiagnosisReport:
    findings = diagnose(curves)
    return DiagnosisReport(curves.step, verdict(findings), list(findings))


def _explained_by(codes: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(*(EXPLAINS.get(code, frozenset()) for code in codes))


def _is_due(step: StepReport, steps_per_epoch: int) -> bool:
    every = max(1, step.total_steps // _LOOKS)
    is_looked_at = step.step == 1 or step.step % every == 0 or step.step % steps_per_epoch == 0
    return is_looked_at and step.step < step.total_steps
