"""tunesmith serve, started for real on a fresh folder and spoken to by the other commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tunesmith.cli.service_process import free_port, running_service

TUNESMITH = [sys.executable, "-m", "tunesmith.cli.main"]


def test_the_commands_find_a_served_folder_without_any_variable_but_its_name(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TUNESMITH_BASE_URL")
    monkeypatch.delenv("TUNESMITH_API_KEY")
    data_dir = tmp_path / "data"
    monkeypatch.setenv("TUNESMITH_DATA_DIR", str(data_dir))
    with running_service(data_dir, port=free_port(8790)):
        assert "tunesmith-nano" in [model["id"] for model in cli.json("models", "list", "--json")]
        secret = cli("keys", "create", "ci").stdout.strip()
        monkeypatch.setenv("TUNESMITH_API_KEY", secret)
        assert cli.json("jobs", "list", "--json") == []
        refused = cli("keys", "list")
        assert refused.exit_code == 1
        assert "admin.key" in refused.stderr
        missing = cli("files", "show", "file-nowhere")
        assert missing.exit_code == 1
        assert "file-nowhere" in missing.stderr
        Path("rows.json").write_text('{\n  "messages": []\n}\n')
        rejected = cli("files", "upload", "rows.json")
        assert "Expected file to have JSONL format" in rejected.stderr
    gone = cli("jobs", "list")
    assert gone.exit_code == 1
    assert "tunesmith serve" in gone.stderr


def test_a_service_started_by_a_command_dies_with_it_even_by_kill_9(tmp_path: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\n"
        "from tunesmith.cli.service_process import free_port, running_service\n"
        f"with running_service(Path({str(tmp_path)!r}), port=free_port(8790)) as connection:\n"
        "    print(connection.base_url, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    base_url = parent.stdout.readline().strip()
    assert base_url.endswith("/v1")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while _answers(base_url) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _answers(base_url)


def _answers(base_url: str) -> bool:
    import httpx2

    try:
        return httpx2.get(base_url.removesuffix("/v1") + "/healthz", timeout=1, trust_env=False).is_success
    except httpx2.TransportError:
        return False


def test_a_public_address_is_refused_without_the_flag(tmp_path: Path) -> None:
    command = [*TUNESMITH, "serve", "--host", "0.0.0.0", "--data-dir", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "--allow-public-bind" in result.stderr


@pytest.mark.parametrize(("name", "value"), [("MAX_RUNNING_JOBS", "none"), ("BASE_MODELS", "{bad")])
def test_a_setting_that_does_not_fit_is_named(tmp_path: Path, name: str, value: str) -> None:
    environment = {**os.environ, f"TUNESMITH_{name}": value}
    command = [*TUNESMITH, "serve", "--data-dir", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert result.returncode == 1
    assert name.lower() in result.stderr
    assert "Traceback" not in result.stderr
