"""`tunesmith jobs`: fine-tuning jobs of a running service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tunesmith.cli import following, terminal
from tunesmith.cli.client import Client, Json, quoted
from tunesmith.cli.data.findings_view import STYLES, WORDS
from tunesmith.cli.data.language import Lang, speaker
from tunesmith.cli.data.visible import visible
from tunesmith.cli.number_or_auto import decimal_option, whole_option
from tunesmith.cli.terminal import AsJson, CommandFailed, Limit

app = typer.Typer(no_args_is_help=True, help="Create, follow and steer fine-tuning jobs.")

JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="Such as ftjob-abc123.")]
JOBS = "/fine_tuning/jobs"


@app.command()
def create(
    training_file: Annotated[str, typer.Argument(help="The id of an uploaded file, or a path: it is uploaded first.")],
    validation_file: Annotated[str | None, typer.Option(help="Rows to measure on, an id or a path.")] = None,
    model: Annotated[
        str, typer.Option(help="What to start from: a base model, an alias or an ft: model.")
    ] = "tunesmith-nano",
    suffix: Annotated[str | None, typer.Option(help="A word of yours in the new model's name.")] = None,
    n_epochs: Annotated[Any, whole_option("How often to go through the rows.")] = "auto",
    batch_size: Annotated[Any, whole_option("Rows per step.")] = "auto",
    learning_rate_multiplier: Annotated[Any, decimal_option("Scales the derived learning rate.")] = "auto",
    training_type: Annotated[
        Literal["auto", "lora", "full"], typer.Option(help="An adapter, or all weights.")
    ] = "auto",
    lora_rank: Annotated[Any, whole_option("Size of the adapter.")] = "auto",
    max_length: Annotated[Any, whole_option("Longest row, in tokens; longer ones are cut.")] = "auto",
    seed: Annotated[int | None, typer.Option(help="The same seed and rows give the same weights.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A note on the job; may be repeated.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Stay and show progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start a fine-tuning job.

    \b
    Examples:
      tunesmith jobs create train.jsonl --follow
      tunesmith jobs create train.jsonl --validation-file valid.jsonl
      tunesmith jobs create train.jsonl --model gpt-4o-mini --n-epochs 3
      tunesmith jobs create file-abc123 --json
    """
    hyperparameters = {
        "n_epochs": n_epochs,
        "batch_size": batch_size,
        "learning_rate_multiplier": learning_rate_multiplier,
    }
    ours = {"training_type": training_type, "lora_rank": lora_rank, "max_length": max_length}
    hyperparameters |= {name: value for name, value in ours.items() if value != "auto"}
    body: Json = {"model": model, "suffix": suffix, "seed": seed, "metadata": _pairs(metadata or [])}
    body = {name: value for name, value in body.items() if value not in (None, {})}
    with Client.from_environment() as client:
        uploaded: list[str] = []
        try:
            body["training_file"] = _file_id(client, training_file, uploaded)
            if validation_file:
                body["validation_file"] = _file_id(client, validation_file, uploaded)
            body["method"] = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
            job = client.post(JOBS, body)
        except CommandFailed:
            for file_id in uploaded:  # a corrected command uploads again
                client.delete(f"/files/{quoted(file_id)}")
            raise
        if follow:
            return _finish(_follow(client, job["id"], as_json=as_json), as_json=as_json)
    if as_json:
        return terminal.print_json(job)
    terminal.out.print(f"{job['id']}  {job['status']}")
    terminal.err.print(f"Watch it: tunesmith jobs follow {job['id']}")


