"""`tunesmith keys`: who may use the service. Needs the admin key."""

from __future__ import annotations

from typing import Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.client import Client, quoted
from tunesmith.cli.terminal import AsJson, Yes

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys (needs the admin key).")

KEYS = "/tunesmith/v1/keys"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom or what the key is for.")],
    as_json: AsJson = False,
) -> None:
    """Create a key. Its secret is printed once and cannot be shown again.

    \b
    Examples:
      tunesmith keys create "web shop"
      export TUNESMITH_API_KEY=$(tunesmith keys create ci)
    """
    with Client.from_environment() as client:
        key = client.post(KEYS, {"name": name})
    if as_json:
        return terminal.print_json(key)
    terminal.err.print(f"{key['id']}  {key['name']}: keep this secret, it is shown only now.")
    terminal.out.print(key["secret"])


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys; of each secret only the last four characters are known.

    \b
    Example:
      tunesmith keys list
    """
    with Client.from_environment() as client:
        keys = client.get(KEYS)["data"]
    if as_json:
        return terminal.print_json(keys)
    rows = terminal.table("ID", "NAME", "SECRET", "ADMIN", "CREATED", "REVOKED")
    for key in keys:
        admin = "yes" if key["is_admin"] else ""
        rows.add_row(
            key["id"],
            key["name"],
            f"...{key['hint']}",
            admin,
            terminal.when(key["created_at"]),
            terminal.when(key["revoked_at"]),
        )
    terminal.print_table(rows)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As `tunesmith keys list` shows it.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: requests with it are refused from now on.

    \b
    Example:
      tunesmith keys revoke key_abc123 --yes
    """
    terminal.confirm(f"Revoke {key_id}?", yes=yes)
    with Client.from_environment() as client:
        key = client.delete(f"{KEYS}/{quoted(key_id)}")
    terminal.print_json(key) if as_json else terminal.out.print(f"Revoked {key['id']}  {key['name']}")
