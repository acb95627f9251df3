from __future__ import annotations

import os
import socket
import time

import openai
import pytest

from tunesmith.control.files import RESULTS_PURPOSE, FileRecord


def upload(client: openai.OpenAI, rows: bytes, name: str = "train.jsonl", **options):
    return client.files.create(file=(name, rows), purpose="fine-tune", **options)


def test_a_file_is_uploaded_read_back_and_deleted(client, chat_rows: bytes) -> None:
    file = upload(client, chat_rows)
    assert file.id.startswith("file-")
    assert (file.filename, file.purpose, file.status, file.bytes) == (
        "train.jsonl",
        "fine-tune",
        "processed",
        len(chat_rows),
    )
    assert client.files.retrieve(file.id) == file
    assert client.files.wait_for_processing(file.id).id == file.id
    assert client.files.content(file.id).read() == chat_rows
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError) as missing:
        client.files.retrieve(file.id)
    assert missing.value.body["message"] == f"No such File object: {file.id}"
    assert missing.value.param == "id"


def test_the_content_comes_with_its_length(service, client, chat_rows: bytes) -> None:
    answer = service.http.get(f"/v1/files/{upload(client, chat_rows).id}/content")
    assert answer.headers["content-length"] == str(len(chat_rows))


@pytest.mark.parametrize("name", ["/home/me/data/train.jsonl", "C:\\data\\train.jsonl"])
def test_only_the_last_part_of_a_sent_path_is_kept(client, chat_rows: bytes, name: str) -> None:
    assert upload(client, chat_rows, name).filename == "train.jsonl"


def test_a_chinese_file_name_is_kept(client, chat_rows: bytes) -> None:
    assert upload(client, chat_rows, "训练数据.jsonl").filename == "训练数据.jsonl"


def test_pages_are_exact(client, chat_rows: bytes) -> None:
    made = [upload(client, chat_rows, f"{n}.jsonl").id for n in range(5)]
    newest_first = made[::-1]
    page = client.files.list(limit=2)
    assert [file.id for file in page.data] == newest_first[:2]
    assert page.has_more
    page = client.files.list(limit=3, after=newest_first[1])
    assert [file.id for file in page.data] == newest_first[2:]
    assert page.has_more is False
    assert [file.id for file in client.files.list(limit=2)] == newest_first
    assert [file.id for file in client.files.list(order="asc")] == made


def test_a_list_names_its_ends_and_an_empty_one_has_none(service, client, chat_rows: bytes) -> None:
    assert service.http.get("/v1/files").json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }
    file = upload(client, chat_rows)
    listed = service.http.get("/v1/files?purpose=fine-tune").json()
    assert listed["first_id"] == listed["last_id"] == file.id
    assert service.http.get("/v1/files?purpose=batch").json()["data"] == []


def test_a_file_can_expire(client, chat_rows: bytes) -> None:
    file = upload(client, chat_rows, expires_after={"anchor": "created_at", "seconds": 3600})
    assert file.expires_at == file.created_at + 3600


