"""The data desk over HTTP: files are looked at, checked, mended, converted, split, estimated, and stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

CSV = "问题,答复\r\n" + "".join(f"第{n}个问题怎么办？,先做第{n}步，再看结果。\r\n" for n in range(30))


def chat_row(question: str, answer: str) -> bytes:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}, ensure_ascii=False).encode() + b"\n"


GOOD = [chat_row(f"What is the name of river number {n} in the atlas?", f"It is called the {n}th.") for n in range(40)]


@pytest.fixture
def upload(shared_service: Any) -> Callable[..., str]:
    def send(content: bytes, filename: str = "rows.jsonl", purpose: str = "fine-tune") -> str:
        with shared_service.client() as client:
            return client.files.create(file=(filename, content), purpose=purpose).id

    return send


@pytest.fixture
def post(shared_service: Any) -> Callable[..., httpx2.Response]:
    def send(path: str, **body: Any) -> httpx2.Response:
        return shared_service.http.post(f"/tunesmith/v1/{path}", json=body, timeout=120)

    return send


def result(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return response.json()


def content(shared_service: Any, file: dict[str, Any]) -> bytes:
    with shared_service.client() as client:
        return client.files.content(file["id"]).content


def test_lint_names_the_lines_in_two_languages(upload: Any, post: Any) -> None:
    file_id = upload(b"".join([*GOOD, GOOD[3]]))
    said = result(post(f"files/{file_id}/lint"))["result"]
    duplicate = next(finding for finding in said["findings"] if "duplicate" in finding["code"])
    assert duplicate["rows"] == [41]
    assert "41" in duplicate["message"]
    assert "41" in duplicate["message_zh"]
    assert duplicate["fix"] in [fix["code"] for fix in said["fixes"]]


def test_fix_shows_its_plan_and_then_makes_a_new_file(shared_service: Any, upload: Any, post: Any) -> None:
    file_id = upload(b"".join([*GOOD, GOOD[3]]), "mine.jsonl")
    plan = result(post(f"files/{file_id}/fix", dry_run=True))
    assert plan["files"] == {}
    assert plan["result"]["removed"] == 1
    done = result(post(f"files/{file_id}/fix"))
    made = done["files"]["file"]
    assert made["filename"] == "mine.fixed.jsonl"
    assert made["purpose"] == "fine-tune"
    assert [json.loads(line) for line in content(shared_service, made).splitlines()] == list(map(json.loads, GOOD))
    assert content(shared_service, {"id": file_id}) == b"".join([*GOOD, GOOD[3]])


def test_a_chinese_csv_becomes_rows_that_can_be_trained_on(shared_service: Any, upload: Any, post: Any) -> None:
    file_id = upload(CSV.encode("gb18030"), "问答.csv", "user_data")
    seen = result(post(f"files/{file_id}/look"))["result"]
    assert seen["encoding"] == "gb18030"
    assert seen["detection"]["mapping"] == {"问题": "prompt", "答复": "completion"}
    made = result(post(f"files/{file_id}/convert", to="chat"))["files"]["file"]
    first = json.loads(content(shared_service, made).splitlines()[0])
    assert first["messages"][-1] == {"role": "assistant", "content": "先做第0步，再看结果。"}
    assert made["purpose"] == "fine-tune"


def test_what_the_result_is_called_does_not_change_what_it_is_for(upload: Any, post: Any) -> None:
    file_id = upload(b"".join(GOOD))
    made = result(post(f"files/{file_id}/convert", to="alpaca", filename="for training"))["files"]["file"]
    assert (made["filename"], made["purpose"]) == ("for training", "fine-tune")
    table = result(post(f"files/{file_id}/convert", to="alpaca", container="csv", filename="a.jsonl"))["files"]["file"]
    assert (table["filename"], table["purpose"]) == ("a.jsonl", "user_data")


def test_a_mapping_can_be_given_and_a_wrong_one_names_the_columns(upload: Any, post: Any) -> None:
    file_id = upload(b"a,b\n" + b"".join(b"q%d,r%d\n" % (n, n) for n in range(12)), "x.csv", "user_data")
    done = result(post(f"files/{file_id}/convert", to="alpaca", mapping={"a": "prompt", "b": "completion"}))
    assert done["result"]["n_written"] == 12
    wrong = post(f"files/{file_id}/convert", to="alpaca", mapping={"aa": "prompt"})
    assert wrong.status_code == 400
    assert '"aa"' in wrong.json()["error"]["message"]


def test_split_makes_two_files_that_share_no_row(shared_service: Any, upload: Any, post: Any) -> None:
    done = result(post(f"files/{upload(b''.join(GOOD))}/split", valid_share=0.25, seed=3))
    parts = {name: content(shared_service, file).splitlines() for name, file in done["files"].items()}
    assert set(parts) == {"training_file", "validation_file"}
    assert len(parts["validation_file"]) == 10
    rows = [json.loads(line) for part in parts.values() for line in part]
    assert sorted(map(str, rows)) == sorted(str(json.loads(row)) for row in GOOD)


def test_split_says_which_rows_it_could_not_read(upload: Any, post: Any) -> None:
    file_id = upload(b"".join([*GOOD, b"{broken\n"]), purpose="user_data")
    said = result(post(f"files/{file_id}/split"))["result"]
    assert (said["n_train"], said["n_valid"], said["n_skipped"]) == (36, 4, 1)
    skipped = next(finding for finding in said["findings"] if finding["code"] == "skipped_rows")
    assert skipped["rows"] == [41]


def test_estimate_says_tokens_and_steps_with_reasons(upload: Any, post: Any) -> None:
    file_id = upload(b"".join(GOOD))
    body = {"hyperparameters": {"n_epochs": 2, "batch_size": 8}, "measure": False}
    said = result(post(f"files/{file_id}/estimate", model="gpt-4o-mini", **body))["result"]
    assert said["total_steps"] == 10
    assert said["trained_tokens"] > 0


def test_personal_data_is_masked_into_a_new_file(shared_service: Any, upload: Any, post: Any) -> None:
    file_id = upload(b"".join([*GOOD, chat_row("Where do I write to?", "To anna.schmidt@mail-example.org, please.")]))
    found = result(post(f"files/{file_id}/pii"))
    assert found["result"]["findings"][0]["facts"]["kinds"] == {"email": 1}
    masked = result(post(f"files/{file_id}/pii", action="mask"))["files"]["file"]
    assert b"anna.schmidt" not in content(shared_service, masked)
    assert b"<EMAIL_1>" in content(shared_service, masked)


def test_the_report_is_a_page(upload: Any, post: Any) -> None:
    page = post(f"files/{upload(b''.join(GOOD))}/report", language="zh")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "</html>" in page.text


def test_every_check_is_listed_with_its_thresholds(shared_service: Any) -> None:
    checks = shared_service.http.get("/tunesmith/v1/checks").json()["data"]
    assert {"too_few_examples", "personal_data"} <= {check["code"] for check in checks}
    assert all(check["meaning"] and check["meaning_zh"] for check in checks)
    assert all(threshold["source"] for check in checks for threshold in check["thresholds"])


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("lint", {"only": ["duplicate_row"]}, "only"),
        ("lint", {"thresholds": {"min_exampels": 3}}, "thresholds"),
        ("lint", {"near_duplicate": True}, "near_duplicate"),
        ("convert", {"to": "sharegtp"}, "to"),
        ("lint", {"mapping": {"nope": "prompt"}}, "mapping"),
        ("split", {"valid_share": 1.5}, "valid_share"),
        ("split", {"seed": -5}, "seed"),
        ("estimate", {"hyperparameters": {"n_epochs": 0}, "measure": False}, "hyperparameters.n_epochs"),
        ("estimate", {"hyperparameters": {"n_epoch": 2}, "measure": False}, "hyperparameters.n_epoch"),
        ("estimate", {"hyperparameters": {"dtype": "int4"}, "measure": False}, "hyperparameters.dtype"),
    ],
)
def test_a_wrong_option_is_named(upload: Any, post: Any, path: str, body: dict[str, Any], param: str) -> None:
    refused = post(f"files/{upload(b''.join(GOOD))}/{path}", **body)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == param


def test_an_option_that_is_not_known_is_refused_with_the_nearest(upload: Any, post: Any) -> None:
    file_id = upload(b"".join(GOOD))
    said = post(f"files/{file_id}/lint", onyl=["html"]).json()["error"]
    assert said["message"] == "Unknown parameter: 'onyl'. Did you mean 'only'?"
    assert (said["param"], said["code"]) == ("onyl", "unknown_parameter")
    assert "Known are: format, mapping" in post(f"files/{file_id}/look", zzz=1).json()["error"]["message"]
    assert "Did you mean 'recipe'?" in post("augmentations", file=file_id, recipt="x").json()["error"]["message"]


def test_a_share_and_a_number_of_validation_rows_exclude_each_other(upload: Any, post: Any) -> None:
    refused = post(f"files/{upload(b''.join(GOOD))}/split", valid_share=0.2, n_valid=3)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "n_valid"


def test_a_file_or_model_of_nobody_is_a_404(upload: Any, post: Any) -> None:
    assert post("files/file-nothere/lint").status_code == 404
    assert post(f"files/{upload(b''.join(GOOD))}/lint", model="nobody").status_code == 404


def test_bytes_that_are_no_rows_are_a_400_that_says_what_they_are(upload: Any, post: Any) -> None:
    refused = post(f"files/{upload(b'%PDF-1.7 nothing', 'x.pdf', 'user_data')}/lint")
    assert refused.status_code == 400
    assert "PDF" in refused.json()["error"]["message"]


def test_an_augmentation_is_created_listed_paused_and_cancelled(shared_service: Any, upload: Any, post: Any) -> None:
    file_id = upload(b"".join(GOOD))
    made = result(post("augmentations", file=file_id, recipe="paraphrase", n=20, model="gpt-4o-mini"))
    assert made["status"] == "queued"
    listed = shared_service.http.get("/tunesmith/v1/augmentations").json()
    assert listed["data"][0]["id"] == made["id"]
    assert shared_service.http.get(f"/tunesmith/v1/augmentations/{made['id']}").json()["file"] == file_id
    assert result(post(f"augmentations/{made['id']}/pause"))["status"] == "paused"
    assert result(post(f"augmentations/{made['id']}/resume"))["status"] == "queued"
    assert result(post(f"augmentations/{made['id']}/cancel"))["status"] == "cancelled"
    again = post(f"augmentations/{made['id']}/resume")
    assert again.status_code == 400
    assert "cancelled" in again.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [({"recipe": "x"}, "recipe"), ({"endpoint": "http://10.0.0.1"}, "endpoint"), ({"n": 0}, "n")],
)
def test_a_wrong_augmentation_names_the_field(upload: Any, post: Any, changes: dict[str, Any], param: str) -> None:
    body = {"file": upload(b"".join(GOOD)), "recipe": "paraphrase", "n": 20, "model": "gpt-4o-mini", **changes}
    refused = post("augmentations", **body)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == param
