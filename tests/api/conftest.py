"""A real server on a free port: the real app, the real store on a temporary folder, an engine that reads a script."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import openai
import pytest
import uvicorn

from tunesmith import errors
from tunesmith.api.server import create_app
from tunesmith.app import Services, build_services
from tunesmith.logs import configure_logs
from tunesmith.serving.protocol import GenerateRequest, PromptStart, TokenDelta, TokenLogprob, TopLogprob
from tunesmith.settings import Settings

ADMIN_KEY = "sk-test-admin-0123456789"


@dataclass
class ScriptedEngine:
    """Says `script` for every choice, one delta for each entry, and remembers what it was asked."""

    script: list[str] = field(default_factory=lambda: ["Hel", "lo", "!"])
    tool_calls: tuple[dict[str, object], ...] = ()
    refusal: Exception | None = None
    fail_after: int | None = None
    delay_s: float = 0.0
    asked: list[GenerateRequest] = field(default_factory=list)
    n_open: int = 0
    folders: list[Path] = field(default_factory=list)

    async def engine_for(self, folder: Path) -> ScriptedEngine:
        self.folders.append(folder)
        return self

    async def close(self) -> None:
        return None

    async def generate(self, request: GenerateRequest) -> AsyncIterator[PromptStart | TokenDelta]:
        self.asked.append(request)
        if self.refusal is not None:
            raise self.refusal
        self.n_open += 1
        try:
            yield self._start(request)
            for number, piece in enumerate(self.script):
                if number == self.fail_after:
                    raise errors.EngineUnavailable("The engine stopped.")
                await asyncio.sleep(self.delay_s)
                for index in range(request.n):
                    yield TokenDelta(index, piece, (number,), _logprobs(request, piece, number))
            for index in range(request.n):
                reason = "tool_calls" if self.tool_calls else "stop"
                yield TokenDelta(index, "", finish_reason=reason, tool_calls=self.tool_calls)
        finally:
            self.n_open -= 1

    @staticmethod
    def _start(request: GenerateRequest) -> PromptStart:
        if request.messages is not None:
            return PromptStart(prompt_tokens=sum(len((m.content or "").split()) for m in request.messages))
        words = (request.prompt or "").split() or [f"<{token_id}>" for token_id in request.prompt_token_ids or ()]
        if not request.echo:
            return PromptStart(prompt_tokens=len(words))
        tokens = [TokenLogprob(w, i, None if i == 0 else -1.0, tuple(w.encode())) for i, w in enumerate(words)]
        return PromptStart(len(words), " ".join(words), tuple(tokens) if request.sampling.logprobs is not None else ())


def _logprobs(request: GenerateRequest, piece: str, number: int) -> tuple[TokenLogprob, ...]:
    n_top = request.sampling.logprobs
    if n_top is None:
        return ()
    top = tuple(TopLogprob(f"alt{k}", (k,), -0.5 * (k + 1)) for k in range(n_top))
    return (TokenLogprob(piece, number, -0.25, tuple(piece.encode()), top),)


@dataclass
class Service:
    url: str
    key: str
    data_dir: Path
    services: Services
    engine: ScriptedEngine
    http: httpx2.Client

    def client(self, **options: object) -> openai.OpenAI:
        defaults = {"max_retries": 0, "_strict_response_validation": True}
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, **{**defaults, **options})

    def new_key(self, name: str = "another") -> str:
        return self.http.post("/tunesmith/v1/keys", json={"name": name}).json()["secret"]

    def left_over_uploads(self) -> list[Path]:
        return [path for path in self.data_dir.rglob("upload-*")]


def _serve(app: object) -> tuple[uvicorn.Server, threading.Thread, str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    return server, thread, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    configure_logs("test")


@contextmanager
def _running(data_dir: Path, **settings: object) -> Iterator[Service]:
    engine = ScriptedEngine()
    chosen = Settings(data_dir=data_dir, admin_key=ADMIN_KEY, **settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tunesmith.app.build_engines", lambda _: engine)
        services = build_services(chosen)
    server, thread, url = _serve(create_app(services))
    with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {ADMIN_KEY}"}, timeout=30) as http:
        yield Service(url, ADMIN_KEY, data_dir, services, engine, http)
    server.should_exit = True
    thread.join()
    services.data.close()


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service with these settings; all are stopped at the end of the test."""
    with ExitStack() as running:
        count = itertools.count()
        yield lambda **settings: running.enter_context(_running(tmp_path / f"data{next(count)}", **settings))


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests that only send what is refused, or do not mind what others left."""
    with _running(tmp_path_factory.mktemp("shared") / "data") as service:
        yield service


@pytest.fixture
def service(start_service: Callable[..., Service]) -> Service:
    return start_service()


@pytest.fixture
def client(service: Service) -> Iterator[openai.OpenAI]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def chat_rows() -> bytes:
    """Twelve good rows."""
    rows = [
        {"messages": [{"role": "user", "content": f"What is {n}+{n}?"}, {"role": "assistant", "content": str(n + n)}]}
        for n in range(12)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
