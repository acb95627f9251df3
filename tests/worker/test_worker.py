from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from office import ALICE, ROWS
from tunesmith import errors
from tunesmith.control.jobs import JobRecord, JobStatus
from tunesmith.training.spec import RunRequest
from tunesmith.worker.executors.process import MOST_WORDS_AT_ONCE, RunProcess

CALM_MESSAGES = [
    "Files validated, moving job to queued state",
    "Fine-tuning job started",
    "n_epochs = 3: 12 examples",
    "learning_rate = 0.0001235: width 256",
    "2 examples were cut at 64 tokens",
    "Step 1/6: training loss=0.33",
    "Step 2/6: training loss=0.17",
    "Checkpoint created at step 2 with Snapshot ID: NAME:ckpt-step-2",
    "Step 3/6: training loss=0.11",
    "Step 4/6: training loss=0.08",
    "Checkpoint created at step 4 with Snapshot ID: NAME:ckpt-step-4",
    "Step 5/6: training loss=0.07",
    "Step 6/6: training loss=0.06, validation loss=0.12",
    "New fine-tuned model created: NAME",
    "The job has successfully completed",
]


def messages(workplace: Any, job: JobRecord) -> list[str]:
    return [message.replace(job.model_name, "NAME") for message in workplace.office.messages(job)][2:]


def test_a_job_is_validated_run_and_published(workplace: Any) -> None:
    office = workplace.office
    workplace.start_worker()
    job = workplace.wait_for(office.create_job())
    assert job.status is JobStatus.SUCCEEDED, job.error
    assert messages(workplace, job) == CALM_MESSAGES
    assert (job.trained_tokens, job.total_steps, job.last_step) == (300, 6, 6)
    assert job.effective_hyperparameters["n_epochs"] == 3
    model = office.registry.get(ALICE, job.fine_tuned_model)
    assert (model.folder / "adapter_model.safetensors").read_text() == "weights after 6"
    assert not (model.folder / "state.json").exists()
    assert office.files.path(ALICE, job.result_files[0]).read_text().splitlines() == [
        "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy",
        "1,0.33333,0.5,,",
        "2,0.16667,0.5,,",
        "3,0.11111,0.5,,",
        "4,0.08333,0.5,,",
        "5,0.06667,0.5,,",
        "6,0.05556,0.5,0.12346,",
    ]


def test_what_the_curves_say_is_told_as_it_becomes_clear_and_kept_as_the_jobs_diagnosis(workplace: Any) -> None:
    office = workplace.office
    workplace.tell_story("over-fits")
    job = office.create_job()
    before = office.jobs.diagnosis(ALICE, job.id)
    assert (before.is_final, before.step, before.verdict, before.findings) == (False, None, None, [])
    workplace.start_worker()
    job = workplace.wait_for(job)
    told = [event for event in office.jobs.events_since(job.id, 0) if event.data and "diagnosis" in event.data]
    assert [(event.level, event.type, event.message) for event in told] == [
        ("warn", "message", "It turned up."),
        ("warn", "message", "It turned up."),
        ("info", "message", "Few rows."),
        ("warn", "message", "Diagnosis: over_fitting"),
    ]
    assert (told[0].data["step"], told[0].data["code"], told[0].data["facts"]) == (4, "over_fitting", {"best_epoch": 2})
    found = office.jobs.diagnosis(ALICE, job.id)
    assert (found.is_final, found.step, found.verdict) == (True, 6, "over_fitting")
    assert [finding["message_zh"] for finding in found.findings] == ["回升了。", "行数少。"]


def test_what_only_a_resumed_run_would_need_is_removed_at_the_end(workplace: Any) -> None:
    workplace.start_worker()
    job = workplace.wait_for(workplace.office.create_job())
    workplace.stop_worker()
    left = sorted(path.name for path in (workplace.office.data.runs_folder / job.id).iterdir())
    assert left == ["lock", "log", "request.json"]
    published = workplace.office.registry.get(ALICE, job.fine_tuned_model).folder.parent
    assert sorted(path.name for path in published.iterdir()) == ["final", "step-2", "step-4"]
    log = (workplace.office.data.runs_folder / job.id / "log").read_text()
    assert "a library prints this on stdout" in log


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (
            b"".join(ROWS.splitlines(keepends=True)[:9]),
            "invalid_n_examples",
            "has 9 example(s), but must have at least 10",
        ),
        (ROWS + b'{"messages": [{"content": "x"}]}\n', "invalid_training_file", "Example 13"),
        (ROWS + b"not json\n", "invalid_training_file", "line 13"),
    ],
)
def test_a_bad_file_fails_the_job_and_names_the_line(workplace: Any, content: bytes, code: str, words: str) -> None:
    office = workplace.office
    workplace.start_worker()
    job = workplace.wait_for(office.create_job(training_file=office.upload(content).id))
    assert job.status is JobStatus.FAILED
    assert (job.error["code"], job.error["param"]) == (code, "training_file")
    assert words.lower() in job.error["message"].lower()
    last = office.jobs.events(ALICE, job.id).data[0]
    assert last.message.startswith("The job failed due to an invalid training file. ")
    assert (last.level, last.data) == ("error", {"error_code": code, "error_param": "training_file"})


def test_a_bad_validation_file_is_named_as_such(workplace: Any) -> None:
    office = workplace.office
    workplace.start_worker()
    job = workplace.wait_for(office.create_job(validation_file=office.upload(b"{}\n").id))
    assert (job.error["code"], job.error["param"]) == ("invalid_validation_file", "validation_file")


