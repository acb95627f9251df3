"""`tunesmith chat MODEL`: talk to a base or a fine-tuned model; the answer streams."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.client import Client, Json
from tunesmith.cli.terminal import AsJson, CommandFailed


def chat(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Such as tunesmith-nano or ft:gpt-4o-mini:personal::abc12345.")
    ],
    message: Annotated[
        str | None,
        typer.Option("--message", "-m", help="Ask this one thing and leave. Else: stdin, or a conversation."),
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="Instructions put before the conversation.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, max=2, help="0 is always the same answer; the service's default is 1.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer, in tokens.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same answer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a model. Without --message and at a terminal it is a conversation; Ctrl-D or /exit ends it.

    \b
    Examples:
      tunesmith chat tunesmith-nano
      tunesmith chat tunesmith-nano -m "你好" --temperature 0
      tunesmith chat tunesmith-nano --json < question.txt
    """
    options = {"model": model, "temperature": temperature, "max_tokens": max_tokens, "seed": seed}
    body: Json = {name: value for name, value in options.items() if value is not None}
    history: list[Json] = [{"role": "system", "content": system}] if system is not None else []
    with Client.from_environment() as client:
        if message is None and _is_at_a_terminal():
            if as_json:
                raise CommandFailed("--json answers one message.", hint='Give it with --message "..." or on stdin.')
            return _converse(client, body, history)
        question = message if message is not None else sys.stdin.read()
        if not question.strip():
            raise CommandFailed("The message is empty.", hint='Give it with --message "..." or on stdin.')
        body["messages"] = [*history, {"role": "user", "content": question}]
        if as_json:
            terminal.print_json(client.post("/chat/completions", body))
        else:
            _stream(client, body)


def _is_at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _converse(client: Client, body: Json, history: list[Json]) -> None:
    terminal.err.print("Ctrl-D or /exit ends the conversation.", style="dim")
    while True:
        try:
            question = terminal.err.input("> ")
        except (EOFError, KeyboardInterrupt):
            return terminal.err.print()
        if question.strip() in ("/exit", "/quit"):
            return
        if not question.strip():
            continue
        history.append({"role": "user", "content": question})
        try:
            history.append({"role": "assistant", "content": _stream(client, {**body, "messages": history})})
        except KeyboardInterrupt:  # stops this answer, not the conversation
            history.pop()
            terminal.err.print("\n(stopped)", style="dim")


def _stream(client: Client, body: Json) -> str:
    """Print the answer as it comes and return it whole."""
    answer = []
    for chunk in client.chat_stream(body):
        for choice in chunk["choices"]:
            delta = choice["delta"]
            text = delta.get("content") or ""
            answer.append(text)
            typer.echo(text, nl=False)
            for call in delta.get("tool_calls") or []:
                function = call.get("function") or {}
                typer.echo(f"{function.get('name') or ''}{function.get('arguments') or ''}", nl=False)
            sys.stdout.flush()
    typer.echo()
    return "".join(answer)
