"""Bad training files, as people really send them: what is refused at upload, and what makes the job fail."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest

from tunesmith import errors
from tunesmith.app import build_worker

USER = {"role": "user", "content": "你好"}
ASSISTANT = {"role": "assistant", "content": "您好！"}
JSONL_WORDS = "Expected file to have JSONL format, where every line is a JSON dictionary."


def rows(n: int = 12, *, line_3: dict | None = None) -> list[dict]:
    """`n` good rows, of which the third may be another."""
    made = [{"messages": [USER, ASSISTANT]} for _ in range(n)]
    if line_3 is not None:
        made[2] = line_3
    return made


def jsonl(made: list[dict], *, newline: str = "\n") -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + newline for row in made)


def upload(service, content: bytes, name: str = "train.jsonl"):
    with service.client() as client:
        return client.files.create(file=(name, content), purpose="fine-tune")


def validated_job(service, content: bytes, **options):
    """The job after a worker has read its file."""
    file = upload(service, content)
    with service.client() as client:
        job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id, **options)
        claimed = service.services.runs.claim_next("validation", "test-worker")
        build_worker(service.services)._runner.validate(claimed)
        events = client.fine_tuning.jobs.list_events(job.id)
        return client.fine_tuning.jobs.retrieve(job.id), [event.message for event in events]


NOT_JSONL = {
    "plain text": b"hello there\nsecond line\n",
    "pretty-printed JSON": json.dumps(rows(2), indent=2).encode(),
    "one pretty-printed object": json.dumps(rows(1)[0], indent=2).encode(),
    "a JSON array": json.dumps(rows()).encode(),
    "CSV": b"prompt,completion\nhello,world\n",
    "an array in line 2": b'{"messages": []}\n[1, 2]\n',
    "UTF-16": jsonl(rows()).encode("utf-16"),
    "NUL bytes": jsonl(rows()).encode().replace(b"\n", b"\x00\n", 1),
    "a lone surrogate": b'{"messages": [{"role": "user", "content": "\\ud800"}]}\n',
    "NaN": b'{"messages": [], "score": NaN}\n',
    "deep nesting": b"[" * 100_000 + b"\n",
    "half a line": jsonl(rows()).encode()[:-20],
    "zip": b"PK\x03\x04" + bytes(range(256)),
    "empty": b"",
    "blank lines only": b"\n\n\n",
}


@pytest.mark.parametrize("what", NOT_JSONL)
def test_what_is_not_jsonl_is_refused_at_upload_with_the_reason(shared_service, what: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        upload(shared_service, NOT_JSONL[what])
    error = refused.value.body
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) > 20
    assert shared_service.left_over_uploads() == []


@pytest.mark.parametrize("what", ["plain text", "a JSON array", "CSV", "pretty-printed JSON"])
def test_openais_words_name_the_line_and_how_it_starts(shared_service, what: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        upload(shared_service, NOT_JSONL[what])
    message = refused.value.body["message"]
    assert message.startswith(JSONL_WORDS)
    assert "Line 1 is not a dictionary (HINT: line starts with:" in message


def test_a_line_of_64_mb_is_refused_without_being_kept(shared_service) -> None:
    line = b'{"messages": [{"role": "user", "content": "' + b"x" * (64 * 2**20) + b'"}]}\n'
    with pytest.raises(openai.BadRequestError, match=r"[Ll]ine 1\b"):
        upload(shared_service, line)
    assert shared_service.left_over_uploads() == []


@pytest.mark.parametrize(
    "content",
    [
        jsonl(rows()).encode("utf-8-sig"),
        jsonl(rows()).encode("gb18030"),
        jsonl(rows(), newline="\r\n").encode(),
        (jsonl(rows()) + "\n\n").encode(),
    ],
    ids=["BOM", "GBK", "CRLF", "blank last lines"],
)
def test_harmless_oddities_are_read(shared_service, content: bytes) -> None:
    job, messages = validated_job(shared_service, content)
    assert (job.status, job.error) == ("queued", None), messages
    assert "Files validated, moving job to queued state" in messages
    with shared_service.client() as client:
        client.fine_tuning.jobs.cancel(job.id)


@pytest.mark.parametrize("n", [1, 9])
def test_too_few_rows_fail_the_job_in_openais_words(shared_service, n: int) -> None:
    job, messages = validated_job(shared_service, jsonl(rows(n)).encode())
    assert job.status == "failed"
    assert (job.error.code, job.error.param) == ("invalid_n_examples", "training_file")
    assert job.error.message == f"Training file has {n} example(s), but must have at least 10 examples"
    assert job.fine_tuned_model is None
    assert messages[0].startswith("The job failed due to an invalid training file.")


BAD_ROWS = {
    "no role": {"messages": [{"content": "a"}, ASSISTANT]},
    "unknown role": {"messages": [{"role": "assitant", "content": "a"}, ASSISTANT]},
    "last message is not the assistant's": {"messages": [USER, ASSISTANT, USER]},
    "no assistant message": {"messages": [USER]},
    "no trained token": {"messages": [USER, {**ASSISTANT, "weight": 0}]},
    "no messages": {"messages": []},
    "messages is text": {"messages": "hello"},
    "content is a number": {"messages": [USER, {"role": "assistant", "content": 5}]},
    "content is an image": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, ASSISTANT]
    },
    "another format": {"question": "a", "answer": "b"},
    "mixed formats": {"prompt": "a", "completion": "b"},
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_row_fails_the_job_and_names_its_line(shared_service, what: str) -> None:
    job, messages = validated_job(shared_service, jsonl(rows(line_3=BAD_ROWS[what])).encode())
    assert job.status == "failed", messages
    assert (job.error.code, job.error.param) == ("invalid_training_file", "training_file")
    assert job.error.message.startswith("The job failed due to an invalid training file. ")
    assert "3" in job.error.message
    assert job.finished_at is not None
    assert messages[0].startswith("The job failed due to an invalid training file. ")


def test_a_missing_role_is_said_as_openai_says_it(shared_service) -> None:
    job, _ = validated_job(shared_service, jsonl(rows(line_3=BAD_ROWS["no role"])).encode())
    assert "Invalid file format. Example 3, message 1 Discriminator 'role' is missing in value" in job.error.message


def test_a_bad_validation_file_is_named_as_such(shared_service) -> None:
    bad = upload(shared_service, jsonl(rows(line_3=BAD_ROWS["no role"])).encode())
    job, _ = validated_job(shared_service, jsonl(rows()).encode(), validation_file=bad.id)
    assert (job.error.code, job.error.param) == ("invalid_validation_file", "validation_file")
    assert job.error.message.startswith("The job failed due to an invalid validation file. ")


def test_an_unknown_purpose_is_refused(shared_service) -> None:
    answer = shared_service.http.post("/v1/files", files={"file": ("a", b"{}\n")}, data={"purpose": "fun"})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, "purpose", "invalid_value")
    assert shared_service.left_over_uploads() == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "pytorch_model.bin").write_bytes(b"\x80\x02pickle"), "pytorch_model.bin"),
        (lambda folder: _add_to_config(folder, auto_map={"AutoModelForCausalLM": "evil.Evil"}), "auto_map"),
    ],
    ids=["pickle weights only", "remote code"],
)
def test_an_unsafe_base_model_folder_is_refused_before_anything_is_served(
    start_service, tmp_path: Path, spoil, said: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8}
    (folder / "config.json").write_text(json.dumps(config))
    spoil(folder)
    with pytest.raises(errors.InvalidModel, match=said):
        start_service(base_models={"mine": folder})


def _add_to_config(folder: Path, **more: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **more}))
    (folder / "model.safetensors").write_bytes(b"")
