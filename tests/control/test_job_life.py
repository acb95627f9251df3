from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from office import ALICE, Office, write_adapter
from tunesmith import errors
from tunesmith.control import events
from tunesmith.control.jobs import JobRecord, JobStatus
from tunesmith.control.runs import LeaseLost, Weighed


def step(number: int, total: int = 40) -> events.EventDraft:
    return events.step(number, total, {"train_loss": 1.0 / number, "train_mean_token_accuracy": 0.5})


def checkpoint(office: Office, job: JobRecord, number: int, tmp_path: Path) -> list[int]:
    folder = office.data.weights.publish(write_adapter(tmp_path / f"step-{number}"), job.id, f"step-{number}")
    retired = office.runs.record_checkpoint(job, number, {"train_loss": 0.5}, Weighed(folder, "adapter"))
    for old in retired:
        office.data.weights.remove_step(job.id, f"step-{old}")
    return list(retired)


def succeed(office: Office, job: JobRecord, tmp_path: Path) -> JobRecord:
    folder = office.data.weights.publish(write_adapter(tmp_path / "final"), job.id, "final")
    results = office.files.begin_upload()
    results.write(b"step,train_loss\n")
    return office.runs.succeed(
        job,
        published=Weighed(folder, "adapter"),
        trained_tokens=1234,
        results=results.commit(),
        results_name="step_metrics.csv",
    )


def test_a_job_goes_from_its_creation_to_its_model(office: Office, tmp_path: Path) -> None:
    job = office.running_job(suffix="demo")
    office.runs.record(job, [], resolved={"n_epochs": 2}, total_steps=40)
    office.runs.record(job, [step(1)], last_step=1)
    checkpoint(office, job, 20, tmp_path)
    checkpoint(office, job, 40, tmp_path)
    done = succeed(office, job, tmp_path)
    name = done.fine_tuned_model
    assert done.status is JobStatus.SUCCEEDED
    assert name == job.model_name
    assert done.effective_hyperparameters["n_epochs"] == 2
    assert (done.trained_tokens, done.finished_at) == (1234, int(office.clock()))
    assert office.messages(job)[2:] == [
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
        "Step 1/40: training loss=1.00",
        f"Checkpoint created at step 20 with Snapshot ID: {name}:ckpt-step-20",
        f"New fine-tuned model created: {name}",
        "The job has successfully completed",
    ]
    checkpoints = office.jobs.checkpoints(ALICE, job.id).data
    assert [one.fine_tuned_model_checkpoint for one in checkpoints] == [name, f"{name}:ckpt-step-20"]
    results = office.files.get(ALICE, done.result_files[0])
    assert (results.filename, results.purpose) == ("step_metrics.csv", "fine-tune-results")
    resolved = office.registry.resolve(ALICE, name)
    assert resolved.base_folder == Path("/models/nano")
    assert resolved.adapter is not None
    assert Path(resolved.adapter.folder, "adapter_model.safetensors").is_file()


def test_a_step_says_only_what_was_measured() -> None:
    metrics = {"train_loss": 0.024, "valid_loss": 0.04, "full_valid_loss": 0.4, "train_mean_token_accuracy": 1.0}
    draft = events.step(100, 300, metrics)
    assert draft.message == "Step 100/300: training loss=0.02, validation loss=0.04, full validation loss=0.40"
    assert draft.data == {"step": 100, "total_steps": 300, **metrics}


def test_events_said_again_are_dropped_and_the_numbering_has_no_gaps(office: Office) -> None:
    job = office.running_job()
    office.runs.record(job, [step(n) for n in (1, 2, 3)], last_step=3)
    office.runs.record(job, [step(n) for n in (2, 3, 4)], last_step=4)
    written = office.jobs.events_since(job.id, 0)
    assert [event.seq for event in written] == list(range(1, len(written) + 1))
    assert [event.message.split(":")[0] for event in written][-4:] == [f"Step {n}/40" for n in (1, 2, 3, 4)]
    page = office.jobs.events(ALICE, job.id, limit=2)
    assert ([event.seq for event in page.data], page.has_more) == ([len(written), len(written) - 1], True)
    assert office.jobs.events_since(job.id, written[-2].seq) == [written[-1]]