@pytest.mark.parametrize(("seconds", "code"), [(60, "integer_below_min_value"), (10**9, "integer_above_max_value")])
def test_an_expiry_out_of_range_is_refused(service, client, chat_rows: bytes, seconds: int, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        upload(client, chat_rows, expires_after={"anchor": "created_at", "seconds": seconds})
    assert refused.value.code == code
    assert service.left_over_uploads() == []


def test_an_expiry_that_is_no_number_is_refused(client, chat_rows: bytes) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        upload(client, chat_rows, expires_after={"anchor": "created_at", "seconds": "soon"})
    assert refused.value.code == "invalid_type"


def form(*parts: bytes) -> dict[str, object]:
    body = b"".join(b"--XX\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--XX--\r\n"
    return {"content": body, "headers": {"content-type": "multipart/form-data; boundary=XX"}}


def file_part(rows: bytes) -> bytes:
    return b'name="file"; filename="a.jsonl"\r\nContent-Type: application/octet-stream\r\n\r\n' + rows


PURPOSE = b'name="purpose"\r\n\r\nfine-tune'


@pytest.mark.parametrize("file_first", [True, False])
def test_fields_may_come_before_or_after_the_file(shared_service, chat_rows: bytes, file_first: bool) -> None:
    parts = [file_part(chat_rows), PURPOSE]
    answer = shared_service.http.post("/v1/files", **form(*(parts if file_first else parts[::-1])))
    assert (answer.status_code, answer.json()["bytes"]) == (200, len(chat_rows))


@pytest.mark.parametrize(
    ("parts", "param"), [([PURPOSE], "file"), ([file_part(b'{"messages": []}\n')], "purpose"), ([], "file")]
)
def test_a_missing_part_is_named(shared_service, parts: list[bytes], param: str) -> None:
    error = shared_service.http.post("/v1/files", **form(*parts)).json()["error"]
    assert (error["code"], error["param"]) == ("missing_required_parameter", param)
    assert shared_service.left_over_uploads() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"--XX\r\nContent-Disposition: form-data; " + file_part(b"{}\n") + b"\r\n",
        b"--XX\r\n" + b"A" * 100_000 + b": b\r\n\r\n\r\n--XX--\r\n",
        b"--YY\r\nContent-Disposition: form-data; " + PURPOSE + b"\r\n--YY--\r\n",
    ],
)
def test_a_broken_form_is_400_and_leaves_nothing(shared_service, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    answer = shared_service.http.post("/v1/files", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert shared_service.left_over_uploads() == []


def test_an_absurd_boundary_is_400(shared_service) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={'X' * 5000}"}
    answer = shared_service.http.post("/v1/files", content=b"", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_form")


def test_a_body_that_is_no_form_is_refused(shared_service) -> None:
    answer = shared_service.http.post("/v1/files", json={"purpose": "fine-tune"})
    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["error"]["message"]


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(service) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /v1/files HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.key}\r\n"
            "Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 50000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"--XX\r\nContent-Disposition: form-data; " + file_part(b"x" * 3_000_000))
        wait_until(lambda: service.left_over_uploads() != [])
    wait_until(lambda: service.left_over_uploads() == [])
    assert service.http.get("/v1/files").json()["data"] == []


def wait_until(is_true, timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.02)


@pytest.mark.parametrize("file_id", ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "file-nope", "a%20b"])
def test_an_unknown_file_is_404_and_never_a_path(shared_service, file_id: str) -> None:
    for answer in (
        shared_service.http.get(f"/v1/files/{file_id}"),
        shared_service.http.get(f"/v1/files/{file_id}/content"),
        shared_service.http.delete(f"/v1/files/{file_id}"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["message"].startswith("No such File object: ")


def test_a_large_file_is_streamed_to_disk(shared_service) -> None:
    rows = b'{"custom_id": "' + os.urandom(500).hex().encode() + b'"}\n'
    content = rows * 20_000
    answer = shared_service.http.post("/v1/files", files={"file": ("b.jsonl", content)}, data={"purpose": "batch"})
    assert answer.json()["bytes"] == len(content)
    assert shared_service.http.get(f"/v1/files/{answer.json()['id']}/content").content == content


def test_a_file_over_the_limit_is_413_and_leaves_nothing(start_service) -> None:
    service = start_service(max_file_bytes=100_000)
    with pytest.raises(openai.APIStatusError) as refused:
        service.client().files.create(file=("big.jsonl", b"{}\n" * 50_000), purpose="batch")
    assert refused.value.status_code == 413
    assert refused.value.param == "file"
    assert service.left_over_uploads() == []


def test_a_declared_length_over_the_limit_is_refused_before_it_is_read(start_service) -> None:
    service = start_service(max_file_bytes=100_000)
    answer = service.http.post("/v1/files", files={"file": ("b", b"x" * 20_000_000)}, data={"purpose": "batch"})
    assert answer.status_code == 413


@pytest.mark.parametrize(("as_base64", "content"), [(False, b"step\n1\n"), (True, b"c3RlcAoxCg==")])
def test_results_are_plain_or_base64_as_the_setting_says(start_service, as_base64: bool, content: bytes) -> None:
    service = start_service(result_files_base64=as_base64)
    upload = service.services.files.begin_upload()
    upload.write(b"step\n1\n")
    blob = upload.commit()
    caller = service.services.accounts.authenticate(service.key)
    record = FileRecord(
        "file-results", caller.project_id, "step_metrics.csv", RESULTS_PURPOSE, blob.size_bytes, blob.sha256, 1
    )
    service.services.data.files.insert(record, blob)
    with service.client() as client:
        assert client.files.retrieve("file-results").purpose == "fine-tune-results"
        assert client.files.content("file-results").read() == content
