from __future__ import annotations

from typing import Any

import pytest

from office import ALICE, BOB, Office
from tunesmith import errors
from tunesmith.control.jobs import TRANSITIONS, JobRequest, JobStatus


def test_a_new_job_waits_for_the_validation_of_its_files(office: Office) -> None:
    training, validation = office.upload(), office.upload()
    job = office.create_job(training_file=training.id, validation_file=validation.id, suffix="mine")
    assert job.status is JobStatus.VALIDATING_FILES
    assert (job.model, job.base, job.style, job.seed) == ("gpt-4o-mini", "nano", "chat", 7)
    assert job.model_name.startswith("ft:gpt-4o-mini:personal:mine:")
    assert job.effective_hyperparameters == dict.fromkeys(
        ("n_epochs", "batch_size", "learning_rate_multiplier"), "auto"
    )
    assert office.messages(job) == [
        f"Created fine-tuning job: {job.id}",
        f"Validating training file: {training.id} and validation file: {validation.id}",
    ]


def test_a_completion_alias_makes_a_job_of_plain_text(office: Office) -> None:
    assert office.create_job(model="babbage-002").style == "text"


def test_both_places_of_hyperparameters_are_merged(office: Office) -> None:
    job = office.create_job(
        hyperparameters={"n_epochs": 3, "batch_size": "auto"},
        method={"type": "supervised", "supervised": {"hyperparameters": {"batch_size": 8, "lora_rank": 4}}, "dpo": {}},
    )
    asked = {"n_epochs": 3, "batch_size": 8, "learning_rate_multiplier": "auto", "lora_rank": 4}
    assert job.effective_hyperparameters == asked


@pytest.mark.parametrize(
    ("request_fields", "param", "code"),
    [
        ({"model": "gpt-9"}, None, "model_not_available"),
        ({"training_file": "file-unknown"}, "training_file", "invalid_training_file"),
        ({"validation_file": "file-unknown"}, "validation_file", "invalid_validation_file"),
        ({"suffix": ""}, "suffix", "string_below_min_length"),
        ({"suffix": "x" * 65}, "suffix", "string_above_max_length"),
        ({"suffix": "a:b"}, "suffix", "invalid_value"),
        ({"seed": -1}, "seed", "integer_below_min_value"),
        ({"seed": 2**31}, "seed", "integer_above_max_value"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs", "integer_below_min_value"),
        ({"hyperparameters": {"n_epochs": 51}}, "hyperparameters.n_epochs", "integer_above_max_value"),
        ({"hyperparameters": {"batch_size": 257}}, "hyperparameters.batch_size", "integer_above_max_value"),
        ({"hyperparameters": {"batch_size": 1.5}}, "hyperparameters.batch_size", "invalid_type"),
        ({"hyperparameters": {"batch_size": True}}, "hyperparameters.batch_size", "invalid_type"),
        (
            {"hyperparameters": {"learning_rate_multiplier": 0}},
            "hyperparameters.learning_rate_multiplier",
            "decimal_below_min_value",
        ),
        (
            {"hyperparameters": {"learning_rate_multiplier": float("nan")}},
            "hyperparameters.learning_rate_multiplier",
            "invalid_type",
        ),
        ({"hyperparameters": {"n_epoch": 3}}, "hyperparameters.n_epoch", "unknown_parameter"),
        ({"hyperparameters": {"training_type": "qlora"}}, "hyperparameters.training_type", "invalid_value"),
        (
            {
                "hyperparameters": {"n_epochs": 3},
                "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4}}},
            },
            "method.supervised.hyperparameters.n_epochs",
            "invalid_value",
        ),
        ({"method": {"type": "dpo"}}, "method.type", "unsupported_value"),
        ({"method": {"type": "magic"}}, "method.type", "invalid_value"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"k" * 65: ""}}, "metadata", "string_above_max_length"),
        ({"metadata": {"k": "v" * 513}}, "metadata", "string_above_max_length"),
        ({"integrations": [{"type": "wandb"}] * 6}, "integrations", "array_above_max_length"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_and_leaves_no_job(
    office: Office, request_fields: dict[str, Any], param: str | None, code: str
) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        office.create_job(**request_fields)
    assert (refused.value.param, refused.value.code) == (param, code)
    assert office.jobs.list(ALICE).data == []


def test_a_file_of_the_wrong_purpose_is_refused(office: Office) -> None:
    file = office.upload(purpose="batch")
    with pytest.raises(errors.InvalidRequest, match=r"File purpose must be 'fine-tune'.*'batch'") as refused:
        office.create_job(training_file=file.id)
    assert refused.value.param == "training_file"


def test_a_file_or_model_of_another_project_cannot_be_used(office: Office) -> None:
    file = office.upload(caller=BOB)
    with pytest.raises(errors.InvalidRequest, match="invalid training_file"):
        office.create_job(training_file=file.id)


def test_a_job_of_another_project_does_not_exist(office: Office) -> None:
    job = office.create_job()
    jobs = office.jobs
    for ask in (jobs.get, jobs.cancel, jobs.pause, jobs.resume, jobs.events, jobs.checkpoints):
        with pytest.raises(errors.NotFound, match=f"Could not find fine tune: {job.id}") as missing:
            ask(BOB, job.id)
        assert (missing.value.param, missing.value.code) == ("fine_tune_id", "fine_tune_not_found")


def test_an_integration_is_kept_and_said_to_be_without_effect(office: Office) -> None:
    wandb = {"type": "wandb", "wandb": {"project": "p"}}
    job = office.create_job(integrations=[wandb])
    assert job.integrations == [wandb]
    assert "wandb" in office.messages(job)[-1]


def test_jobs_are_listed_newest_first_and_filtered_by_metadata(office: Office) -> None:
    plain = office.create_job()
    tagged = office.create_job(metadata={"team": "a", 'odd"key': "x"})
    both = office.create_job(metadata={"team": "a", "run": "2"})
    listed = office.jobs.list(ALICE, limit=2)
    assert ([job.id for job in listed.data], listed.has_more) == ([both.id, tagged.id], True)
    assert [job.id for job in office.jobs.list(ALICE, after=tagged.id).data] == [plain.id]
    assert [job.id for job in office.jobs.list(ALICE, metadata={"team": "a"}).data] == [both.id, tagged.id]
    assert [job.id for job in office.jobs.list(ALICE, metadata={"team": "a", "run": "2"}).data] == [both.id]
    assert [job.id for job in office.jobs.list(ALICE, metadata={'odd"key': "x"}).data] == [tagged.id]
    assert [job.id for job in office.jobs.list(ALICE, metadata={}).data] == [plain.id]


def test_no_status_follows_an_end() -> None:
    ends = {status for status, following in TRANSITIONS.items() if not following}
    assert ends == {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


def test_a_job_is_described_by_what_it_was_asked_for(office: Office) -> None:
    file = office.upload()
    job = office.jobs.create(ALICE, JobRequest(model="gpt-4o-mini", training_file=file.id))
    assert office.jobs.get(ALICE, job.id) == job
