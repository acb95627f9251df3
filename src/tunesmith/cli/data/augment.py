"""`tunesmith data augment SEEDS`: more rows from a few good ones, made by a model and looked at by a person."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.client import find_service
from tunesmith.cli.data.input_file import check_readable
from tunesmith.cli.data.language import Lang, say, speaker
from tunesmith.cli.data.output_file import Out, beside
from tunesmith.cli.data.visible import visible
from tunesmith.cli.terminal import AsJson, CommandFailed, Yes
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.augment.augmentation import Augmentation, Correction
    from tunesmith.data.augment.chat_endpoint import ChatEndpoint
    from tunesmith.data.augment.progress import Progress as Made

Recipe = Literal["like_seeds", "paraphrase", "vary_answer", "from_document"]
FIRST_LOOK = 20


def augment(
    seeds: Annotated[
        Path | None, typer.Argument(metavar="[SEEDS]", help="Good rows to begin from; not needed with --document.")
    ] = None,
    recipe: Annotated[
        Recipe | None,
        typer.Option(
            help="like_seeds: new rows like these; paraphrase: other questions, same answers; vary_answer: other "
            "words for the answers; from_document: questions and answers about a text."
        ),
    ] = None,
    document: Annotated[Path | None, typer.Option(metavar="FILE", help="A text to make rows from (.txt, .md).")] = None,
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, max=100_000, help="How many good rows, in all.")] = 200,
    model: Annotated[
        str | None, typer.Option(help="Who writes them: a model of this machine's service, or of --base-url.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Another OpenAI-compatible service, ending in /v1.")
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable that holds the key of --base-url.")
    ] = None,
    instructions: Annotated[str, typer.Option(help="What you want, in your own words.")] = "",
    system: Annotated[str | None, typer.Option(help="System prompt of rows made from a document.")] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to measure on: nothing like them is kept.")
    ] = None,
    out: Out = None,
    bad: Annotated[
        list[str] | None,
        typer.Option("--bad", metavar="ID=REASON", help="A row of an earlier look that is bad, and why; repeatable."),
    ] = None,
    yes: Yes = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Let a model make more rows: 20 first, you say which are bad and why, then the rest.

    Every row is marked with its origin, compared with all others and checked. Ctrl-C stops; the same command goes on.
    With --json nothing is asked: without --yes it makes the first 20 and stops for your look.

    \b
    Examples:
      tunesmith data augment seeds.jsonl --model ft:tunesmith-nano:me::abc12345
      tunesmith data augment seeds.jsonl --recipe paraphrase -n 500 --model qwen3
      tunesmith data augment --document handbook.md -n 100 --model qwen3
      tunesmith data augment seeds.jsonl --model m --base-url http://127.0.0.1:8000/v1
    """
    language, _ = speaker(lang)
    from tunesmith.data.augment.augmentation import Augmentation
    from tunesmith.data.augment.plan import AugmentPlan

    origin = seeds or document
    if origin is None:
        raise CommandFailed(
            say("Which rows to begin from?", "从哪些样本开始？"),
            hint=say("For example: ", "例如：") + "tunesmith data augment seeds.jsonl --model NAME",
            exit_code=2,
        )
    for path in (seeds, document, validation):
        if path is not None:
            check_readable(path)
    plan = AugmentPlan(
        recipe=recipe or ("from_document" if document else "like_seeds"),
        out=out or beside(origin, "more"),
        seeds=seeds,
        document=document,
        validation=validation,
        instructions=instructions,
        system=system,
    )
    if plan.out.exists() and not plan.journal.exists():
        raise CommandFailed(
            say(f"{plan.out} exists already.", f"{plan.out} 已经存在。"),
            hint=say("Choose another place with --out.", "请用 --out 换一个位置。"),
        )
    with _endpoint(model, base_url, api_key_env) as sampler, Augmentation(plan) as job:
        job.correct(_corrections(bad))
        made = _look_and_go_on(job, sampler, rows, language, asks=not (yes or as_json), goes_on=yes or not as_json)
        _tell(job, made, language, as_json=as_json)
    if made.status in ("endpoint_failed", "stopped"):
        raise typer.Exit(130 if made.status == "stopped" else 1)


def _endpoint(model: str | None, base_url: str | None, api_key_env: str | None) -> ChatEndpoint:
    """The model of this machine's service, or of the one that was named."""
    from tunesmith.data.augment.chat_endpoint import ChatEndpoint

    if model is None:
        raise CommandFailed(
            say("Which model shall write the rows?", "由哪个模型来写？"),
            hint=say("Give --model; list them with: ", "请用 --model 指定；查看可用模型：") + "tunesmith models list",
            exit_code=2,
        )
    if base_url is None:
        service = find_service()
        return ChatEndpoint(service.base_url, model, api_key=service.api_key)
    key = os.environ.get(api_key_env) if api_key_env else None
    if api_key_env and not key:
        raise CommandFailed(
            say(f"The environment variable {api_key_env} is not set.", f"环境变量 {api_key_env} 没有设置。"),
            exit_code=2,
        )
    return ChatEndpoint(base_url, model, api_key=key)


