"""`tunesmith train FILE`: fine-tune here and now, without a service. The same loop, the same weights as through one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal

import typer

from tunesmith.cli import following, terminal
from tunesmith.cli.number_or_auto import decimal_option, whole_option
from tunesmith.cli.terminal import AsJson, CommandFailed
from tunesmith.findings import Finding
from tunesmith.models.folder import FoundBase, find_base
from tunesmith.models.nano import nano_folder
from tunesmith.training import reports
from tunesmith.training.reports import (
    BaseValidReport,
    CheckpointReport,
    DiagnosisReport,
    FindingReport,
    Report,
    ResolvedReport,
    StepReport,
    WarningReport,
)
from tunesmith.training.spec import Hyperparameters, RunRequest

RUN_MARK = "run.json"
# Read when torch and tokenizers are loaded: waiting threads sleep instead of spinning, and nothing asks the network.
QUIET = {"OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}


def train(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="Rows to learn from: any file that tunesmith data look understands."
        ),
    ],
    validation_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Rows to measure on.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="tunesmith-nano, or the folder of a Hugging Face causal language model.")
    ] = "tunesmith-nano",
    out: Annotated[
        Path | None, typer.Option(help="Where the run and its result go. Default: the file's name + -tuned.")
    ] = None,
    n_epochs: Annotated[Any, whole_option("How often to go through the rows.")] = "auto",
    batch_size: Annotated[Any, whole_option("Rows per step.")] = "auto",
    learning_rate: Annotated[Any, decimal_option("The peak learning rate itself.")] = "auto",
    learning_rate_multiplier: Annotated[Any, decimal_option("Scales the derived learning rate.")] = "auto",
    training_type: Annotated[
        Literal["auto", "lora", "full"], typer.Option(help="An adapter, or all the weights.")
    ] = "auto",
    lora_rank: Annotated[Any, whole_option("Size of the adapter.")] = "auto",
    lora_alpha: Annotated[Any, decimal_option("Strength of the adapter: it is scaled by alpha / rank.")] = "auto",
    max_length: Annotated[Any, whole_option("Longest row, in tokens; longer ones are cut.")] = "auto",
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="The same seed, rows and threads give the same bytes.")
    ] = 0,
    style: Annotated[
        Literal["chat", "text"], typer.Option(help="text: plain completion without a chat template.")
    ] = "chat",
    as_json: AsJson = False,
) -> None:
    """Fine-tune on this machine, with no service. What is on auto is decided from the rows and the model, and says why.

    Ctrl-C pauses after the present step; the same command again goes on from there. With --json, prints each report as
    a line.

    \b
    Examples:
      tunesmith train train.jsonl
      tunesmith train train.jsonl --validation-file valid.jsonl --n-epochs 5 --out shop
      tunesmith train rows.json --model ./Qwen3-0.6B --lora-rank 32
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # torch and transformers take seconds to load, and no other command needs them.
    from transformers.utils.logging import disable_progress_bar

    from tunesmith.training.run import fine_tune

    base = find_base(model, models={"tunesmith-nano": nano_folder()})
    asked = Hyperparameters(
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        learning_rate_multiplier=learning_rate_multiplier,
        training_type=training_type,
        lora_rank=lora_rank,
        lora_alpha=lora_alpha,
        max_length=max_length,
    )
    request = RunRequest(
        base_folder=str(base.folder),
        base_name=base.name,
        training_path=str(file.resolve()),
        training_name=file.name,
        validation_path=str(validation_file.resolve()) if validation_file else None,
        validation_name=validation_file.name if validation_file else None,
        asked=asked,
        seed=seed,
        style=style,
        init_adapter=None,
    )
    run_dir = out or Path(f"{file.stem}-tuned")
    _check_run_folder(run_dir)
    disable_progress_bar()
    with _stop_on_ctrl_c() as should_stop, _Live(as_json=as_json) as live:
        outcome = fine_tune(request, run_dir=run_dir, report=live.show, should_stop=should_stop)
    if outcome.final_folder is None:
        raise CommandFailed(
            "paused; everything up to this step is kept.", hint="Run the same command again to go on.", exit_code=130
        )
    _say_where(Path(outcome.final_folder), base, as_json=as_json)


