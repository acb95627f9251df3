"""How a command finds the service and its key, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tunesmith.cli import client
from tunesmith.cli.main import app
from tunesmith.cli.terminal import CommandFailed


def test_the_environment_names_service_and_key(tmp_path: Path) -> None:
    environ = {"TUNESMITH_BASE_URL": "https://tunes.example/v1/", "TUNESMITH_API_KEY": "sk-ts-mine"}
    found = client.find_service(environ, data_dir=tmp_path)
    assert (found.base_url, found.api_key, found.is_local) == ("https://tunes.example/v1", "sk-ts-mine", False)


def test_without_them_the_data_folder_of_the_local_service_is_read(tmp_path: Path) -> None:
    (tmp_path / "service.json").write_bytes(orjson.dumps({"base_url": "http://127.0.0.1:9123/v1", "pid": 1}))
    (tmp_path / "admin.key").write_text("sk-ts-local\n")
    found = client.find_service({"TUNESMITH_DATA_DIR": str(tmp_path)})
    assert (found.base_url, found.api_key) == ("http://127.0.0.1:9123/v1", "sk-ts-local")


def test_the_local_admin_key_is_never_sent_to_another_machine(tmp_path: Path) -> None:
    (tmp_path / "admin.key").write_text("sk-ts-local")
    with pytest.raises(CommandFailed) as failure:
        client.find_service({"TUNESMITH_BASE_URL": "https://tunes.example/v1"}, data_dir=tmp_path)
    assert "TUNESMITH_API_KEY" in str(failure.value.hint)


def test_with_no_service_at_all_the_command_to_start_one_is_named(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNESMITH_BASE_URL")
    monkeypatch.delenv("TUNESMITH_API_KEY")
    result = cli("jobs", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: No service was found")
    assert "tunesmith serve" in result.stderr
    assert result.stdout == ""


def test_a_service_that_is_gone_is_explained(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_BASE_URL", "http://127.0.0.1:9/v1")
    result = cli("models", "list")
    assert result.exit_code == 1
    assert "Error: No service answers at http://127.0.0.1:9/v1" in result.stderr
    assert "Traceback" not in result.output


def test_a_wrong_key_says_which_variable_to_set(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_API_KEY", "sk-ts-wrong-key")
    result = cli("models", "list")
    assert result.exit_code == 1
    assert "Incorrect API key provided" in result.stderr
    assert "Set TUNESMITH_API_KEY" in result.stderr


def test_something_else_on_that_port_is_recognised(cli: Any, service: Any) -> None:
    from starlette.responses import HTMLResponse

    service.on("GET /v1/models", lambda request, body: HTMLResponse("<h1>hello</h1>"))
    result = cli("models", "list")
    assert result.exit_code == 1
    assert "without the JSON of this API" in result.stderr


def test_an_error_of_the_service_is_one_line_with_its_field(cli: Any, service: Any) -> None:
    service.on(
        "GET /v1/fine_tuning/jobs/ftjob-9",
        lambda request, body: service.error(404, "Could not find fine tune: ftjob-9", param="fine_tune_id"),
    )
    result = cli("jobs", "show", "ftjob-9")
    assert result.exit_code == 1
    assert result.stderr == "Error: Could not find fine tune: ftjob-9 (field: fine_tune_id)\n"


def test_a_proxy_for_the_outside_world_does_not_catch_requests_to_this_machine(
    cli: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    service.on("GET /v1/models", {"object": "list", "data": []})
    assert cli.json("models", "list", "--json") == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["jobs", "create", "--help"], ["train", "--help"], ["demo", "--help"]]
)
def test_help_shows_examples_to_paste(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert "  tunesmith " in result.stdout


def test_help_needs_no_web_framework_and_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom tunesmith.cli.main import app\n"
        "CliRunner().invoke(app, ['--help'])\n"
        "print([m for m in ('torch', 'transformers', 'fastapi', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
