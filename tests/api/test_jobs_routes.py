from __future__ import annotations

import dataclasses

import openai
import pytest

from tunesmith.errors import NotFound


@pytest.fixture
def training_file(client, chat_rows: bytes) -> str:
    return client.files.create(file=("train.jsonl", chat_rows), purpose="fine-tune").id


def create(client: openai.OpenAI, training_file: str, **options):
    return client.fine_tuning.jobs.create(**{"model": "gpt-4o-mini", "training_file": training_file, **options})


def test_a_new_job_has_every_key_that_openai_sends(service, client, training_file: str) -> None:
    job = create(client, training_file)
    assert job.id.startswith("ftjob-")
    assert (job.status, job.model, job.training_file) == ("validating_files", "gpt-4o-mini", training_file)
    wire = service.http.get(f"/v1/fine_tuning/jobs/{job.id}").json()
    auto = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
    assert wire["hyperparameters"] == auto
    assert wire["method"] == {"type": "supervised", "supervised": {"hyperparameters": auto}}
    nothing = {"error", "fine_tuned_model", "finished_at", "estimated_finish", "trained_tokens", "validation_file"}
    assert {name for name in nothing if wire[name] is None} == nothing
    assert (wire["result_files"], wire["integrations"], wire["metadata"]) == ([], [], None)
    assert isinstance(wire["seed"], int)
    assert wire["organization_id"].startswith("org-")
    assert (wire["paused"], wire["user_provided_suffix"]) == (False, None)


@pytest.mark.parametrize(
    "options",
    [
        {"hyperparameters": {"n_epochs": 3, "batch_size": 2, "learning_rate_multiplier": 1.8}},
        {
            "method": {
                "type": "supervised",
                "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": 2, "learning_rate_multiplier": 1.8}},
                "dpo": {"hyperparameters": {"beta": "auto"}},
            }
        },
    ],
)
def test_hyperparameters_come_back_in_both_places(client, training_file: str, options: dict) -> None:
    job = create(client, training_file, **options)
    for shown in (job.hyperparameters, job.method.supervised.hyperparameters):
        assert (shown.n_epochs, shown.batch_size, shown.learning_rate_multiplier) == (3, 2, 1.8)


def test_our_own_hyperparameters_are_accepted_beside_openais(service, client, training_file: str) -> None:
    asked = {"training_type": "lora", "lora_rank": 4, "lora_alpha": 8, "max_length": 128, "learning_rate": 1e-4}
    job = create(client, training_file, hyperparameters=asked)
    wire = service.http.get(f"/v1/fine_tuning/jobs/{job.id}").json()
    assert {**wire["hyperparameters"], **asked} == wire["hyperparameters"]


def test_everything_optional_may_be_null_and_strange_keys_are_accepted(service, training_file: str) -> None:
    body = {"model": "gpt-4o-mini", "training_file": training_file, "something_new": {"a": 1}}
    body |= dict.fromkeys(
        ["validation_file", "suffix", "seed", "hyperparameters", "method", "metadata", "integrations"]
    )
    assert service.http.post("/v1/fine_tuning/jobs", json=body).status_code == 200


def test_suffix_seed_and_metadata_are_kept(client, training_file: str) -> None:
    job = create(client, training_file, suffix="my-test", seed=7, metadata={"team": "a"})
    assert (job.seed, job.metadata, job.user_provided_suffix) == (7, {"team": "a"}, "my-test")


def test_jobs_are_listed_newest_first_in_exact_pages(client, training_file: str) -> None:
    made = [create(client, training_file).id for _ in range(5)][::-1]
    page = client.fine_tuning.jobs.list(limit=2)
    assert ([job.id for job in page.data], page.has_more) == (made[:2], True)
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2)] == made
    assert client.fine_tuning.jobs.list(limit=5).has_more is False


def test_jobs_are_found_by_metadata_and_by_its_absence(service, client, training_file: str) -> None:
    plain = create(client, training_file).id
    red = create(client, training_file, metadata={"color": "red", "size": "s"}).id
    create(client, training_file, metadata={"color": "blue"})
    assert [job.id for job in client.fine_tuning.jobs.list(metadata={"color": "red"})] == [red]
    assert [job.id for job in client.fine_tuning.jobs.list(metadata={"color": "red", "size": "l"})] == []
    found = service.http.get("/v1/fine_tuning/jobs?metadata=null").json()["data"]
    assert [job["id"] for job in found] == [plain]


def test_a_job_is_paused_resumed_and_cancelled_without_a_body(service, client, training_file: str) -> None:
    job = create(client, training_file)
    paused = client.fine_tuning.jobs.pause(job.id)
    assert paused.paused
    assert paused.status in ("validating_files", "queued")
    assert client.fine_tuning.jobs.resume(job.id).paused is False
    cancelled = client.fine_tuning.jobs.cancel(job.id)
    assert cancelled.status == "cancelled"
    assert isinstance(cancelled.finished_at, int)
    for action in ("cancel", "pause", "resume"):
        answer = service.http.post(
            f"/v1/fine_tuning/jobs/{job.id}/{action}", headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400
        assert "already completed" in answer.json()["error"]["message"]


def test_events_are_newest_first_and_paged(client, training_file: str) -> None:
    job = create(client, training_file)
    client.fine_tuning.jobs.cancel(job.id)
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=1))
    assert [event.message for event in events] == [
        "Fine-tuning job cancelled",
        f"Validating training file: {training_file}",
        f"Created fine-tuning job: {job.id}",
    ]
    assert {event.object for event in events} == {"fine_tuning.job.event"}
    rest = client.fine_tuning.jobs.list_events(job.id, after=events[0].id)
    assert ([event.id for event in rest.data], rest.has_more) == ([event.id for event in events[1:]], False)