def test_a_run_whose_process_dies_goes_on_and_says_everything_once(workplace: Any) -> None:
    workplace.tell_story("dies once")
    workplace.start_worker()
    job = workplace.wait_for(workplace.office.create_job())
    assert job.status is JobStatus.SUCCEEDED
    assert messages(workplace, job) == CALM_MESSAGES
    assert len(workplace.processes) == 2


def test_a_run_whose_process_always_dies_fails_with_that_reason(workplace: Any) -> None:
    workplace.tell_story("dies always")
    workplace.start_worker()
    job = workplace.wait_for(workplace.office.create_job())
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "worker_lost")
    assert len(workplace.processes) == 5


@pytest.mark.parametrize(
    ("story", "code", "words"),
    [
        ("refuses", "invalid_training_file", "The job failed due to line 3 has no trained token."),
        ("disk full", "disk_full", "The job failed due to the disk has no room for a checkpoint."),
        ("bug", "internal_error", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_run_that_cannot_go_on_fails_with_its_reason(workplace: Any, story: str, code: str, words: str) -> None:
    workplace.tell_story(story)
    workplace.start_worker()
    job = workplace.wait_for(workplace.office.create_job())
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, code)
    assert words in job.error["message"]
    assert len(workplace.processes) == 1


def test_a_paused_run_keeps_its_place_and_resumes_there(workplace: Any) -> None:
    office = workplace.office
    workplace.tell_story("slow")
    workplace.start_worker()
    job = office.create_job()
    workplace.wait_for(job, lambda now: now.last_step >= 1)
    office.jobs.pause(ALICE, job.id)
    paused = workplace.wait_for(job, lambda now: now.is_paused)
    assert paused.status is JobStatus.QUEUED
    assert paused.last_step < 6
    time.sleep(0.3)
    assert office.jobs.get(ALICE, job.id) == paused
    office.jobs.resume(ALICE, job.id)
    done = workplace.wait_for(job)
    assert done.status is JobStatus.SUCCEEDED
    own = ("Fine-tuning job paused", "Fine-tuning job will pause", "Fine-tuning job resumed")
    assert [message for message in messages(workplace, done) if not message.startswith(own)] == CALM_MESSAGES


def test_a_cancelled_run_stops_soon(workplace: Any) -> None:
    office = workplace.office
    workplace.tell_story("slow")
    workplace.start_worker()
    job = office.create_job()
    workplace.wait_for(job, lambda now: now.last_step >= 1)
    office.jobs.cancel(ALICE, job.id)
    deadline = time.monotonic() + 5
    while _is_alive(workplace.processes[0].pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert messages(workplace, job)[-1] == "Fine-tuning job cancelled"
    other = office.create_job()
    workplace.tell_story("calm")
    assert workplace.wait_for(other).status is JobStatus.SUCCEEDED


def test_a_worker_told_to_stop_gives_its_job_back_and_the_next_one_goes_on(workplace: Any) -> None:
    workplace.tell_story("slow")
    workplace.start_worker()
    job = workplace.office.create_job()
    workplace.wait_for(job, lambda now: now.last_step >= 1)
    workplace.stop_worker()
    left = workplace.office.jobs.get(ALICE, job.id)
    assert (left.status, left.lease_owner) == (JobStatus.RUNNING, None)
    workplace.start_worker()
    done = workplace.wait_for(job)
    assert done.status is JobStatus.SUCCEEDED
    assert messages(workplace, done) == CALM_MESSAGES


def test_a_second_worker_on_the_same_folder_is_refused(workplace: Any) -> None:
    workplace.start_worker()
    job = workplace.wait_for(workplace.office.create_job())
    assert job.status is JobStatus.SUCCEEDED
    with pytest.raises(errors.Conflict, match="in use"):
        workplace._new_worker().work()


def test_files_are_validated_while_another_job_runs(workplace: Any) -> None:
    workplace.tell_story("slow")
    workplace.start_worker()
    first = workplace.office.create_job()
    workplace.wait_for(first, lambda now: now.status is JobStatus.RUNNING)
    second = workplace.office.create_job()
    waiting = workplace.wait_for(second, lambda now: now.status is JobStatus.QUEUED)
    assert waiting.queue_position == 1
    assert workplace.office.jobs.get(ALICE, first.id).status is JobStatus.RUNNING


def test_a_child_that_says_much_is_heard_in_parts_and_to_the_end(tmp_path: Path) -> None:
    n_words = 2 * MOST_WORDS_AT_ONCE + 1
    talk = f"for n in range({n_words}): print('{{\"n\":', n, '}}')"
    process = RunProcess({}, tmp_path / "run", threads=1, command=(sys.executable, "-c", talk))
    heard: list[int] = []
    has_ended = False
    while not has_ended:
        words, has_ended = process.hear(timeout_s=10)
        assert len(words) <= MOST_WORDS_AT_ONCE
        heard += [word["n"] for word in words]
    assert heard == list(range(n_words))
    process.end(patience_s=5)


def test_the_child_dies_with_its_worker(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "story").write_text("slow")
    (tmp_path / "run" / "request.json").write_text(_request_json())
    fake = Path(__file__).parent / "fake_run.py"
    parent = (
        "import subprocess, sys, time;"
        f"p = subprocess.Popen([sys.executable, {str(fake)!r}, {str(tmp_path / 'run')!r}], stdin=subprocess.PIPE);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    time.sleep(0.3)
    assert _is_alive(child)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 5
    while _is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.stdout.close()


def _request_json() -> str:
    return json.dumps(RunRequest("base", "nano", "train", "file-1").to_json())


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second while it is being reaped
        return False
