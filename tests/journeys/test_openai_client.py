"""The whole story through the official client: only `base_url` and `api_key` are ours.

The service is the real one: `tunesmith serve` with its worker, its training runs and its engine.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

pytestmark = pytest.mark.timeout(280)

COLOURS = ["红", "橙", "黄", "绿", "青", "蓝", "紫", "黑", "白", "灰", "棕", "粉"]
REPLY = "收到。"
N_EPOCHS, BATCH_SIZE = 4, 4
STEPS_PER_EPOCH = 6
TOTAL_STEPS = N_EPOCHS * STEPS_PER_EPOCH
ACCURACY = "mean_token_accuracy"


def rows(seasons: list[str]) -> bytes:
    """One row for each season and colour."""
    made = [
        {
            "messages": [
                {"role": "system", "content": "你是助手。"},
                {"role": "user", "content": f"请把{season}的门漆成{colour}色。"},
                {"role": "assistant", "content": REPLY},
            ]
        }
        for season in seasons
        for colour in COLOURS
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made).encode()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    data_dir = tmp_path_factory.mktemp("journey") / "data"
    data_dir.mkdir()
    command = [sys.executable, "-m", "tunesmith.cli.main", "serve", "--port", "0", "--data-dir", str(data_dir)]
    log = data_dir.parent / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        service_file = data_dir / "service.json"
        while not service_file.exists():
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        base_url = json.loads(service_file.read_text())["base_url"]
        key = (data_dir / "admin.key").read_text().strip()
        with openai.OpenAI(base_url=base_url, api_key=key, _strict_response_validation=True) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def job(client: openai.OpenAI) -> FineTuningJob:
    training = client.files.create(file=("train.jsonl", rows(["春天", "夏天"])), purpose="fine-tune")
    validation = client.files.create(file=("valid.jsonl", rows(["秋天"])), purpose="fine-tune")
    client.files.wait_for_processing(training.id)
    created = client.fine_tuning.jobs.create(
        model="gpt-3.5-turbo",
        training_file=training.id,
        validation_file=validation.id,
        suffix="colours",
        seed=11,
        hyperparameters={"n_epochs": N_EPOCHS, "batch_size": BATCH_SIZE, "learning_rate_multiplier": 8},
    )
    return finished(client, created.id)


@pytest.fixture(scope="module")
def events(client: openai.OpenAI, job: FineTuningJob) -> list[FineTuningJobEvent]:
    """Oldest first."""
    return list(client.fine_tuning.jobs.list_events(job.id, limit=7))[::-1]


def finished(client: openai.OpenAI, job_id: str) -> FineTuningJob:
    while (job := client.fine_tuning.jobs.retrieve(job_id)).status not in ("succeeded", "failed", "cancelled"):
        time.sleep(0.25)
    assert job.status == "succeeded", job.error
    return job


def metrics_of(events: list[FineTuningJobEvent]) -> list[dict]:
    return [event.data for event in events if event.type == "metrics"]


def base_valid_loss(events: list[FineTuningJobEvent]) -> float:
    """The full validation loss of the model before training, which an event of ours tells."""
    told = [event.data for event in events if event.message.startswith("Base model full validation loss")]
    assert len(told) == 1
    return told[0]["full_valid_loss"]


def test_the_finished_job_says_what_it_made(job: FineTuningJob) -> None:
    assert job.fine_tuned_model.startswith("ft:gpt-3.5-turbo:")
    assert job.fine_tuned_model.split(":")[3] == "colours"
    assert (job.model, job.seed, job.error) == ("gpt-3.5-turbo", 11, None)
    assert (job.hyperparameters.n_epochs, job.hyperparameters.batch_size) == (N_EPOCHS, BATCH_SIZE)
    assert job.hyperparameters.learning_rate_multiplier == 8
    assert job.method.supervised.hyperparameters.n_epochs == N_EPOCHS
    assert job.trained_tokens > 0
    assert job.finished_at >= job.created_at
    assert job.estimated_finish is None or job.estimated_finish >= job.created_at


def test_the_events_tell_openais_story_in_order(job: FineTuningJob, events: list[FineTuningJobEvent]) -> None:
    said = [event.message for event in events]
    name = job.fine_tuned_model
    story = [
        f"Created fine-tuning job: {job.id}",
        f"Validating training file: {job.training_file} and validation file: {job.validation_file}",
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
        *(f"Checkpoint created at step {step} with Snapshot ID: {name}:ckpt-step-{step}" for step in (12, 18)),
        f"New fine-tuned model created: {name}",
        "The job has successfully completed",
    ]
    places = [said.index(line) for line in story]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, len(said) - 1)
    assert len({event.id for event in events}) == len(events)


def test_every_step_has_its_metrics(events: list[FineTuningJobEvent]) -> None:
    metrics = metrics_of(events)
    assert [one["step"] for one in metrics] == list(range(1, TOTAL_STEPS + 1))
    assert {one["total_steps"] for one in metrics} == {TOTAL_STEPS}
    assert all({"train_loss", f"train_{ACCURACY}"} <= one.keys() for one in metrics)
    assert [one["step"] for one in metrics if "valid_loss" in one] == [10, 20, TOTAL_STEPS]
    assert [one["step"] for one in metrics if "full_valid_loss" in one] == [6, 12, 18, TOTAL_STEPS]
    assert "training loss=" in next(event.message for event in events if event.type == "metrics")


def test_the_model_learns(events: list[FineTuningJobEvent]) -> None:
    metrics = metrics_of(events)
    assert metrics[-1]["train_loss"] < metrics[0]["train_loss"]
    assert metrics[-1]["full_valid_loss"] < base_valid_loss(events)


def test_the_last_three_epochs_are_checkpoints_and_the_last_is_the_model_itself(
    client: openai.OpenAI, job: FineTuningJob
) -> None:
    page = client.fine_tuning.jobs.checkpoints.list(job.id, limit=2)
    assert page.has_more
    found = list(page)
    name = job.fine_tuned_model
    assert [one.step_number for one in found] == [24, 18, 12]
    assert [one.fine_tuned_model_checkpoint for one in found] == [name, f"{name}:ckpt-step-18", f"{name}:ckpt-step-12"]
    assert all(one.metrics.full_valid_loss is not None for one in found)
    assert all(one.metrics.train_loss is not None for one in found)


def test_the_results_file_has_a_line_for_every_step(client: openai.OpenAI, job: FineTuningJob) -> None:
    (file_id,) = job.result_files
    file = client.files.retrieve(file_id)
    assert (file.purpose, file.filename) == ("fine-tune-results", "step_metrics.csv")
    lines = list(csv.reader(io.StringIO(client.files.content(file_id).text)))
    assert lines[0] == ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"]
    assert [int(line[0]) for line in lines[1:]] == list(range(1, TOTAL_STEPS + 1))
    assert [line[3] != "" for line in lines[1:]].count(True) == 3


QUESTION = [{"role": "system", "content": "你是助手。"}, {"role": "user", "content": "请把冬天的门漆成金色。"}]


def test_the_tuned_model_and_a_checkpoint_say_what_they_learned(client: openai.OpenAI, job: FineTuningJob) -> None:
    models = {model.id for model in client.models.list()}
    for name in (job.fine_tuned_model, f"{job.fine_tuned_model}:ckpt-step-18"):
        assert name in models
        assert client.models.retrieve(name).owned_by == job.organization_id
        answer = client.chat.completions.create(model=name, messages=QUESTION, temperature=0, max_tokens=20)
        assert answer.model == name
        assert answer.choices[0].message.content.startswith("收到")
        assert answer.choices[0].finish_reason in ("stop", "length")
    base = client.chat.completions.create(model="gpt-3.5-turbo", messages=QUESTION, temperature=0, max_tokens=20)
    assert not base.choices[0].message.content.startswith("收到")


def test_a_streamed_answer_is_the_same_text(client: openai.OpenAI, job: FineTuningJob) -> None:
    asked = {"model": job.fine_tuned_model, "messages": QUESTION, "temperature": 0, "max_tokens": 20}
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_logprobs_choices_and_seeds_work_on_the_real_engine(client: openai.OpenAI) -> None:
    asked = {"model": "gpt-4o-mini", "messages": QUESTION, "max_tokens": 8, "n": 3, "seed": 5, "temperature": 1.2}
    first = client.chat.completions.create(**asked, logprobs=True, top_logprobs=3)
    again = client.chat.completions.create(**asked)
    assert [c.message.content for c in first.choices] == [c.message.content for c in again.choices]
    for choice in first.choices:
        assert 0 < len(choice.logprobs.content) <= 8
        assert {len(token.top_logprobs) for token in choice.logprobs.content} == {3}
        assert all(token.logprob <= 0 for token in choice.logprobs.content)


def test_a_prompt_longer_than_the_context_is_400(client: openai.OpenAI) -> None:
    messages = [{"role": "user", "content": "很长的话，" * 10_000}]
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=stream)
        assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "messages")


def test_plain_text_is_completed_with_echo_and_logprobs(client: openai.OpenAI) -> None:
    raw = client.completions.with_raw_response.create(
        model="davinci-002", prompt=["Once upon", "从前有"], max_tokens=4, echo=True, logprobs=1, temperature=0
    )
    answer = json.loads(raw.text)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    for choice, prompt in zip(answer["choices"], ["Once upon", "从前有"], strict=True):
        logprobs = choice["logprobs"]
        assert choice["text"].startswith(prompt)
        assert logprobs["token_logprobs"][0] is None
        assert all(logprob <= 0 for logprob in logprobs["token_logprobs"][1:])
        assert len({len(logprobs[name]) for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset")}) == 1


def test_the_story_ends_with_everything_deleted(client: openai.OpenAI, job: FineTuningJob) -> None:
    for name in (f"{job.fine_tuned_model}:ckpt-step-12", job.fine_tuned_model):
        assert client.models.delete(name).deleted
        with pytest.raises(openai.NotFoundError) as gone:
            client.chat.completions.create(model=name, messages=QUESTION)
        assert gone.value.code == "model_not_found"
    for file_id in (job.training_file, job.validation_file, *job.result_files):
        assert client.files.delete(file_id).deleted
    assert client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"


@pytest.mark.parametrize(
    ("model", "train", "valid", "n_rows"),
    [
        ("gpt-4o-mini", "ar_lsat/chat_train.jsonl", "ar_lsat/chat_dev.jsonl", 12),
        ("davinci-002", "zh_qa/egret_wenda/prompt_completion_2500.jsonl", None, 24),
    ],
)
def test_on_real_rows_the_losses_fall(
    client: openai.OpenAI, shared_data: Path, model: str, train: str, valid: str | None, n_rows: int
) -> None:
    training_rows = first_lines(shared_data / train, n_rows + 6)
    validation_rows = training_rows[n_rows:] if valid is None else first_lines(shared_data / valid, 6)
    files = [
        client.files.create(file=("rows.jsonl", b"".join(part)), purpose="fine-tune")
        for part in (training_rows[:n_rows], validation_rows)
    ]
    asked = client.fine_tuning.jobs.create(
        model=model,
        training_file=files[0].id,
        validation_file=files[1].id,
        hyperparameters={"n_epochs": 2, "batch_size": 4, "learning_rate_multiplier": 4},
    )
    job = finished(client, asked.id)
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=100))[::-1]
    losses = [one["train_loss"] for one in metrics_of(events)]
    half = len(losses) // 2
    assert sum(losses[half:]) < sum(losses[:half])
    assert metrics_of(events)[-1]["full_valid_loss"] < base_valid_loss(events)


def first_lines(path: Path, n: int) -> list[bytes]:
    with path.open("rb") as file:
        return list(itertools.islice(file, n))
