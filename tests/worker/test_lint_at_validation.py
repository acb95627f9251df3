"""What the data desk says of a training file before its job is queued."""

from __future__ import annotations

from typing import Any

from tunesmith import errors
from tunesmith.control.jobs import JobRecord, JobStatus


def validated(workplace: Any, **request: Any) -> JobRecord:
    job = workplace.office.create_job(**request)
    workplace.start_worker()
    return workplace.wait_for(job)


def finding(severity: str, message: str) -> dict[str, Any]:
    return {"code": "some_code", "severity": severity, "message": message, "line": 2, "field": None, "facts": {}}


def test_warnings_become_events_and_notes_do_not(workplace: Any) -> None:
    workplace.lint_findings = [finding("warning", "3 rows twice"), finding("info", "short answers")]
    job = validated(workplace)
    events = workplace.office.jobs.events_since(job.id, 0)
    said = [event for event in events if event.message == "training_file: 3 rows twice"]
    assert [event.level for event in said] == ["warn"]
    assert said[0].data["code"] == "some_code"
    assert not [event for event in events if "short answers" in event.message]
    assert job.status == JobStatus.SUCCEEDED


def test_an_error_refuses_the_file(workplace: Any) -> None:
    workplace.lint_findings = [finding("error", "line 2: nothing is trained")]
    job = validated(workplace)
    assert job.status == JobStatus.FAILED
    assert job.error["code"] == "invalid_training_file"
    assert "line 2: nothing is trained" in job.error["message"]


def test_advice_that_cannot_be_had_does_not_stop_a_good_file(workplace: Any) -> None:
    workplace.lint_failure = errors.TooLarge("it takes too long")
    job = validated(workplace)
    assert job.status == JobStatus.SUCCEEDED
    assert any("was not checked: it takes too long" in message for message in workplace.office.messages(job))


def test_the_validation_file_and_the_least_number_of_rows_are_passed_on(workplace: Any) -> None:
    validation = workplace.office.upload(filename="valid.jsonl", content=b'{"prompt": "a", "completion": "b"}\n')
    validated(workplace, validation_file=validation.id)
    operation, arguments = workplace.operations[0]
    assert operation == "lint"
    assert arguments["validation"]["path"].endswith(validation.sha256)
    assert arguments["thresholds"] == {"min_examples": 10}
