"""What a job's loss curves say, kept as events of the job: findings while it runs, and at its end the diagnosis.

The worker writes them, because only training reads curves; whoever asks for a job's diagnosis gets what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.control import events
from tunesmith.control.events import EventDraft, EventRecord
from tunesmith.findings import Finding

_MARK = "diagnosis"
_NOTICED, _FINDING, _CONCLUDED = "noticed", "finding", "concluded"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`verdict` is the most important warning's code or "healthy", and None as long as the run goes on unwarned.

    `findings` are in the form of Finding.to_json; those of a run that goes on may be overtaken by its end.
    """

    is_final: bool
    step: int | None
    verdict: str | None
    findings: list[dict[str, Any]]


def noticed(step: int, finding: Finding) -> EventDraft:
    """A finding of a run that goes on."""
    data = {**finding.to_json(), _MARK: _NOTICED, "step": step}
    return events.note(f"{_MARK}:noticed:{finding.code}", finding.message, level=_level(finding), data=data)


def concluded(step: int, verdict: str, findings: Sequence[Finding]) -> list[EventDraft]:
    """The findings of a run that has ended, and one event that sums them up."""
    drafts = [
        events.note(
            f"{_MARK}:{finding.code}",
            finding.message,
            level=_level(finding),
            data={**finding.to_json(), _MARK: _FINDING, "step": step},
        )
        for finding in findings
    ]
    warned = [one.code for one in findings if one.severity != "info"]
    message = f"Diagnosis: {', '.join(warned)}" if warned else "Diagnosis: the curves look healthy"
    data = {_MARK: _CONCLUDED, "step": step, "verdict": verdict, "findings": [one.to_json() for one in findings]}
    return [*drafts, events.note(_MARK, message, level="warn" if warned else "info", data=data)]


def read(written: Iterable[EventRecord]) -> Diagnosis:
    """From all events of a job: the diagnosis if there is one, else what was noticed so far."""
    marked = [event.data for event in written if event.type == "message" and event.data and _MARK in event.data]
    conclusion = next((data for data in reversed(marked) if data[_MARK] == _CONCLUDED), None)
    if conclusion is not None:
        return Diagnosis(True, conclusion["step"], conclusion["verdict"], conclusion["findings"])
    found = [data for data in marked if data[_MARK] == _NOTICED]
    verdict = next((data["code"] for data in found if data["severity"] != "info"), None)
    plain = [{name: value for name, value in data.items() if name not in (_MARK, "step")} for data in found]
    return Diagnosis(False, found[-1]["step"] if found else None, verdict, plain)


def _level(finding: Finding) -> events.Level:
    return "warn" if finding.severity == "warning" else finding.severity