def _corrections(pairs: list[str] | None) -> list[Correction]:
    from tunesmith.data.augment.augmentation import Correction

    return [
        Correction(row_id.strip(), reason.strip()) for row_id, _, reason in (one.partition("=") for one in pairs or ())
    ]


def _look_and_go_on(
    job: Augmentation, sampler: ChatEndpoint, n_rows: int, language: Language, *, asks: bool, goes_on: bool
) -> Made:
    """The first rows, the user's look at them, and the rest."""
    first = min(FIRST_LOOK, n_rows)
    with _stop_on_ctrl_c() as should_stop:
        made = job.progress("done")
        if len(job.rows) < first:
            made = _make(job, sampler, first, should_stop)
        while asks and made.status in ("done", "exhausted") and len(job.rows) <= first and job.rows:
            _show(job, language)
            corrections = _ask(job)
            if not corrections:
                break
            job.correct(corrections)
            made = _make(job, sampler, first, should_stop)
        if goes_on and made.status == "done" and len(job.rows) < n_rows:
            made = _make(job, sampler, n_rows, should_stop)
    return made


def _make(job: Augmentation, sampler: ChatEndpoint, n_rows: int, should_stop: Callable[[], bool]) -> Made:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=terminal.err, transient=True, disable=not terminal.err.is_terminal) as bar:
        task = bar.add_task(say("rows", "样本"), total=n_rows, completed=len(job.rows), told="")

        def show(made: Made) -> None:
            bar.update(task, completed=min(made.n_kept, n_rows), told=f"{made.n_requests} requests")

        return job.run(sampler, n_rows=n_rows, should_stop=should_stop, on_progress=show)


def _show(job: Augmentation, language: Language) -> None:
    terminal.heading(say(f"The first {len(job.rows)} rows", f"先看这 {len(job.rows)} 条"))
    for number, row in enumerate(job.rows, 1):
        terminal.out.print(Text(f"{number:>3}  ", style="bold") + Text(visible(row.question.strip())), soft_wrap=False)
        terminal.out.print(Text("     " + visible(row.answer.strip()), style="dim"), soft_wrap=False)


def _ask(job: Augmentation) -> list[Correction]:
    """`3 too long` on a line each, until an empty one; the numbers are those just shown."""
    from tunesmith.data.augment.augmentation import Correction

    terminal.err.print(
        say(
            '\nWhich are bad, and why? One a line, for example "3 too long". Enter alone: go on.',
            "\n哪些不好，为什么？每行一条，例如“3 太长了”。直接回车表示没有了，继续。",
        )
    )
    corrections: list[Correction] = []
    while line := typer.prompt(">", default="", show_default=False, err=True).strip():
        number, _, reason = line.partition(" ")
        if not number.isdecimal() or not 1 <= int(number) <= len(job.rows) or not reason.strip():
            terminal.err.print(
                say(
                    f"Expected a number from 1 to {len(job.rows)} and a reason.",
                    f"请写 1 到 {len(job.rows)} 的编号和原因。",
                )
            )
            continue
        corrections.append(Correction(job.rows[int(number) - 1].id, reason.strip()))
    return corrections


def _tell(job: Augmentation, made: Made, language: Language, *, as_json: bool) -> None:
    plan = job.plan
    if as_json:
        shown: list[dict[str, Any]] = [
            {"id": row.id, "question": row.question, "answer": row.answer} for row in job.rows[:FIRST_LOOK]
        ]
        return terminal.print_json(made.to_json() | {"out": str(plan.out), "first_rows": shown})
    terminal.out.print(f"{plan.out}  {made.summary(language)}")
    message = made.message_zh if language == "zh" else made.message
    if message:
        terminal.err.print(message, style="yellow")
    if made.status == "done":
        others = shlex.quote(str(plan.seeds)) if plan.seeds else "train.jsonl"
        merge = f"tunesmith data merge {others} {shlex.quote(str(plan.out))}"
        terminal.err.print(say("Put them together: ", "合并到一起：") + merge)
    elif made.status != "exhausted":
        terminal.err.print(say("Run the same command again to go on.", "再运行同一条命令就会接着做。"))


@contextmanager
def _stop_on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C stops after the answers under way; a second one ends the process as usual."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)
        terminal.err.print(say("\nStopping after the answers under way ...", "\n等正在进行的回答结束后停止……"))

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