@app.command("list")
def list_jobs(limit: Limit = 20, as_json: AsJson = False) -> None:
    """List jobs, newest first.

    \b
    Examples:
      tunesmith jobs list
      tunesmith jobs list --limit 100 --json
    """
    with Client.from_environment() as client:
        jobs = client.pages(JOBS, limit=limit)
    if as_json:
        return terminal.print_json(jobs)
    if not jobs:
        return terminal.err.print("No jobs yet. Start one: tunesmith jobs create train.jsonl --follow")
    rows = terminal.table("ID", "STATUS", "MODEL", "FINE-TUNED MODEL", "CREATED")
    for job in jobs:
        rows.add_row(
            job["id"], _status(job), job["model"], job["fine_tuned_model"] or "", terminal.when(job["created_at"])
        )
    terminal.print_table(rows)


@app.command()
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Show one job: what was asked, what was decided, how it stands.

    \b
    Example:
      tunesmith jobs show ftjob-abc123
    """
    with Client.from_environment() as client:
        job = client.get(f"{JOBS}/{quoted(job_id)}")
    terminal.print_json(job) if as_json else terminal.print_fields(_fields(job))


@app.command()
def follow(job_id: JobId, as_json: AsJson = False) -> None:
    """Show a job's events, progress and loss until it ends. Exits with 1 unless it succeeds.

    Leaving with Ctrl-C leaves the job running. With --json, prints each event and at last the job, a line each.

    \b
    Examples:
      tunesmith jobs follow ftjob-abc123
      tunesmith jobs follow ftjob-abc123 --json | tee events.jsonl
    """
    with Client.from_environment() as client:
        job = _follow(client, job_id, as_json=as_json)
    _finish(job, as_json=as_json)


@app.command()
def events(job_id: JobId, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Print a job's latest events, oldest first.

    \b
    Example:
      tunesmith jobs events ftjob-abc123 --limit 100
    """
    with Client.from_environment() as client:
        found = client.pages(f"{JOBS}/{quoted(job_id)}/events", limit=limit)[::-1]
    if as_json:
        return terminal.print_json(found)
    for event in found:
        terminal.out.print(f"{terminal.when(event['created_at'])}  {event['level']:<5}  {event['message']}")


@app.command()
def checkpoints(job_id: JobId, as_json: AsJson = False) -> None:
    """List a job's checkpoints; each can be chatted with like a model.

    \b
    Example:
      tunesmith jobs checkpoints ftjob-abc123
    """
    with Client.from_environment() as client:
        found = client.pages(f"{JOBS}/{quoted(job_id)}/checkpoints", limit=100)
    if as_json:
        return terminal.print_json(found)
    if not found:
        return terminal.err.print("No checkpoints yet: one is made at the end of each epoch.")
    rows = terminal.table("ID", "STEP", "LOSSES", "MODEL")
    for checkpoint in found:
        rows.add_row(
            checkpoint["id"],
            str(checkpoint["step_number"]),
            following.losses(checkpoint["metrics"]),
            checkpoint["fine_tuned_model_checkpoint"],
        )
    terminal.print_table(rows)


@app.command()
def diagnose(job_id: JobId, lang: Lang = None, as_json: AsJson = False) -> None:
    """Say what a job's loss curves show, with evidence and what to do next. Also while it runs.

    \b
    Examples:
      tunesmith jobs diagnose ftjob-abc123
      tunesmith jobs diagnose ftjob-abc123 --lang zh
    """
    language, say = speaker(lang)
    with Client.from_environment() as client:
        found = client.get(f"/tunesmith/v1{JOBS}/{quoted(job_id)}/diagnosis")
    if as_json:
        return terminal.print_json(found)
    for finding in found["findings"]:
        words = WORDS[finding["severity"]]
        terminal.out.print(f"{say(*words)}  {finding['code']}", style=STYLES[finding["severity"]])
        message = finding.get("message_zh") if language == "zh" else None
        terminal.out.print(f"  {visible(message or finding['message'])}")
    if found["verdict"] == "healthy":
        terminal.out.print(say("The curves look healthy.", "曲线正常。"))
    elif not found["findings"]:
        terminal.err.print(say("Nothing to say so far.", "目前没有发现问题。"))