def _check_run_folder(run_dir: Path) -> None:
    """A run goes into a folder of its own; one that holds this very run already is gone on with."""
    if (run_dir / RUN_MARK).is_file():
        if (run_dir / "checkpoints").is_dir():
            terminal.err.print(f"{run_dir} holds a run already; going on from its newest checkpoint.")
    elif run_dir.exists() and (not run_dir.is_dir() or any(run_dir.iterdir())):
        raise CommandFailed(f"{run_dir} exists and is not an empty folder.", hint="Choose another place with --out.")


@contextmanager
def _stop_on_ctrl_c() -> Iterator[Callable[[], Literal["pause", "cancel"] | None]]:
    """The first Ctrl-C asks the loop to pause after its step; a second one ends the process as usual."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, before)
        terminal.err.print("\nPausing after this step ... (Ctrl-C again leaves at once)")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: "pause" if asked else None
    finally:
        signal.signal(signal.SIGINT, before)


class _Live:
    """The loop's reports as lines and a progress bar, or as JSON lines."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = following.progress_bar()
        self._bar = self._progress.add_task("training", total=None, loss="")

    def __enter__(self) -> _Live:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, report: Report) -> None:
        if self._as_json:
            terminal.print_json_line(reports.to_json(report))
        elif isinstance(report, ResolvedReport):
            self._say_reasons(report)
        elif isinstance(report, StepReport):
            self._step(report)
        elif isinstance(report, CheckpointReport):
            self._say(f"Checkpoint at step {report.step}: {report.folder}")
        elif isinstance(report, WarningReport):
            self._say(report.message, style="yellow")
        elif isinstance(report, BaseValidReport):
            self._say(report.message)
        elif isinstance(report, FindingReport):
            self._find(report.finding)
        else:
            self._conclude(report)

    def _say_reasons(self, report: ResolvedReport) -> None:
        self._say(f"{report.n_examples} examples, {report.total_steps} steps")
        for reason in report.reasons:
            self._say(f"{reason.name} = {reason.value}: {reason.because} ({reason.source})", style="dim")

    def _step(self, report: StepReport) -> None:
        losses = following.losses(asdict(report))
        self._progress.update(self._bar, completed=report.step, total=report.total_steps, loss=losses)
        if not terminal.err.is_terminal and following.is_worth_a_line(report.step, report.total_steps):
            self._say(f"Step {report.step}/{report.total_steps}: {losses}")

    def _conclude(self, report: DiagnosisReport) -> None:
        for finding in report.findings:
            self._find(finding)
        if report.verdict == reports.HEALTHY:
            self._say("Diagnosis: the curves look healthy")

    def _find(self, finding: Finding) -> None:
        self._say(f"{finding.code}: {finding.message}", style="" if finding.severity == "info" else "yellow")

    def _say(self, text: str, *, style: str = "") -> None:
        terminal.err.print(f"  {text}", style=style)


def _say_where(final: Path, base: FoundBase, *, as_json: bool) -> None:
    """The folder and how any Hugging Face program loads it."""
    is_adapter = (final / "adapter_config.json").exists()
    if as_json:
        return terminal.print_json_line(
            {"final_folder": str(final), "is_adapter": is_adapter, "base": str(base.folder)}
        )
    terminal.err.print("\nThe adapter lies in:" if is_adapter else "\nThe model lies in:")
    terminal.out.print(str(final))
    terminal.err.print("Load it anywhere:\n", style="dim")
    load = f'AutoModelForCausalLM.from_pretrained("{base.folder if is_adapter else final}")'
    lines = ["from transformers import AutoModelForCausalLM"]
    if is_adapter:
        lines += ["from peft import PeftModel", f'model = PeftModel.from_pretrained({load}, "{final}")']
    else:
        lines += [f"model = {load}"]
    terminal.err.print("\n".join(lines))
