"""The demo as a newcomer runs it: one command, a fresh folder, a model that got better."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import orjson
import pytest

ROOT = Path(__file__).resolve().parents[2]
# Where the tests run in the background, Ctrl-C is ignored by whatever they start, unless it asks for it.
WITH_CTRL_C = (
    "import signal as s; s.signal(s.SIGINT, s.default_int_handler); from tunesmith.cli.main import main; main()"
)
DEMO = [sys.executable, "-c", WITH_CTRL_C, "demo"]


def accuracies(output: str) -> dict[str, tuple[int, int]]:
    """Right answers of base and tuned, by row of the table."""
    rows = re.findall(r"^(中文|English|both)\s+\d+\s+(\d+)/\d+ = +\d+%\s+(\d+)/\d+ = +\d+%", output, re.MULTILINE)
    return {name: (int(base), int(tuned)) for name, base, tuned in rows}


@pytest.mark.timeout(600)
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
            run_the_guides_script(data_dir, tmp_path)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert code == 0, text
    scores = accuracies(text)
    assert set(scores) == {"中文", "English", "both"}
    assert all(tuned - base >= 15 for base, tuned in scores.values()), text  # of 30 messages in each language
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


def run_the_guides_script(data_dir: Path, folder: Path) -> None:
    """The script of the guide to the official client, with nothing changed but the address and the key."""
    guide = (ROOT / "docs" / "guide" / "en" / "openai-client.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert block
    facts = orjson.loads((data_dir / "service.json").read_bytes())
    key = (data_dir / "admin.key").read_text(encoding="utf-8").strip()
    script = block[1].replace("http://127.0.0.1:8790/v1", facts["base_url"]).replace("sk-ts-...", key)
    rows = ROOT / "src" / "tunesmith" / "cli" / "demo_data"
    shutil.copy(rows / "train.jsonl", folder / "train.jsonl")
    shutil.copy(rows / "held_out.jsonl", folder / "valid.jsonl")
    result = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "The job has successfully completed" in result.stdout
    assert "ft:gpt-4o-mini:personal:shop:" in result.stdout
    assert "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy" in result.stdout
