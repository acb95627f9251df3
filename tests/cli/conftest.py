"""The command line against a small service that speaks the API over a real socket, with answers a test chooses."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from typer.testing import CliRunner, Result

from tunesmith.cli.main import app

KEY = "sk-ts-test-key"
Json = dict[str, Any]
Answer = Callable[[Request, Any], Any]


class FakeService:
    """Routes are looked up by "METHOD path"; every request and its body is remembered in `requests`."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, Any]] = []
        self.base_url = ""

    @property
    def key(self) -> str:
        return KEY

    def on(self, route: str, answer: Any) -> None:
        """`answer` is the body to send, or a function (request, body) that makes it or a whole Response."""
        self.answers[route] = answer if callable(answer) else lambda request, body: answer

    def sent(self, route: str) -> list[Any]:
        return [body for name, body in self.requests if name == route]

    async def _handle(self, request: Request) -> Response:
        name = f"{request.method} {request.url.path}"
        if request.headers.get("content-type", "").startswith("multipart/"):
            form = await request.form()
            body: Any = {
                "purpose": form["purpose"],
                "filename": form["file"].filename,
                "content": await form["file"].read(),
            }
        else:
            raw = await request.body()
            body = orjson.loads(raw) if raw else None
        self.requests.append((name, body))
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return self.error(401, "Incorrect API key provided: sk-ts***ey.", code="invalid_api_key")
        if name not in self.answers:
            return self.error(404, f"Unknown request URL: {name}.")
        answer = self.answers[name](request, body)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    def start(self) -> Callable[[], None]:
        """Serve on a free port in a thread; the returned function stops it."""
        web = Starlette(routes=[Route("/{path:path}", self._handle, methods=["GET", "POST", "DELETE"])])
        server = uvicorn.Server(uvicorn.Config(web, log_level="critical", lifespan="off"))
        listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join()

        return stop

    @staticmethod
    def error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> JSONResponse:
        body = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        return JSONResponse({"error": body}, status_code=status)

    @staticmethod
    def sse(*events: Any) -> StreamingResponse:
        lines = [f"data: {event if isinstance(event, str) else orjson.dumps(event).decode()}\n\n" for event in events]
        return StreamingResponse(iter(lines), media_type="text/event-stream")

    @staticmethod
    def paged(things: list[Json]) -> Answer:
        """A list as the API pages it: newest first, `after` an id, exact `has_more`."""

        def answer(request: Request, body: Any) -> Json:
            limit = int(request.query_params.get("limit", 20))
            after = request.query_params.get("after")
            ids = [thing["id"] for thing in things]
            rest = things[ids.index(after) + 1 :] if after else things
            return {"object": "list", "data": rest[:limit], "has_more": len(rest) > limit}

        return answer

    @staticmethod
    def file(file_id: str = "file-1", **changes: Any) -> Json:
        return {
            "id": file_id,
            "object": "file",
            "bytes": 1234,
            "created_at": 1_780_000_000,
            "filename": "train.jsonl",
            "purpose": "fine-tune",
            "status": "processed",
            **changes,
        }

    @staticmethod
    def job(job_id: str = "ftjob-1", **changes: Any) -> Json:
        return {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": 1_780_000_000,
            "error": None,
            "fine_tuned_model": None,
            "finished_at": None,
            "hyperparameters": {"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1.0},
            "model": "tunesmith-nano",
            "organization_id": "org-tunesmith",
            "result_files": [],
            "seed": 1,
            "status": "running",
            "trained_tokens": None,
            "training_file": "file-1",
            "validation_file": None,
            **changes,
        }

    @staticmethod
    def event(number: int, message: str, *, level: str = "info", data: Json | None = None) -> Json:
        return {
            "id": f"ftevent-{number}",
            "object": "fine_tuning.job.event",
            "created_at": 1_780_000_000 + number,
            "level": level,
            "message": message,
            "type": "metrics" if data else "message",
            "data": data or {},
        }

    @staticmethod
    def metrics(number: int, step: int, total_steps: int, loss: float) -> Json:
        data = {"step": step, "total_steps": total_steps, "train_loss": loss}
        return FakeService.event(number, f"Step {step}/{total_steps}: training loss={loss:.2f}", data=data)


class Cli:
    """Runs one command as a person would and gives what was printed."""

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin, prog_name="tunesmith")

    def json(self, *arguments: str, stdin: str | None = None) -> Any:
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return orjson.loads(result.stdout)


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    stop = fake.start()
    yield fake
    stop()


@pytest.fixture
def cli(service: FakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, pointed at the fake service by its environment, in an empty folder of its own."""
    for name in [name for name in os.environ if name.startswith("TUNESMITH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TUNESMITH_BASE_URL", service.base_url)
    monkeypatch.setenv("TUNESMITH_API_KEY", KEY)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Cli()
