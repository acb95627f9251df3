"""tunesmith files: upload, list, show, delete, download."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from starlette.responses import Response, StreamingResponse


def test_upload_sends_the_bytes_and_prints_the_id(cli: Any, service: Any) -> None:
    Path("rows.jsonl").write_bytes('{"messages": "你好"}\n'.encode())
    service.on("POST /v1/files", lambda request, body: service.file(filename=body["filename"]))
    result = cli("files", "upload", "rows.jsonl")
    assert result.exit_code == 0
    assert result.stdout.startswith("file-1  rows.jsonl")
    (sent,) = service.sent("POST /v1/files")
    assert sent == {"purpose": "fine-tune", "filename": "rows.jsonl", "content": '{"messages": "你好"}\n'.encode()}


def test_upload_of_a_file_that_is_not_there_names_it(cli: Any) -> None:
    result = cli("files", "upload", "nowhere.jsonl")
    assert result.exit_code == 2
    assert "nowhere.jsonl" in result.stderr


def test_a_refused_upload_shows_the_services_reason(cli: Any, service: Any) -> None:
    Path("rows.jsonl").write_text("[1, 2]")
    reason = "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary."
    service.on("POST /v1/files", lambda request, body: service.error(400, reason))
    result = cli("files", "upload", "rows.jsonl")
    assert result.exit_code == 1
    assert reason in result.stderr


def test_list_goes_from_page_to_page_up_to_the_limit(cli: Any, service: Any) -> None:
    service.on("GET /v1/files", service.paged([service.file(f"file-{i}") for i in range(250)]))
    files = cli.json("files", "list", "--limit", "220", "--json")
    assert [file["id"] for file in files] == [f"file-{i}" for i in range(220)]
    assert len(service.sent("GET /v1/files")) == 3


def test_list_prints_a_file_on_one_line_however_narrow_the_terminal(cli: Any, service: Any) -> None:
    file_id, name = "file-" + "x" * 60, "rows " * 20 + ".jsonl"
    service.on("GET /v1/files", service.paged([service.file(file_id, filename=name)]))
    _, row = cli("files", "list").stdout.splitlines()
    assert row.startswith(f"{file_id}  {name}  ")


def test_list_without_files_says_what_to_do(cli: Any, service: Any) -> None:
    service.on("GET /v1/files", service.paged([]))
    result = cli("files", "list")
    assert result.exit_code == 0
    assert "tunesmith files upload" in result.stderr


def test_show_prints_the_record(cli: Any, service: Any) -> None:
    service.on("GET /v1/files/file-1", service.file(bytes=2_500_000))
    assert "2.5 MB" in cli("files", "show", "file-1").stdout


def test_delete_asks_first(cli: Any, service: Any) -> None:
    service.on("DELETE /v1/files/file-1", {"id": "file-1", "object": "file", "deleted": True})
    refused = cli("files", "delete", "file-1", stdin="n\n")
    assert refused.exit_code == 1
    assert service.sent("DELETE /v1/files/file-1") == []
    assert cli("files", "delete", "file-1", "--yes").stdout == "Deleted file-1\n"


def test_download_writes_the_file_under_its_own_name(cli: Any, service: Any) -> None:
    service.on("GET /v1/files/file-1", service.file(filename="step_metrics.csv"))
    service.on("GET /v1/files/file-1/content", lambda request, body: Response(b"step,train_loss\n1,2.5\n"))
    assert cli("files", "download", "file-1").exit_code == 0
    assert Path("step_metrics.csv").read_bytes() == b"step,train_loss\n1,2.5\n"


def test_download_never_leaves_the_folder_it_was_asked_for(cli: Any, service: Any) -> None:
    service.on("GET /v1/files/file-1", service.file(filename="../../evil.csv"))
    service.on("GET /v1/files/file-1/content", lambda request, body: Response(b"x"))
    assert cli("files", "download", "file-1").exit_code == 0
    assert Path("evil.csv").exists()


def test_download_does_not_overwrite_unless_told_to(cli: Any, service: Any) -> None:
    Path("mine.csv").write_text("precious")
    service.on("GET /v1/files/file-1/content", lambda request, body: Response(b"new"))
    result = cli("files", "download", "file-1", "-o", "mine.csv")
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert Path("mine.csv").read_text() == "precious"
    assert cli("files", "download", "file-1", "-o", "mine.csv", "--force").exit_code == 0
    assert Path("mine.csv").read_text() == "new"


def test_a_download_never_replaces_what_is_no_file(cli: Any, service: Any) -> None:
    os.mkfifo("pipe")
    service.on("GET /v1/files/file-1/content", lambda request, body: Response(b"new"))
    assert cli("files", "download", "file-1", "-o", "pipe", "--force").exit_code == 1
    assert Path("pipe").is_fifo()


def test_a_download_that_breaks_off_leaves_nothing_behind(cli: Any, service: Any) -> None:
    async def half() -> Any:
        yield b"half"
        raise ConnectionResetError

    service.on(
        "GET /v1/files/file-1/content",
        lambda request, body: StreamingResponse(half(), headers={"content-length": "100"}),
    )
    result = cli("files", "download", "file-1", "-o", "result.csv")
    assert result.exit_code == 1
    assert "broke off" in result.stderr
    assert list(Path().iterdir()) == []


def test_download_to_stdout_prints_only_the_bytes(cli: Any, service: Any) -> None:
    service.on("GET /v1/files/file-1/content", lambda request, body: Response(b"step,train_loss\n"))
    assert cli("files", "download", "file-1", "-o", "-").stdout == "step,train_loss\n"
