"""`tunesmith models`: the base models, their aliases and what was fine-tuned from them."""

from __future__ import annotations

from typing import Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.client import Client, quoted
from tunesmith.cli.terminal import AsJson, Yes

app = typer.Typer(no_args_is_help=True, help="List, show and delete models.")

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="Such as tunesmith-nano or ft:gpt-4o-mini:personal::abc12345.")
]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List every model this key may use.

    \b
    Example:
      tunesmith models list
    """
    with Client.from_environment() as client:
        models = client.get("/models")["data"]
    if as_json:
        return terminal.print_json(models)
    rows = terminal.table("MODEL", "OWNER", "CREATED")
    for model in models:
        rows.add_row(model["id"], model["owned_by"], terminal.when(model["created"]))
    terminal.print_table(rows)


@app.command()
def show(model: ModelName, as_json: AsJson = False) -> None:
    """Show one model.

    \b
    Example:
      tunesmith models show tunesmith-nano
    """
    with Client.from_environment() as client:
        found = client.get(f"/models/{quoted(model)}")
    if as_json:
        return terminal.print_json(found)
    terminal.print_fields({"id": found["id"], "owner": found["owned_by"], "created": terminal.when(found["created"])})


@app.command()
def delete(model: ModelName, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a fine-tuned model. Base models cannot be deleted.

    \b
    Example:
      tunesmith models delete ft:gpt-4o-mini:personal::abc12345 --yes
    """
    terminal.confirm(f"Delete {model}? Its weights cannot be brought back.", yes=yes)
    with Client.from_environment() as client:
        deleted = client.delete(f"/models/{quoted(model)}")
    terminal.print_json(deleted) if as_json else terminal.out.print(f"Deleted {deleted['id']}")
