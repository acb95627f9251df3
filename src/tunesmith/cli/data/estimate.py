"""`tunesmith data estimate FILE`: tokens, steps, time, memory and price, before anything is trained."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import InputFile, check_readable
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.number_or_auto import decimal_option, whole_option
from tunesmith.cli.terminal import AsJson
from tunesmith.cli.train import QUIET
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.estimate import TokenCounts
    from tunesmith.training.estimate import Estimate

BAR = 30


def estimate(
    file: InputFile,
    validation_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Rows to measure on.")] = None,
    model: Annotated[
        str, typer.Option(help="tunesmith-nano, or the folder of a Hugging Face causal language model.")
    ] = "tunesmith-nano",
    n_epochs: Annotated[Any, whole_option("How often to go through the rows.")] = "auto",
    batch_size: Annotated[Any, whole_option("Rows per step.")] = "auto",
    training_type: Annotated[
        Literal["auto", "lora", "full"], typer.Option(help="An adapter, or all the weights.")
    ] = "auto",
    lora_rank: Annotated[Any, whole_option("Size of the adapter.")] = "auto",
    lora_alpha: Annotated[Any, decimal_option("Strength of the adapter: it is scaled by alpha / rank.")] = "auto",
    max_length: Annotated[Any, whole_option("Longest row, in tokens; longer ones are cut.")] = "auto",
    style: Annotated[
        Literal["chat", "text"], typer.Option(help="text: plain completion without a chat template.")
    ] = "chat",
    price: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="X",
            envvar="TUNESMITH_PRICE_PER_MILLION_TOKENS",
            show_envvar=False,
            help="What a million trained tokens cost, in any currency.",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option("--measure/--no-measure", help="Take a few real steps (about 10 s) to know the time."),
    ] = True,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Know before you train: tokens, epochs and steps, time on this machine as a range, memory, price.

    Nothing is written. The time comes from real training steps on your rows; --no-measure leaves it out.

    \b
    Examples:
      tunesmith data estimate train.jsonl
      tunesmith data estimate train.jsonl --model ./Qwen3-0.6B --n-epochs 2 --price 8
      tunesmith data estimate train.jsonl --no-measure --json
    """
    language, say = speaker(lang)
    check_readable(file)
    if validation_file:
        check_readable(validation_file)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    with terminal.err.status(say("Counting tokens and measuring speed ...", "正在统计词元、实测速度……")):
        from transformers.utils.logging import disable_progress_bar

        from tunesmith.models.folder import find_base
        from tunesmith.models.nano import nano_folder
        from tunesmith.training.estimate import estimate as estimate_run
        from tunesmith.training.spec import Hyperparameters

        disable_progress_bar()
        base = find_base(model, models={"tunesmith-nano": nano_folder()})
        asked = Hyperparameters(
            n_epochs=n_epochs,
            batch_size=batch_size,
            training_type=training_type,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            max_length=max_length,
        )
        found = estimate_run(
            file,
            base_folder=base.folder,
            base_name=base.name,
            validation_path=validation_file,
            asked=asked,
            style=style,
            measure=measure,
            price_per_million=price,
        )
    if as_json:
        return terminal.print_json(found.to_json())
    _print(found, file, language, say)


def _print(found: Estimate, file: Path, language: Language, say: Say) -> None:
    tokens = found.tokens
    terminal.print_fields(
        {
            say("model", "模型"): found.base_name,
            say("examples", "样本"): f"{tokens.n_examples:,}",
            say("tokens", "词元"): say(
                f"{tokens.tokens:,} in all, {tokens.answer_tokens:,} of them in answers",
                f"共 {tokens.tokens:,} 个，其中回答 {tokens.answer_tokens:,} 个",
            ),
            say("epochs", "轮数"): f"{found.n_epochs}",
            say("steps", "步数"): say(
                f"{found.total_steps:,} of {found.batch_size} rows each",
                f"{found.total_steps:,} 步，每步 {found.batch_size} 行",
            ),
            say("trained tokens", "训练词元"): say(
                f"{found.trained_tokens:,} (all tokens x epochs)", f"{found.trained_tokens:,}（全部词元 × 轮数）"
            ),
            say("time", "时间"): _time(found, say),
            say("memory", "内存"): _memory(found, say),
            say("price", "费用"): None if found.price is None else f"{found.price.total:,.2f}",
        }
    )
    terminal.heading(say("Length of the rows, in tokens", "每行长度（词元）"))
    _print_histogram(tokens, say)
    terminal.heading(say("Why", "依据"))
    for reason in found.reasons:
        terminal.out.print(Text(f"{reason.name} = {reason.value}: {reason.because} ({reason.source})"), soft_wrap=False)
    if found.time:
        because = found.time.because_zh if language == "zh" else found.time.because
        terminal.out.print(Text(say("time: ", "时间：") + because), soft_wrap=False)
    if found.findings:
        terminal.out.print()
        print_findings(found.findings, fixes={}, language=language, say=say)
    terminal.err.print(say("\nTrain: ", "\n开始训练：") + f"tunesmith train {shlex.quote(str(file))}")


def _time(found: Estimate, say: Say) -> str:
    if found.time is None:
        return say("not measured", "没有实测")
    return say(
        f"{_duration(found.time.low_s)} to {_duration(found.time.high_s)} on this machine",
        f"本机约 {_duration(found.time.low_s)} 到 {_duration(found.time.high_s)}",
    )


def _duration(seconds: float) -> str:
    """To the nearest unit that says something: 40 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _memory(found: Estimate, say: Say) -> str:
    needed, free = terminal.size(found.memory.peak_bytes), found.memory.free_bytes
    if free is None:
        return say(f"about {needed}", f"约 {needed}")
    return say(f"about {needed}; {terminal.size(free)} are free", f"约 {needed}；现有 {terminal.size(free)} 可用")


def _print_histogram(tokens: TokenCounts, say: Say) -> None:
    highest = max(one.count for one in tokens.histogram)
    for one in tokens.histogram:
        bar = "█" * round(BAR * one.count / highest) or ("▏" if one.count else "")
        terminal.out.print(f"{one.low:>7,} - {one.high - 1:>7,}  {one.count:>8,}  {bar}")
    longest = f"{tokens.longest:,}" + say(f" (line {tokens.longest_line})", f"（第 {tokens.longest_line} 行）")
    terminal.out.print(
        say(
            f"median {tokens.median:,}, 95 % up to {tokens.p95:,}, longest {longest}",
            f"中位 {tokens.median:,}，95% 不超过 {tokens.p95:,}，最长 {longest}",
        )
    )