def test_events_can_be_streamed_until_the_job_is_over(service, client, training_file: str) -> None:
    job = create(client, training_file)
    with service.http.stream("GET", f"/v1/fine_tuning/jobs/{job.id}/events?stream=true") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        frames = answer.iter_lines()
        assert "Created fine-tuning job" in next(frames)
        client.fine_tuning.jobs.cancel(job.id)
        lines = [line for line in frames if line]
    assert "Fine-tuning job cancelled" in lines[-2]
    assert lines[-1] == "data: [DONE]"


def test_a_job_without_checkpoints_has_an_empty_list(service, client, training_file: str) -> None:
    job = create(client, training_file)
    assert service.http.get(f"/v1/fine_tuning/jobs/{job.id}/checkpoints").json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }
    assert list(client.fine_tuning.jobs.checkpoints.list(job.id)) == []


def test_a_job_that_has_not_run_has_nothing_to_diagnose(service, client, training_file: str) -> None:
    job = create(client, training_file)
    answer = service.http.get(f"/tunesmith/v1/fine_tuning/jobs/{job.id}/diagnosis")
    assert answer.json() == {
        "object": "fine_tuning.job.diagnosis",
        "job_id": job.id,
        "is_final": False,
        "step": None,
        "verdict": None,
        "findings": [],
    }
    unknown = service.http.get("/tunesmith/v1/fine_tuning/jobs/ftjob-none/diagnosis")
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "fine_tune_id")


def test_the_jobs_of_another_project_do_not_exist(service, client, training_file: str) -> None:
    job = create(client, training_file)
    stranger = dataclasses.replace(service.services.accounts.authenticate(service.key), project_id="proj_other")
    with pytest.raises(NotFound):
        service.services.jobs.get(stranger, job.id)
    with pytest.raises(NotFound):
        service.services.jobs.diagnosis(stranger, job.id)
    with pytest.raises(NotFound):
        service.services.files.get(stranger, training_file)


@pytest.fixture(scope="module")
def shared_file(shared_service, chat_rows: bytes) -> str:
    return shared_service.client().files.create(file=("train.jsonl", chat_rows), purpose="fine-tune").id


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"hyperparameters": {"n_epochs": 0}}, "integer_below_min_value", "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": 51}}, "integer_above_max_value", "hyperparameters.n_epochs"),
        ({"hyperparameters": {"batch_size": 257}}, "integer_above_max_value", "hyperparameters.batch_size"),
        ({"hyperparameters": {"n_epochs": "many"}}, "invalid_type", "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": True}}, "invalid_type", "hyperparameters.n_epochs"),
        (
            {"hyperparameters": {"learning_rate_multiplier": 0}},
            "decimal_below_min_value",
            "hyperparameters.learning_rate_multiplier",
        ),
        ({"hyperparameters": []}, "invalid_type", "hyperparameters"),
        ({"seed": -1}, "integer_below_min_value", "seed"),
        ({"seed": 2**31}, "integer_above_max_value", "seed"),
        ({"seed": "7"}, "invalid_type", "seed"),
        ({"suffix": "x" * 65}, "string_above_max_length", "suffix"),
        ({"suffix": 5}, "invalid_type", "suffix"),
        ({"method": {"type": "magic"}}, "invalid_value", "method.type"),
        ({"method": "supervised"}, "invalid_type", "method"),
        ({"metadata": {"a": 1}}, "invalid_type", "metadata.a"),
        ({"model": None}, "invalid_type", "model"),
        ({"model": "gpt-9"}, "model_not_available", None),
        ({"training_file": "file-nope"}, "invalid_training_file", "training_file"),
        ({"validation_file": "file-nope"}, "invalid_validation_file", "validation_file"),
    ],
)
def test_a_bad_field_is_400_with_its_code_and_name(
    shared_service, shared_file: str, options: dict, code: str, param: str | None
) -> None:
    body = {"model": "gpt-4o-mini", "training_file": shared_file, **options}
    answer = shared_service.http.post("/v1/fine_tuning/jobs", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param), error


@pytest.mark.parametrize("missing", ["model", "training_file"])
def test_a_missing_field_is_named(shared_service, shared_file: str, missing: str) -> None:
    body = {"model": "gpt-4o-mini", "training_file": shared_file}
    del body[missing]
    error = shared_service.http.post("/v1/fine_tuning/jobs", json=body).json()["error"]
    assert error["message"] == f"Missing required parameter: '{missing}'."
    assert (error["param"], error["code"]) == (missing, "missing_required_parameter")


def test_a_file_with_another_purpose_is_refused(service, client, chat_rows: bytes) -> None:
    file = client.files.create(file=("b.jsonl", chat_rows), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        create(client, file.id)