def test_only_the_last_three_checkpoints_are_kept(office: Office, tmp_path: Path) -> None:
    job = office.running_job()
    office.runs.record(job, [], total_steps=100)
    retired = [checkpoint(office, job, number, tmp_path) for number in (10, 20, 30, 40)]
    assert retired == [[], [], [], [10]]
    assert [one.step_number for one in office.jobs.checkpoints(ALICE, job.id).data] == [40, 30, 20]
    with pytest.raises(errors.NotFound):
        office.registry.get(ALICE, f"{job.model_name}:ckpt-step-10")
    assert office.runs.has_checkpoint(job, 10)


def test_a_lost_worker_gives_way_to_another_and_can_write_no_more(office: Office) -> None:
    first = office.running_job()
    office.runs.record(first, [step(1)], last_step=1)
    office.clock.turn(31)
    second = office.runs.claim_next("run", "other")
    assert second is not None
    assert second.id == first.id
    assert second.status is JobStatus.RUNNING
    for write in (
        lambda: office.runs.renew(first),
        lambda: office.runs.record(first, [step(2)], last_step=2),
        lambda: office.runs.fail(first, "no", code="x"),
        lambda: office.runs.stopped(first),
    ):
        with pytest.raises(LeaseLost):
            write()
    office.runs.record(second, [step(2)], last_step=2)
    assert office.messages(first).count("Fine-tuning job started") == 1


def test_a_heartbeat_keeps_the_job(office: Office) -> None:
    job = office.running_job()
    for _ in range(5):
        office.clock.turn(20)
        office.runs.renew(job)
        assert office.runs.claim_next("run", "other") is None


def test_a_worker_that_knows_the_others_dead_need_not_wait(office: Office) -> None:
    job = office.running_job()
    assert office.runs.claim_next("run", "other") is None
    assert office.runs.forget_dead_workers() == 1
    again = office.runs.claim_next("run", "other")
    assert again is not None
    assert again.id == job.id


def test_a_job_that_never_gets_further_fails_with_that_reason(office: Office) -> None:
    job: JobRecord | None = office.running_job()
    for _ in range(4):
        assert job is not None
        office.runs.lose(job)
        job = office.runs.claim_next("run", "w")
    assert job is not None
    office.runs.lose(job)
    assert office.runs.claim_next("run", "w") is None
    failed = office.jobs.get(ALICE, job.id)
    assert failed.status is JobStatus.FAILED
    assert failed.error is not None
    assert failed.error["code"] == "worker_lost"
    assert "5 times" in failed.error["message"]
    last = office.jobs.events(ALICE, job.id).data[0]
    assert (last.level, last.data) == ("error", {"error_code": "worker_lost", "error_param": None})


def test_a_job_that_gets_further_each_time_survives_any_number_of_lost_workers(office: Office) -> None:
    job: JobRecord | None = office.running_job()
    for number in range(1, 21):
        assert job is not None
        office.runs.record(job, [step(number)], last_step=number)
        office.runs.lose(job)
        job = office.runs.claim_next("run", "w")
    assert job is not None


def test_a_worker_that_leaves_in_good_order_costs_nothing(office: Office) -> None:
    job: JobRecord | None = office.running_job()
    for _ in range(10):
        assert job is not None
        office.runs.give_back(job)
        job = office.runs.claim_next("run", "w")
    assert job is not None
    assert job.lost_workers == 0


