"""The demo as a newcomer runs it: one command, a fresh folder, a model that got better."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import orjson
import pytest

DEMO = [sys.executable, "-m", "tunesmith.cli.main", "demo"]


def accuracies(output: str) -> dict[str, tuple[int, int]]:
    """Right answers of base and tuned, by row of the table."""
    rows = re.findall(r"^(中文|English|both)\s+\d+\s+(\d+)/\d+ = +\d+%\s+(\d+)/\d+ = +\d+%", output, re.MULTILINE)
    return {name: (int(base), int(tuned)) for name, base, tuned in rows}


@pytest.mark.timeout(280)
def test_the_demo_ends_in_a_comparison_that_the_tuned_model_wins_and_then_serves_until_ctrl_c(tmp_path: Path) -> None:
    data_dir = tmp_path / "demo"
    output = tmp_path / "output.txt"
    with output.open("w") as out:
        process = subprocess.Popen(
            [*DEMO, "--data-dir", str(data_dir), "--port", "8791"], stdout=out, stderr=subprocess.STDOUT, text=True
        )
        try:
            wait_for("Serving until Ctrl-C", output, process)
            text = output.read_text(encoding="utf-8")
            ask_as_the_snippet_says(text, data_dir)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert code == 0, text
    scores = accuracies(text)
    assert set(scores) == {"中文", "English", "both"}
    assert all(tuned > base for base, tuned in scores.values()), text
    assert "so the tuned model is better." in text
    assert not (data_dir / "service.json").exists()


def wait_for(words: str, output: Path, process: subprocess.Popen[str]) -> None:
    """Look at the growing output once a second; the test's own timeout ends an endless wait."""
    while words not in output.read_text(encoding="utf-8"):
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the demo ended early:\n{output.read_text(encoding='utf-8')}")


def ask_as_the_snippet_says(text: str, data_dir: Path) -> None:
    """The printed curl command names the address, the key and the model: they must work."""
    url = re.search(r"^curl (\S+)", text, re.MULTILINE)
    key = re.search(r"Bearer (\S+?)'", text)
    body = re.search(r"-d '(\{.*\})'", text)
    assert url
    assert key
    assert body
    assert key[1] == (data_dir / "admin.key").read_text(encoding="utf-8").strip()
    answer = httpx2.post(
        url[1], headers={"authorization": f"Bearer {key[1]}"}, json=orjson.loads(body[1]), timeout=60, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]
