"""Following one job: its events in order, a progress bar, the live loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tunesmith.cli import terminal
from tunesmith.cli.client import PAGE_SIZE, Client, Json, quoted

ENDED = ("succeeded", "failed", "cancelled")
POLL_S = 0.5
LINES_WITHOUT_TERMINAL = 20  # progress lines of a whole run when nobody watches live


def new_events(client: Client, job_id: str, last_seen: str | None) -> list[Json]:
    """Events after `last_seen`, oldest first. The API pages from the newest backwards."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = client.get(f"/fine_tuning/jobs/{quoted(job_id)}/events", after=after, limit=PAGE_SIZE)
        for event in page["data"]:
            if event["id"] == last_seen:
                return found[::-1]
            found.append(event)
        if not page["data"] or not page.get("has_more"):
            return found[::-1]
        after = page["data"][-1]["id"]


def watch(
    client: Client, job_id: str, *, sleep: Callable[[float], None] = time.sleep, until_paused: bool = True
) -> Iterator[tuple[Json, list[Json]]]:
    """The job and its new events, again and again, until it has ended (or waits, paused)."""
    last_seen: str | None = None
    while True:
        job = client.get(f"/fine_tuning/jobs/{quoted(job_id)}")
        events = new_events(client, job_id, last_seen)
        if events:
            last_seen = events[-1]["id"]
        yield job, events
        if job["status"] in ENDED or (until_paused and is_paused(job)):
            return
        sleep(POLL_S)


def is_paused(job: Json) -> bool:
    return bool(job.get("paused")) or job["status"] == "paused"


def follow(client: Client, job_id: str, *, sleep: Callable[[float], None] = time.sleep) -> Json:
    """Show a job's progress until it ends or is paused, and return it."""
    job: Json = {}
    with progress_bar() as progress:
        bar = progress.add_task("waiting", total=None, loss="")
        for job, events in watch(client, job_id, sleep=sleep):
            for event in events:
                _show(event, progress, bar)
            progress.update(bar, description=str(job["status"]))
    return job


def follow_as_json(client: Client, job_id: str, *, sleep: Callable[[float], None] = time.sleep) -> Json:
    """Every event as one line of JSON, then the job."""
    seen: Json = {}
    for job, events in watch(client, job_id, sleep=sleep):
        seen = job
        for event in events:
            terminal.print_json_line(event)
    terminal.print_json_line(seen)
    return seen


def progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
        console=terminal.err,
        disable=not terminal.err.is_terminal,
    )


def _show(event: Json, progress: Progress, bar: TaskID) -> None:
    data = event.get("data") or {}
    if event.get("type") != "metrics":
        style = {"warn": "yellow", "error": "red"}.get(str(event.get("level")), "")
        terminal.err.print(f"  {event['message']}", style=style)
        return
    progress.update(bar, completed=data["step"], total=data["total_steps"], loss=losses(data))
    if not terminal.err.is_terminal and is_worth_a_line(int(data["step"]), int(data["total_steps"])):
        terminal.err.print(f"  {event['message']}")


def losses(metrics: Json) -> str:
    """The losses of one step, in nats per trained token."""
    named = (("loss", "train_loss"), ("valid", "valid_loss"), ("full valid", "full_valid_loss"))
    return "  ".join(f"{name} {metrics[key]:.3f}" for name, key in named if metrics.get(key) is not None)


def is_worth_a_line(step: int, total_steps: int) -> bool:
    every = max(1, total_steps // LINES_WITHOUT_TERMINAL)
    return step % every == 0 or step == total_steps
