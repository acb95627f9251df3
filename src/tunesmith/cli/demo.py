"""`tunesmith demo`: the whole story on bundled rows.

A shop sorts messages by desk codes of its own, which no model can know beforehand.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.cells import cell_len, set_cell_size
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from tunesmith.cli import following, terminal
from tunesmith.cli.client import Client, Connection, Json, async_chat
from tunesmith.cli.service_process import free_port, running_service
from tunesmith.cli.terminal import CommandFailed
from tunesmith.evals.compare import Comparison, Row, Score, compare

MODEL = "tunesmith-nano"
SUFFIX = "shop"
SEED = 7
# More than auto takes for so few rows: with its three epochs some of the twelve kinds of rows stay half learnt.
HYPERPARAMETERS = {"n_epochs": 6, "learning_rate_multiplier": 2}
DEFAULT_PORT = 8790
SHOWN_BEFORE = 3
SHOWN_FLIPS = 6
ANSWER_CELLS = 26
LANGUAGES = {"en": "English", "zh": "中文"}
SAMPLING = {"temperature": 0, "max_tokens": 16}


def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where to serve; another one if it is taken.")
    ] = DEFAULT_PORT,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep everything here. Default: a folder that is removed at the end.")
    ] = None,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Exit after the comparison instead of serving on.")
    ] = False,
) -> None:
    """See a model get better on rows it has not seen, in about a minute, offline.

    Starts the service, asks the embedded model about a small shop's messages, fine-tunes it on 156 of them in English
    and Chinese, and compares both on 60 held-out ones.

    \b
    Examples:
      tunesmith demo
      tunesmith demo --no-serve
      tunesmith demo --data-dir ./demo
    """
    started = time.monotonic()
    held_out = read_rows("held_out.jsonl")
    with (
        _folder(data_dir) as folder,
        running_service(folder, port=free_port(port)) as connection,
        Client(connection) as client,
    ):
        terminal.out.print(f"The service runs at {connection.base_url}")
        _show_base_answers(connection, held_out)
        job = _fine_tune(client)
        tuned = str(job["fine_tuned_model"])
        comparison = asyncio.run(_compare(connection, held_out, tuned))
        _show(comparison, tuned)
        terminal.out.print(f"\nAll of it took {time.monotonic() - started:.0f} s.")
        if not no_serve:
            _show_how_to_talk(connection, tuned, held_out[0])
            _serve_until_stopped(data_dir)


def read_rows(name: str) -> list[Row]:
    """The bundled rows: what is asked, and the code the shop wants."""
    text = (resources.files("tunesmith.cli") / "demo_data" / name).read_text(encoding="utf-8")
    rows = []
    for line in text.splitlines():
        *asked, answer = orjson.loads(line)["messages"]
        rows.append(Row(messages=tuple(asked), expected=answer["content"], group=_language(asked[-1]["content"])))
    return rows


def _language(text: str) -> str:
    return "en" if text.isascii() else "zh"


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The given data folder, or one that vanishes; a given one must be fresh, for the demo is about a first start."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="tunesmith-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    if given.exists() and (not given.is_dir() or any(given.iterdir())):
        raise CommandFailed(
            f"{given} is not an empty folder.", hint="Choose a new one, or serve this one: tunesmith serve --data-dir"
        )
    yield given


def _show_base_answers(connection: Connection, held_out: list[Row]) -> None:
    rows = held_out[:SHOWN_BEFORE]
    with terminal.err.status("Loading the embedded model and asking it ..."):
        answers = asyncio.run(_ask_all(connection, MODEL, rows))
    terminal.heading("Before: a shop sorts messages by desk codes of its own. The base model cannot know them:")
    found = terminal.table("MESSAGE", "DESK", f"{MODEL} SAYS")
    for row, answer in zip(rows, answers, strict=True):
        found.add_row(row.messages[-1]["content"], row.expected, _one_line(answer))
    terminal.out.print(found)


async def _ask_all(connection: Connection, model: str, rows: list[Row]) -> list[str]:
    async with async_chat(connection, **SAMPLING) as sample:
        return list(await asyncio.gather(*(sample(model, row.messages) for row in rows)))


def _fine_tune(client: Client) -> Json:
    with resources.as_file(resources.files("tunesmith.cli") / "demo_data") as folder:
        train = client.upload(folder / "train.jsonl", purpose="fine-tune")
        held_out = client.upload(folder / "held_out.jsonl", purpose="fine-tune")
    job = client.post(
        "/fine_tuning/jobs",
        {
            "model": MODEL,
            "training_file": train["id"],
            "validation_file": held_out["id"],
            "suffix": SUFFIX,
            "seed": SEED,
            "method": {"type": "supervised", "supervised": {"hyperparameters": HYPERPARAMETERS}},
        },
    )
    terminal.heading(f"Fine-tuning on {train['filename']}: {job['id']}")
    job = following.follow(client, job["id"])
    if job["status"] != "succeeded":
        raise CommandFailed(f"{job['id']} {job['status']}: {(job.get('error') or {}).get('message')}")
    return job


async def _compare(connection: Connection, held_out: list[Row], tuned: str) -> Comparison:
    columns = (TextColumn("comparing base and tuned"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=terminal.err, transient=True, disable=not terminal.err.is_terminal) as progress:
        bar = progress.add_task("", total=2 * len(held_out))
        async with async_chat(connection, **SAMPLING) as sample:
            return await compare(
                held_out, base=MODEL, tuned=tuned, sample=sample, on_answer=lambda: progress.advance(bar)
            )


def _show(comparison: Comparison, tuned: str) -> None:
    n = len(comparison.answers)
    terminal.heading(f"After: right answers on the {n} held-out messages, none of them in the training rows:")
    scores = terminal.table("", "MESSAGES", "BASE", "TUNED", "TUNED, 95 % INTERVAL")
    parts = {**{LANGUAGES[name]: part for name, part in comparison.groups().items()}, "both": comparison}
    for name, part in parts.items():
        low, high = part.tuned.interval
        scores.add_row(name, str(part.tuned.n), _percent(part.base), _percent(part.tuned), f"{low:.0%} to {high:.0%}")
    terminal.out.print(scores)
    terminal.out.print(f"\n{comparison.reason}\n")
    flips = terminal.table("MESSAGE", "DESK", "BASE", "TUNED", "")
    for answer in (*comparison.fixed[:SHOWN_FLIPS], *comparison.broken[:SHOWN_FLIPS]):
        verdict = Text("fixed", "green") if answer.tuned_is_right else Text("broken", "red")
        flips.add_row(
            answer.row.messages[-1]["content"],
            answer.row.expected,
            _one_line(answer.base),
            _one_line(answer.tuned),
            verdict,
        )
    terminal.out.print(flips)
    terminal.out.print(f"\nThe tuned model: {tuned}")


def _show_how_to_talk(connection: Connection, tuned: str, row: Row) -> None:
    body = json.dumps({"model": tuned, "messages": list(row.messages)}, ensure_ascii=False)
    terminal.heading("Talk to it with curl:")
    terminal.out.print(
        f"curl {connection.url('/chat/completions')} \\\n"
        f"  -H 'Authorization: Bearer {connection.api_key}' -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}"
    )
    terminal.out.print("\nor with the official client (pip install openai):\n")
    terminal.out.print(
        "from openai import OpenAI\n"
        f'client = OpenAI(base_url="{connection.base_url}", api_key="{connection.api_key}")\n'
        f"messages = {json.dumps(list(row.messages), ensure_ascii=False)}\n"
        f'answer = client.chat.completions.create(model="{tuned}", messages=messages)\n'
        "print(answer.choices[0].message.content)"
    )
    terminal.out.print("\nor here, in another terminal:\n")
    terminal.out.print(f"TUNESMITH_DATA_DIR={connection.data_dir} tunesmith chat {tuned}")


def _serve_until_stopped(data_dir: Path | None) -> None:
    kept = f"everything stays in {data_dir}" if data_dir else "its folder is removed then; --data-dir keeps it"
    terminal.out.print(f"\nServing until Ctrl-C ({kept}).")
    try:
        signal.pause()
    except KeyboardInterrupt:
        terminal.err.print("\nStopping.")


def _percent(score: Score) -> str:
    return f"{score.right}/{score.n} = {score.accuracy:.0%}"


def _one_line(text: str) -> str:
    """The answer on one line of a table; a Chinese character takes two cells."""
    line = " ".join(text.split())
    return line if cell_len(line) <= ANSWER_CELLS else set_cell_size(line, ANSWER_CELLS - 1).rstrip() + "…"
