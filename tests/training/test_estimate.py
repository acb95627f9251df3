"""An estimate says what the run then does: the same tokens, the same steps, the same trained parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tunesmith.errors import InvalidFile, InvalidRequest
from tunesmith.models.nano import nano_folder
from tunesmith.training.estimate import Estimate, estimate
from tunesmith.training.memory import free_memory_bytes
from tunesmith.training.reports import Report, ResolvedReport
from tunesmith.training.run import fine_tune
from tunesmith.training.spec import Hyperparameters, RunRequest


def row(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


ROWS = [row(f"What is {n} and {n}?" + " Think." * (n % 5), f"It is {2 * n}. 一共 {2 * n} 个。") for n in range(13)]


@pytest.fixture
def training(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", ROWS)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def estimated(path: Path, *, measure: bool = False, **options: Any) -> Estimate:
    return estimate(path, base_folder=nano_folder(), base_name="tunesmith-nano", measure=measure, **options)


def really(path: Path, run_dir: Path, asked: Hyperparameters) -> tuple[int, ResolvedReport]:
    """Trained tokens and the first report of the run itself."""
    reports: list[Report] = []
    request = RunRequest(str(nano_folder()), "tunesmith-nano", str(path), path.name, asked=asked)
    outcome = fine_tune(request, run_dir=run_dir, report=reports.append)
    resolved = reports[0]
    assert isinstance(resolved, ResolvedReport)
    return outcome.trained_tokens, resolved


@pytest.mark.parametrize(
    "asked",
    [
        Hyperparameters(n_epochs=2),
        Hyperparameters(n_epochs=1, batch_size=4, lora_rank=3, max_length=24),
        Hyperparameters(n_epochs=1, batch_size=8, training_type="full"),
    ],
    ids=["auto", "cut", "full"],
)
def test_it_says_what_the_run_does(training: Path, tmp_path: Path, asked: Hyperparameters) -> None:
    found = estimated(training, asked=asked)
    trained_tokens, resolved = really(training, tmp_path / "run", asked)
    assert found.trained_tokens == trained_tokens
    assert found.tokens.tokens == resolved.tokens_per_epoch
    assert found.tokens.n_examples == resolved.n_examples
    assert (found.total_steps, found.steps_per_epoch) == (resolved.total_steps, resolved.steps_per_epoch)
    assert list(found.reasons) == resolved.reasons
    assert found.memory.n_trained_parameters == resolved.n_trained_parameters


def test_speed_is_measured_on_the_rows_and_nothing_is_written(training: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = estimated(training, measure=True, measure_s=0.5)
    assert found.speed is not None
    assert found.time is not None
    assert found.speed.n_steps >= 1
    assert found.speed.measured_s < 5
    assert 0 < found.time.low_s < found.time.high_s
    assert found.memory.peak_bytes > sum(part.size_bytes for part in found.memory.parts if part.name != "process")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_price_is_per_million_trained_tokens(training: Path) -> None:
    found = estimated(training, price_per_million=8.0)
    assert found.price is not None
    assert found.price.total == pytest.approx(found.trained_tokens * 8 / 1e6)
    assert estimated(training).price is None


def test_it_is_json_with_findings_in_both_languages(training: Path) -> None:
    found = estimated(training, asked=Hyperparameters(max_length=24))
    content = json.loads(json.dumps(found.to_json()))
    cut = next(finding for finding in content["findings"] if finding["code"] == "example_cut")
    assert cut["facts"]["max_length"] == 24
    assert "会从末尾截断" in cut["message_zh"]
    assert {part["name"] for part in content["memory"]["parts"]} >= {"weights", "adapter", "optimizer", "activations"}


def test_a_file_that_cannot_be_trained_on_is_refused_as_the_run_would(tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.jsonl", [*ROWS, {"messages": [{"role": "user", "content": "alone"}]}])
    with pytest.raises(InvalidFile, match="line 14"):
        estimated(bad)
    with pytest.raises(InvalidRequest, match="batch_size"):
        estimated(write(tmp_path / "good.jsonl", ROWS), asked=Hyperparameters(batch_size=0))


def test_free_memory_is_within_the_limit_of_a_container(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  2000 kB\nMemAvailable:  1000 kB\n")
    assert free_memory_bytes(tmp_path, tmp_path) == 1_024_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("350000\n")
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 50000\n")
    assert free_memory_bytes(tmp_path, tmp_path) == 1_024_000
    (tmp_path / "memory.max").write_text("500000\n")
    assert free_memory_bytes(tmp_path, tmp_path) == 200_000
    assert free_memory_bytes(tmp_path / "none", tmp_path) is None


def test_too_little_memory_is_said(training: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.training.memory.free_memory_bytes", lambda: 10**8)
    codes = [finding.code for finding in estimated(training).findings]
    assert codes == ["not_enough_memory"]