@app.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> None:
    """Stop a job for good.

    \b
    Example:
      tunesmith jobs cancel ftjob-abc123
    """
    _steer(job_id, "cancel", as_json=as_json)


@app.command()
def pause(job_id: JobId, as_json: AsJson = False) -> None:
    """Pause a running job; it keeps its place in the training.

    \b
    Example:
      tunesmith jobs pause ftjob-abc123
    """
    _steer(job_id, "pause", as_json=as_json)


@app.command()
def resume(job_id: JobId, as_json: AsJson = False) -> None:
    """Let a paused job go on from where it stopped.

    \b
    Example:
      tunesmith jobs resume ftjob-abc123
    """
    _steer(job_id, "resume", as_json=as_json)


def _steer(job_id: str, verb: str, *, as_json: bool) -> None:
    with Client.from_environment() as client:
        job = client.post(f"{JOBS}/{quoted(job_id)}/{verb}")
    terminal.print_json(job) if as_json else terminal.out.print(f"{job['id']}  {_status(job)}")
    if verb == "pause" and job["status"] == "running":
        terminal.err.print(f"It pauses after the present step. Later: tunesmith jobs resume {job_id}")


def _follow(client: Client, job_id: str, *, as_json: bool) -> Json:
    try:
        return following.follow_as_json(client, job_id) if as_json else following.follow(client, job_id)
    except KeyboardInterrupt:
        terminal.err.print(
            f"\nThe job goes on without this terminal.\n  watch again: tunesmith jobs follow {job_id}\n"
            f"  stop it:     tunesmith jobs cancel {job_id}"
        )
        raise typer.Exit(130) from None


def _finish(job: Json, *, as_json: bool) -> None:
    """Say how a followed job ended; the exit code says it to scripts."""
    if job["status"] == "succeeded":
        if not as_json:
            terminal.out.print(f"{job['fine_tuned_model']}")
            terminal.err.print(f"Talk to it: tunesmith chat {job['fine_tuned_model']}")
        return
    if following.is_paused(job):
        raise CommandFailed(f"{job['id']} is paused.", hint=f"Let it go on: tunesmith jobs resume {job['id']}")
    error = job.get("error") or {}
    raise CommandFailed(f"{job['id']} {job['status']}: {error.get('message') or 'it was stopped before its end.'}")


def _file_id(client: Client, given: str, uploaded: list[str]) -> str:
    """An uploaded file's id as it is; a path is uploaded, and its new id noted in `uploaded`."""
    path = Path(given)
    if path.is_file():
        file = client.upload(path, purpose="fine-tune")
        terminal.err.print(f"  Uploaded {given}: {file['id']}")
        uploaded.append(str(file["id"]))
        return uploaded[-1]
    if given.startswith("file-") and "/" not in given:
        return given
    raise CommandFailed(
        f"{given} is neither a file here nor the id of an uploaded one (file-...).",
        hint="Look at the uploaded ones: tunesmith files list",
    )


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f'--metadata wants KEY=VALUE, found "{pair}".')
        pairs[name] = value
    return pairs


def _status(job: Json) -> str:
    return "paused" if following.is_paused(job) else str(job["status"])


def _fields(job: Json) -> dict[str, object]:
    hyperparameters = job.get("hyperparameters") or {}
    error = job.get("error") or {}
    return {
        "id": job["id"],
        "status": _status(job),
        "model": job["model"],
        "fine-tuned model": job["fine_tuned_model"],
        "training file": job["training_file"],
        "validation file": job["validation_file"],
        "hyperparameters": ", ".join(f"{name} {value}" for name, value in hyperparameters.items()),
        "seed": job["seed"],
        "trained tokens": job["trained_tokens"],
        "result files": ", ".join(job["result_files"]),
        "created": terminal.when(job["created_at"]),
        "finished": terminal.when(job["finished_at"]),
        "estimated finish": terminal.when(job.get("estimated_finish")),
        "error": error.get("message"),
    }
