"""tunesmith train: a run on this machine, paused with Ctrl-C and gone on with, and its result loaded by others."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

TUNESMITH = [sys.executable, "-m", "tunesmith.cli.main"]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"What is {i} plus 1?"},
                {"role": "assistant", "content": f"{i + 1}"},
            ]
        }
        for i in range(12)
    ]
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def test_ctrl_c_pauses_and_the_same_command_goes_on_to_the_end(rows: Path, tmp_path: Path) -> None:
    command = [*TUNESMITH, "train", str(rows), "--out", str(tmp_path / "run"), "--n-epochs", "12", "--json"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None
    seen = []
    for line in first.stdout:
        seen.append(orjson.loads(line))
        if seen[-1]["kind"] == "step":
            first.send_signal(signal.SIGINT)
            break
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 130, errors
    assert "Run the same command again" in errors
    assert not (tmp_path / "run" / "final").exists()

    second = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 0, second.stderr
    *reports, result = [orjson.loads(line) for line in second.stdout.splitlines()]
    steps = [report["step"] for report in reports if report["kind"] == "step"]
    assert steps == list(range(1, steps[-1] + 1))
    assert reports[0]["kind"] == "resolved"
    assert result["is_adapter"]
    assert (Path(result["final_folder"]) / "adapter_model.safetensors").is_file()


def test_bad_rows_are_named_by_line_and_leave_no_traceback(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "hi"}, {"role": "assitant", "content": "ho"}]}\n')
    result = cli("train", str(path), "--out", str(tmp_path / "run"))
    assert result.exit_code == 1
    assert "assitant" in result.stderr
    assert "1" in result.stderr
    assert "Traceback" not in result.output


def test_an_unknown_model_is_named(cli: Any, rows: Path, tmp_path: Path) -> None:
    result = cli("train", str(rows), "--model", "./no-such-folder", "--out", str(tmp_path / "run"))
    assert result.exit_code == 1
    assert "no-such-folder" in result.stderr


def test_a_folder_with_other_things_in_it_is_left_alone(cli: Any, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    result = cli("train", str(rows), "--out", str(tmp_path / "mine"))
    assert result.exit_code == 1
    assert "--out" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