def test_a_running_job_pauses_at_its_next_checkpoint_and_resumes_into_the_queue(office: Office) -> None:
    job = office.running_job()
    office.runs.record(job, [step(5)], last_step=5)
    asked = office.jobs.pause(ALICE, job.id)
    assert (asked.status, asked.is_paused) == (JobStatus.RUNNING, False)
    assert office.runs.renew(job).pause_requested_at is not None
    paused = office.runs.stopped(job)
    assert (paused.status, paused.is_paused) == (JobStatus.QUEUED, True)
    assert office.runs.claim_next("run", "w") is None
    assert office.jobs.pause(ALICE, job.id) == paused
    office.jobs.resume(ALICE, job.id)
    again = office.runs.claim_next("run", "w")
    assert again is not None
    assert [message for message in office.messages(job) if "paus" in message or "resum" in message] == [
        "Fine-tuning job will pause after the present step",
        "Fine-tuning job paused at step 5",
        "Fine-tuning job resumed, moving job to queued state",
    ]


def test_a_pause_taken_back_in_time_puts_the_job_in_the_queue(office: Office) -> None:
    job = office.running_job()
    office.jobs.pause(ALICE, job.id)
    office.jobs.resume(ALICE, job.id)
    assert not office.runs.stopped(job).is_paused
    assert office.runs.claim_next("run", "w") is not None


def test_a_waiting_job_pauses_at_once(office: Office) -> None:
    job = office.queued_job()
    assert office.jobs.pause(ALICE, job.id).is_paused
    assert office.runs.claim_next("run", "w") is None


def test_a_job_that_is_not_paused_cannot_be_resumed(office: Office) -> None:
    job = office.queued_job()
    with pytest.raises(errors.InvalidRequest, match="not paused"):
        office.jobs.resume(ALICE, job.id)


@pytest.mark.parametrize("stage", ["create_job", "queued_job", "running_job"])
def test_a_job_can_be_cancelled_at_any_stage(office: Office, stage: str) -> None:
    job = getattr(office, stage)()
    cancelled = office.jobs.cancel(ALICE, job.id)
    assert cancelled.status is JobStatus.CANCELLED
    assert office.messages(job)[-1] == "Fine-tuning job cancelled"
    with pytest.raises(LeaseLost):
        office.runs.record(job, [step(1)], last_step=1)
    assert office.runs.claim_next("validation", "w") is None
    assert office.runs.claim_next("run", "w") is None


def test_what_is_over_cannot_be_cancelled_paused_or_resumed(office: Office, tmp_path: Path) -> None:
    job = office.running_job()
    succeed(office, job, tmp_path)
    for ask in (office.jobs.cancel, office.jobs.pause, office.jobs.resume):
        with pytest.raises(errors.InvalidRequest, match="Job has already completed"):
            ask(ALICE, job.id)


def test_a_status_that_may_not_follow_is_a_conflict(office: Office) -> None:
    job = office.queued_job()
    claimed = replace(job, fencing_token=job.fencing_token)
    with pytest.raises(errors.Conflict):
        office.runs.stopped(claimed)


def test_jobs_wait_in_the_order_they_came_and_know_their_place(office: Office) -> None:
    jobs = [office.queued_job() for _ in range(3)]
    office.jobs.pause(ALICE, jobs[0].id)
    places = [office.jobs.get(ALICE, job.id).queue_position for job in jobs]
    assert places == [None, 1, 2]
    claimed = office.runs.claim_next("run", "w")
    assert claimed is not None
    assert claimed.id == jobs[1].id
    assert office.jobs.get(ALICE, jobs[2].id).queue_position == 1


def test_a_failure_says_its_code_and_field(office: Office) -> None:
    job = office.create_job()
    claimed = office.runs.claim_next("validation", "w")
    assert claimed is not None
    failed = office.runs.fail(claimed, "Training file has 5", code="invalid_n_examples", param="training_file")
    assert failed.error == {"code": "invalid_n_examples", "message": "Training file has 5", "param": "training_file"}
    assert office.jobs.events(ALICE, job.id).data[0].data == {
        "error_code": "invalid_n_examples",
        "error_param": "training_file",
    }
