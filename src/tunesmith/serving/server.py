"""The engine process: one base model behind a loopback port, for the API process that started it.

`python -m tunesmith.serving.server --folder F` prints one JSON line on stdout, {"port": ...} or {"error": ...}, and
then answers POST /generate (a GenerateRequest) with one JSON item per line, and GET /health. Every request carries the
key from the environment. When stdin ends, its parent is gone, and so is it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import json
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import orjson
import torch
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from transformers.utils import logging as transformers_logging

from tunesmith.errors import InvalidModel, TunesmithError
from tunesmith.logs import configure_logs
from tunesmith.serving.engine import EmbeddedEngine
from tunesmith.serving.limits import EngineLimits
from tunesmith.serving.pool import KEY_VARIABLE, error_to_json
from tunesmith.serving.protocol import GenerateRequest

CRASHED = 70  # sysexits.h: internal software error


def create_app(engine: EmbeddedEngine, key: str) -> ASGIApp:
    async def generate(request: Request) -> Response:
        asked = GenerateRequest.from_json(orjson.loads(await request.body()))
        return StreamingResponse(_lines(engine, asked), media_type="application/x-ndjson")

    async def health(_: Request) -> Response:
        return JSONResponse(engine.health())

    app = Starlette(routes=[Route("/generate", generate, methods=["POST"]), Route("/health", health)])
    return _KeyRequired(app, key)


class _KeyRequired:
    """Nothing behind it is reached without the bearer key, whatever the path."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = PlainTextResponse("only the process that started the engine may use it", 401)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _lines(engine: EmbeddedEngine, request: GenerateRequest) -> AsyncIterator[bytes]:
    try:
        async with aclosing(engine.generate(request)) as items:
            async for item in items:
                yield orjson.dumps(item.to_json(), option=orjson.OPT_APPEND_NEWLINE)
    except TunesmithError as error:
        yield orjson.dumps(error_to_json(error), option=orjson.OPT_APPEND_NEWLINE)


def _exit_with_parent() -> None:
    """End the process, whatever it is doing, when the other end of stdin closes: a killed parent closes it too."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve one base model to the process that starts this one.")
    parser.add_argument("--folder", type=Path, required=True, help="the base model's Hugging Face folder")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--limits", type=json.loads, default={}, help="EngineLimits as a JSON object")
    arguments = parser.parse_args()
    configure_logs("engine")
    transformers_logging.disable_progress_bar()
    key = os.environ.pop(KEY_VARIABLE)
    _exit_with_parent()
    limits = EngineLimits(**arguments.limits)
    if limits.threads:
        torch.set_num_threads(limits.threads)
    # The engine's thread gives up the interpreter at every torch call; it must not wait 5 ms to get it back.
    sys.setswitchinterval(0.0005)
    try:
        engine = EmbeddedEngine.load(arguments.folder, limits, on_crash=lambda: os._exit(CRASHED))
    except InvalidModel as error:
        _say(error_to_json(error))
        return 1
    listener = socket.create_server(("127.0.0.1", arguments.port))
    config = uvicorn.Config(create_app(engine, key), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    _say({"port": listener.getsockname()[1]})
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(server.serve(sockets=[listener]))
    return 0


if __name__ == "__main__":
    # Past the interpreter's orderly end, which would wait for the engine's thread in the middle of a step.
    code = main()
    sys.stderr.flush()
    os._exit(code)
