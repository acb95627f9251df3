"""`tunesmith serve`: the service, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.terminal import CommandFailed


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [dim]TUNESMITH_HOST, default 127.0.0.1[/dim]")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="[dim]TUNESMITH_PORT, default 8790[/dim]")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [dim]TUNESMITH_DATA_DIR, default ~/.tunesmith[/dim]")
    ] = None,
    allow_public_bind: Annotated[
        bool, typer.Option("--allow-public-bind", help="Permit a host other than loopback; put TLS in front.")
    ] = False,
    end_with_stdin: Annotated[
        bool, typer.Option("--end-with-stdin", hidden=True, help="Stop when stdin closes: when the parent dies.")
    ] = False,
) -> None:
    """Start the service: the API, a worker, and an engine for each base model when it is first used.

    The first start makes an admin key and prints it once. Stop with Ctrl-C; running jobs go on at the next start.

    \b
    Examples:
      tunesmith serve
      tunesmith serve --port 9000 --data-dir ./data
      TUNESMITH_BASE_MODELS='{"qwen3-0.6b": "/models/Qwen3-0.6B"}' tunesmith serve
    """
    # These load pydantic and the web framework, which `tunesmith --help` must not wait for.
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from tunesmith import app
    from tunesmith.settings import Settings
    from tunesmith.worker import lifeline

    given = {"host": host, "port": port, "data_dir": data_dir, "allow_public_bind": allow_public_bind or None}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise CommandFailed(
            f"The settings do not fit: {problems}", hint="Look at the TUNESMITH_* environment variables."
        ) from None
    except SettingsError as error:
        raise CommandFailed(
            f"The settings do not fit: {error}: {error.__cause__}",
            hint='Lists and maps are written as JSON, in single quotes for the shell: \'{"name": "/folder"}\'.',
        ) from None
    if end_with_stdin:
        lifeline.hold()
    raise typer.Exit(app.serve(settings))
