"""`tunesmith files`: the rows a job learns from, and the results it leaves."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.client import Client, Json, quoted
from tunesmith.cli.terminal import AsJson, CommandFailed, Limit, Yes

app = typer.Typer(no_args_is_help=True, help="Upload, list and download files.")

FileId = Annotated[str, typer.Argument(metavar="FILE_ID", help="Such as file-abc123.")]


@app.command()
def upload(
    path: Annotated[
        Path,
        typer.Argument(help="A JSONL file with chat messages or prompt/completion pairs.", exists=True, dir_okay=False),
    ],
    purpose: Annotated[str, typer.Option(help="What the file is for.")] = "fine-tune",
    as_json: AsJson = False,
) -> None:
    """Upload a file and print its id.

    \b
    Examples:
      tunesmith files upload train.jsonl
      tunesmith files upload train.jsonl --json | jq -r .id
    """
    with Client.from_environment() as client:
        file = client.upload(path, purpose=purpose)
    if as_json:
        terminal.print_json(file)
    else:
        terminal.out.print(f"{file['id']}  {file['filename']}  {terminal.size(file['bytes'])}")


@app.command("list")
def list_files(
    purpose: Annotated[
        str | None, typer.Option(help="Only files for this purpose: fine-tune, fine-tune-results, ...")
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List files, newest first.

    \b
    Examples:
      tunesmith files list
      tunesmith files list --purpose fine-tune-results --json
    """
    with Client.from_environment() as client:
        files = client.pages("/files", limit=limit, purpose=purpose)
    if as_json:
        return terminal.print_json(files)
    rows = terminal.table("ID", "NAME", "SIZE", "PURPOSE", "CREATED")
    for file in files:
        rows.add_row(
            file["id"],
            file["filename"],
            terminal.size(file["bytes"]),
            file["purpose"],
            terminal.when(file["created_at"]),
        )
    terminal.print_table(rows) if files else terminal.err.print(
        "No files yet. Upload one: tunesmith files upload train.jsonl"
    )


@app.command()
def show(file_id: FileId, as_json: AsJson = False) -> None:
    """Show one file's record.

    \b
    Example:
      tunesmith files show file-abc123
    """
    with Client.from_environment() as client:
        file = client.get(f"/files/{quoted(file_id)}")
    terminal.print_json(file) if as_json else terminal.print_fields(_fields(file))


@app.command()
def delete(file_id: FileId, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a file. Models made from it stay.

    \b
    Example:
      tunesmith files delete file-abc123 --yes
    """
    terminal.confirm(f"Delete {file_id}?", yes=yes)
    with Client.from_environment() as client:
        deleted = client.delete(f"/files/{quoted(file_id)}")
    terminal.print_json(deleted) if as_json else terminal.out.print(f"Deleted {deleted['id']}")


@app.command()
def download(
    file_id: FileId,
    to: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to write it; - is stdout. Default: its own name, here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Download a file's content, for example a job's step_metrics.csv.

    \b
    Examples:
      tunesmith files download file-abc123
      tunesmith files download file-abc123 -o - | head
    """
    with Client.from_environment() as client:
        if to == Path("-"):
            with client.download(f"/files/{quoted(file_id)}/content") as chunks:
                for chunk in chunks:
                    sys.stdout.buffer.write(chunk)
            return
        target = to or Path(Path(str(client.get(f"/files/{quoted(file_id)}")["filename"])).name)
        if target.exists() and not target.is_file():  # a device or a pipe would be replaced by a file
            raise CommandFailed(f"{target} is not a file; it is left as it is.", hint="Choose another with --out.")
        if target.exists() and not force:
            raise CommandFailed(
                f"{target} exists already.", hint="Choose another place with --out, or overwrite it with --force."
            )
        _download_whole(client, file_id, target)
    terminal.out.print(f"{target}  {terminal.size(target.stat().st_size)}")


def _download_whole(client: Client, file_id: str, target: Path) -> None:
    """Write beside the target and rename, so that a broken download leaves nothing that looks whole."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, client.download(f"/files/{quoted(file_id)}/content") as chunks:
            for chunk in chunks:
                file.write(chunk)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _fields(file: Json) -> dict[str, object]:
    return {
        "id": file["id"],
        "filename": file["filename"],
        "purpose": file["purpose"],
        "size": terminal.size(file["bytes"]),
        "status": file["status"],
        "details": file.get("status_details"),
        "created": terminal.when(file["created_at"]),
        "expires": terminal.when(file.get("expires_at")),
    }
