"""A whole run through its door: what it reports, writes and refuses, and that an interruption changes nothing."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from families import tiny_model
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tunesmith.errors import Conflict, InvalidFile, InvalidRequest, TrainingFailed
from tunesmith.models.base import load_base, save_model
from tunesmith.models.nano import nano_folder
from tunesmith.training.reports import (
    BaseValidReport,
    CheckpointReport,
    Report,
    ResolvedReport,
    StepReport,
    WarningReport,
    from_json,
    to_json,
)
from tunesmith.training.run import Outcome, fine_tune
from tunesmith.training.spec import Hyperparameters, RunRequest

ROWS = [
    {"messages": [{"role": "user", "content": f"{n} + {n}?"}, {"role": "assistant", "content": f"{2 * n}"}]}
    for n in range(22)
]


class Killed(BaseException):
    """What a kill looks like from inside: nothing catches it."""


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen3 with the embedded model's tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    vocab_size = json.loads((nano_folder() / "config.json").read_text())["vocab_size"]
    model = tiny_model("qwen3", vocab_size=vocab_size)
    save_model(model, folder, tokenizer_from=nano_folder(), dtype=torch.float32)
    return folder


@pytest.fixture
def request_for(base_folder: Path, tmp_path: Path) -> Callable[..., RunRequest]:
    training, validation = tmp_path / "train.jsonl", tmp_path / "valid.jsonl"
    training.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    validation.write_text("".join(json.dumps(row) + "\n" for row in ROWS[::4]))

    def make(*, seed: int = 0, every_s: float = 1e9, init_adapter: str | None = None, **asked: Any) -> RunRequest:
        numbers = {"n_epochs": 4, "batch_size": 4, "lora_rank": 4, "learning_rate": 1e-2, **asked}
        return RunRequest(
            str(base_folder),
            "tiny",
            str(training),
            "train.jsonl",
            str(validation),
            "valid.jsonl",
            asked=Hyperparameters(**numbers),
            seed=seed,
            checkpoint_every_s=every_s,
            init_adapter=init_adapter,
        )

    return make


def run(request: RunRequest, run_dir: Path, **arguments: Any) -> tuple[Outcome, list[Report]]:
    reports: list[Report] = []
    outcome = fine_tune(request, run_dir=run_dir, report=reports.append, **arguments)
    return outcome, reports


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def of_kind(reports: list[Report], kind: type) -> list[Any]:
    return [report for report in reports if isinstance(report, kind)]


def test_a_run_reports_every_step_every_epoch_and_its_reasons(request_for: Any, tmp_path: Path) -> None:
    outcome, reports = run(request_for(), tmp_path / "run")
    resolved, base, *rest = reports
    assert isinstance(resolved, ResolvedReport)
    assert (resolved.total_steps, resolved.steps_per_epoch, resolved.n_examples) == (24, 6, 22)
    assert isinstance(base, BaseValidReport)
    assert outcome.base_valid_loss == base.full_valid_loss
    steps, checkpoints = of_kind(rest, StepReport), of_kind(rest, CheckpointReport)
    assert [step.step for step in steps] == list(range(1, 25))
    assert [step.step for step in steps if step.valid_loss is not None] == [10, 20, 24]
    assert [step.step for step in steps if step.full_valid_loss is not None] == [6, 12, 18, 24]
    assert [(c.step, c.epoch) for c in checkpoints] == [(6, 1), (12, 2), (18, 3), (24, 4)]
    assert steps[-1].full_valid_loss < base.full_valid_loss
    assert outcome.trained_tokens == steps[-1].trained_tokens == 4 * resolved.tokens_per_epoch
    assert len({report.key for report in reports}) == len(reports)
    assert [from_json(json.loads(json.dumps(to_json(report)))) for report in reports] == reports


def test_only_the_last_three_epochs_stay_and_each_loads_in_peft(
    request_for: Any, base_folder: Path, tmp_path: Path
) -> None:
    run(request_for(every_s=0.0), tmp_path / "run")
    folders = sorted((tmp_path / "run" / "checkpoints").iterdir())
    assert [folder.name for folder in folders] == ["step-000012", "step-000018", "step-000024"]
    base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, str(folders[-1]))
    stored = load_file(tmp_path / "run" / "final" / "adapter_model.safetensors")
    loaded = {name.replace(".default", ""): tensor for name, tensor in tuned.state_dict().items() if "lora_" in name}
    assert loaded.keys() == stored.keys()
    assert all(torch.equal(loaded[name], stored[name]) for name in stored)


@pytest.mark.parametrize("training_type", ["lora", "full"])
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(
    request_for: Any, tmp_path: Path, training_type: str
) -> None:
    request = request_for(training_type=training_type, every_s=0.0)
    whole, unbroken = run(request, tmp_path / "whole")
    chance = random.Random(7)
    heard: dict[str, Report] = {}
    outcome = None
    while outcome is None:
        deadline = chance.randint(1, 12)

        def report(one: Report) -> None:
            nonlocal deadline
            deadline -= one.key not in heard
            if deadline < 0:
                raise Killed
            heard[one.key] = one

        try:
            outcome = fine_tune(request, run_dir=tmp_path / "broken", report=report)
        except Killed:
            continue
    assert digest(tmp_path / "broken" / "final") == digest(tmp_path / "whole" / "final")
    assert outcome.trained_tokens == whole.trained_tokens
    assert list(heard) == [one.key for one in unbroken]
    assert [s.train_loss for s in of_kind(list(heard.values()), StepReport)] == [
        s.train_loss for s in of_kind(unbroken, StepReport)
    ]


def test_how_often_checkpoints_are_written_does_not_change_the_result(request_for: Any, tmp_path: Path) -> None:
    run(request_for(every_s=0.0), tmp_path / "often")
    run(request_for(), tmp_path / "seldom")
    assert digest(tmp_path / "often" / "final") == digest(tmp_path / "seldom" / "final")


def test_another_seed_gives_another_adapter(request_for: Any, tmp_path: Path) -> None:
    run(request_for(seed=1, n_epochs=1), tmp_path / "one")
    run(request_for(seed=2, n_epochs=1), tmp_path / "two")
    assert digest(tmp_path / "one" / "final") != digest(tmp_path / "two" / "final")


def test_a_torn_checkpoint_is_passed_over_and_the_result_is_the_same(request_for: Any, tmp_path: Path) -> None:
    request, run_dir = request_for(), tmp_path / "run"
    run(request, run_dir)
    before = digest(run_dir / "final")
    shutil.rmtree(run_dir / "final")
    weights = run_dir / "checkpoints" / "step-000024" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (run_dir / "checkpoints" / "step-000018" / "optimizer.safetensors").unlink()
    (run_dir / "checkpoints" / "step-000030.partial").mkdir()
    run(request, run_dir)
    assert digest(run_dir / "final") == before


def test_a_paused_run_goes_on_where_it_stopped(request_for: Any, tmp_path: Path) -> None:
    request, run_dir = request_for(), tmp_path / "run"
    stops = iter([None] * 8)
    outcome, reports = run(request, run_dir, should_stop=lambda: next(stops, "pause"))
    assert (outcome.status, outcome.step, outcome.final_folder) == ("paused", 8, None)
    again, repeated = run(request, run_dir)
    assert again.status == "succeeded"
    assert repeated[: len(reports)] == reports
    run(request, tmp_path / "unbroken")
    assert digest(run_dir / "final") == digest(tmp_path / "unbroken" / "final")


def test_a_run_on_rows_that_share_passages_ends_with_the_same_bytes_however_often_it_stopped(
    request_for: Any, tmp_path: Path
) -> None:
    request = request_for(batch_size=8, n_epochs=2)
    system = "You are an expert at logical reasoning. Read the passage and choose one of the options below it."
    passages = [f"Six people, {name} among them, negotiate a treaty around a circular table." for name in ("Ann", "Bo")]
    rows = [
        [
            ("system", system),
            ("user", f"{passages[q % 2]} Question {q}: who sits there?"),
            ("assistant", "ABCDE"[q % 5]),
        ]
        for q in range(20)
    ]
    messages = [[{"role": role, "content": content} for role, content in row] for row in rows]
    Path(request.training_path).write_text("".join(json.dumps({"messages": row}) + "\n" for row in messages))
    run(request, tmp_path / "unbroken")
    spec = json.loads((tmp_path / "unbroken" / "spec.json").read_text())
    assert (spec["share_prefixes"], spec["rows_per_group"]) == (True, 4)
    outcome = None
    while outcome is None or outcome.status == "paused":
        stops = iter([None] * 2)
        outcome, _ = run(request, tmp_path / "paused", should_stop=lambda stops=stops: next(stops, "pause"))
    assert digest(tmp_path / "paused" / "final") == digest(tmp_path / "unbroken" / "final")


def test_a_cancelled_run_writes_no_result(request_for: Any, tmp_path: Path) -> None:
    stops = iter([None] * 3)
    outcome, _ = run(request_for(), tmp_path / "run", should_stop=lambda: next(stops, "cancel"))
    assert outcome.status == "cancelled"
    assert not (tmp_path / "run" / "final").exists()


def test_a_full_run_ends_in_a_folder_that_is_a_base_model(request_for: Any, base_folder: Path, tmp_path: Path) -> None:
    outcome, reports = run(request_for(training_type="full", n_epochs=2, learning_rate=1e-3), tmp_path / "run")
    steps = of_kind(reports, StepReport)
    assert steps[-1].full_valid_loss < steps[5].full_valid_loss
    tuned = load_base(Path(outcome.final_folder or ""))
    base = load_base(base_folder)
    assert not torch.equal(tuned.get_input_embeddings().weight, base.get_input_embeddings().weight)
    assert (Path(outcome.final_folder or "") / "tokenizer.json").read_bytes() == (
        base_folder / "tokenizer.json"
    ).read_bytes()


def test_a_run_goes_on_from_an_earlier_adapter(request_for: Any, tmp_path: Path) -> None:
    first, reports = run(request_for(), tmp_path / "first")
    _, more = run(request_for(init_adapter=first.final_folder, n_epochs=1), tmp_path / "second")
    start = of_kind(more, BaseValidReport)[0]
    assert start.full_valid_loss == pytest.approx(of_kind(reports, StepReport)[-1].full_valid_loss, rel=1e-6)
    with pytest.raises(InvalidRequest, match="rank"):
        run(request_for(init_adapter=first.final_folder, lora_rank=8), tmp_path / "third")


def test_cut_examples_are_warned_about_with_their_lines(request_for: Any, tmp_path: Path) -> None:
    request = request_for(max_length=24, n_epochs=1)
    with Path(request.training_path).open("a") as file:
        row = {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": "one two three " * 20}]}
        file.write(json.dumps(row) + "\n")
    _, reports = run(request, tmp_path / "run")
    assert any(warning.line == 23 and "cut" in warning.message for warning in of_kind(reports, WarningReport))


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_rows(
    request_for: Any, base_folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(base_folder, broken)
    weights = load_file(broken / "model.safetensors")
    renderer_row = ROWS[5]["messages"][1]["content"]
    token = _only_token_of(base_folder, renderer_row)
    weights["model.embed_tokens.weight"][token] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    request = RunRequest.from_json({**request_for().to_json(), "base_folder": str(broken), "validation_path": None})
    with pytest.raises(TrainingFailed, match=r"not a finite number, on line\(s\) .*training file"):
        run(request, tmp_path / "run")
    assert not (tmp_path / "run" / "final").exists()


def test_a_folder_of_another_request_is_refused(request_for: Any, tmp_path: Path) -> None:
    run(request_for(n_epochs=1), tmp_path / "run")
    with pytest.raises(Conflict):
        run(request_for(n_epochs=2), tmp_path / "run")


def test_a_folder_of_other_rows_is_refused(request_for: Any, tmp_path: Path) -> None:
    request = request_for(n_epochs=1)
    run(request, tmp_path / "run")
    with Path(request.training_path).open("a") as file:
        file.write(json.dumps(ROWS[0]) + "\n")
    with pytest.raises(Conflict, match="rows have changed"):
        run(request, tmp_path / "run")


def test_a_refused_attempt_leaves_its_folder_to_the_corrected_one(request_for: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        run(request_for(n_epochs=0), tmp_path / "run")
    outcome, _ = run(request_for(n_epochs=1), tmp_path / "run")
    assert outcome.status == "succeeded"


def test_a_broken_file_is_refused_before_anything_is_trained(request_for: Any, tmp_path: Path) -> None:
    request = request_for()
    Path(request.training_path).write_text('{"messages": []}\n')
    with pytest.raises(InvalidFile):
        run(request, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.crash
def test_kill_nine_at_random_moments_ends_with_the_same_bytes(request_for: Any, tmp_path: Path) -> None:
    request = request_for(every_s=0.0, n_epochs=8)
    (tmp_path / "request.json").write_text(json.dumps(request.to_json()))
    program = (
        "import json, sys; from pathlib import Path; from tunesmith.training.run import fine_tune;"
        "from tunesmith.training.spec import RunRequest;"
        "request = RunRequest.from_json(json.loads(Path(sys.argv[1]).read_text()));"
        "fine_tune(request, run_dir=Path(sys.argv[2]), report=lambda one: print(one.key, flush=True))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "request.json")]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, stdout=subprocess.DEVNULL)
    chance = random.Random(3)
    heard: set[str] = set()
    kills = 0
    while not (tmp_path / "broken" / "final").exists():
        child = subprocess.Popen([*command, str(tmp_path / "broken")], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        enough = len(heard) + chance.randint(1, 30)
        for key in child.stdout:
            heard.add(key)
            if len(heard) >= enough:
                break
        time.sleep(chance.uniform(0.0, 0.05))
        child.kill()
        child.wait()
        kills += 1
    assert kills > 1
    assert digest(tmp_path / "broken" / "final") == digest(tmp_path / "whole" / "final")


def _only_token_of(folder: Path, text: str) -> int:
    from tokenizers import Tokenizer

    return int(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids[-1])
