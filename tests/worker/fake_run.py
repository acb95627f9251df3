"""The real child process around a training that only counts: `python fake_run.py RUN_DIR`.

What it does is said by the job's suffix, which names a story; state is one number in run_dir/checkpoints/at.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tunesmith import errors
from tunesmith.findings import Finding
from tunesmith.training.reports import (
    CheckpointReport,
    DiagnosisReport,
    FindingReport,
    Report,
    Resolved,
    ResolvedReport,
    StepReport,
    WarningReport,
)
from tunesmith.training.spec import RunRequest
from tunesmith.worker import child

TOTAL_STEPS = 6
STEPS_PER_EPOCH = 2
OVER_FITTING = Finding("over_fitting", "warning", "It turned up.", facts={"best_epoch": 2}, message_zh="回升了。")
FEW_ROWS = Finding("few_validation_rows", "info", "Few rows.", message_zh="行数少。")


@dataclass(frozen=True)
class Outcome:
    status: str
    final_folder: str | None
    trained_tokens: int


def fine_tune(
    request: RunRequest,
    *,
    run_dir: Path,
    report: Callable[[Report], None],
    should_stop: Callable[[], str | None],
) -> Outcome:
    story = Story(run_dir)
    story.begin()
    report(
        ResolvedReport(
            hyperparameters={"n_epochs": 3, "batch_size": 4},
            reasons=[
                Resolved("n_epochs", 3, "12 examples", "a rule"),
                Resolved("learning_rate", 0.000123456, "width 256", "another rule"),
                Resolved("batch_size", 4, "asked for", "asked"),
            ],
            total_steps=TOTAL_STEPS,
            steps_per_epoch=STEPS_PER_EPOCH,
            n_examples=12,
            n_validation_examples=0,
            tokens_per_epoch=100,
            n_trained_parameters=10,
        )
    )
    report(WarningReport(code="cut", message="2 examples were cut at 64 tokens", line=3, number=1))
    at = run_dir / "checkpoints" / "at"
    done = int(at.read_text()) if at.exists() else 0
    for number in range(1, done + 1):
        say(run_dir, number, report)
    while done < TOTAL_STEPS:
        asked = should_stop()
        if asked == "cancel" or asked == "pause":
            at.parent.mkdir(exist_ok=True)
            at.write_text(str(done))
            return Outcome("paused" if asked == "pause" else "cancelled", None, 0)
        done += 1
        story.step(done)
        say(run_dir, done, report)
        story.notice(done, report)
        if done % STEPS_PER_EPOCH == 0:
            at.write_text(str(done))
    story.end(report)
    final = run_dir / "final"
    if not final.exists():
        adapter(final, done)
    return Outcome("succeeded", str(final), 300)


def say(run_dir: Path, number: int, report: Callable[[Report], None]) -> None:
    report(
        StepReport(
            step=number,
            total_steps=TOTAL_STEPS,
            epoch=1,
            train_loss=1 / 3 / number,
            train_mean_token_accuracy=0.5,
            learning_rate=0.1,
            grad_norm=1.0,
            tokens_per_s=1.0,
            trained_tokens=number,
            valid_loss=0.123456789 if number == TOTAL_STEPS else None,
        )
    )
    if number % STEPS_PER_EPOCH == 0:
        folder = run_dir / "checkpoints" / f"step-{number}"
        if not folder.exists():
            adapter(folder, number)
        report(CheckpointReport(step=number, epoch=1, folder=str(folder), metrics={"train_loss": 0.5}))


def adapter(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_text(f"weights after {number}")
    (folder / "state.json").write_text("only for training")


class Story:
    """What befalls this run, read from the file that the test wrote beside it."""

    def __init__(self, run_dir: Path) -> None:
        self._name = (run_dir.parent / "story").read_text()
        self._run_dir = run_dir

    def begin(self) -> None:
        if self._name == "refuses":
            raise errors.InvalidFile(
                "Line 3 has no trained token.", code="invalid_training_file", param="training_file"
            )
        if self._name == "disk full":
            raise errors.StorageFull("The disk has no room for a checkpoint.")
        if self._name == "bug":
            raise ZeroDivisionError("division by zero")
        if self._name == "dies always":
            os.kill(os.getpid(), 9)
        print("a library prints this on stdout", json.dumps({"kind": "outcome"}), flush=True)

    def step(self, number: int) -> None:
        if self._name == "dies once" and number == 4 and self._is_first_time():
            os.kill(os.getpid(), 9)
        if self._name == "slow":
            time.sleep(0.5)

    def notice(self, number: int, report: Callable[[Report], None]) -> None:
        if self._name == "over-fits" and number == 4:
            report(FindingReport(number, OVER_FITTING))

    def end(self, report: Callable[[Report], None]) -> None:
        if self._name == "over-fits":
            report(DiagnosisReport(TOTAL_STEPS, OVER_FITTING.code, [OVER_FITTING, FEW_ROWS]))

    def _is_first_time(self) -> bool:
        marker = self._run_dir / "was here"
        is_first = not marker.exists()
        marker.touch()
        return is_first


if __name__ == "__main__":
    fake = types.ModuleType("tunesmith.training.run")
    fake.fine_tune = fine_tune  # type: ignore[attr-defined]
    sys.modules["tunesmith.training.run"] = fake
    child.main(Path(sys.argv[1]))
    os._exit(0)
