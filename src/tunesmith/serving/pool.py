"""Engine processes for the API process: one per base model, started on first use and again after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
import orjson
import structlog

from tunesmith import errors
from tunesmith.errors import EngineUnavailable, TunesmithError
from tunesmith.models.folder import check_base_folder
from tunesmith.serving.limits import EngineLimits
from tunesmith.serving.protocol import Engine, GenerateRequest, PromptStart, TokenDelta, item_from_json

KEY_VARIABLE = "TUNESMITH_ENGINE_KEY"

# What an engine needs of the environment. The rest stays here: a process that loads foreign weights gets no secrets.
_PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
    | {"LD_PRELOAD", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XDG_CACHE_HOME"}
)

log = structlog.get_logger(__name__)


def error_to_json(error: TunesmithError) -> dict[str, Any]:
    """An error as a line of an engine's stream."""
    return {
        "kind": "error",
        "error": type(error).__name__,
        "message": error.message,
        "param": error.param,
        "code": error.code,
    }


def error_from_json(value: Mapping[str, Any]) -> TunesmithError:
    kind = getattr(errors, value["error"])
    error: TunesmithError = kind(value["message"], param=value["param"], code=value["code"])
    return error


class EnginePool:
    """Gives out engines by base model folder. Belongs to one event loop; `close` ends every process."""

    def __init__(
        self,
        *,
        max_num_seqs: int = EngineLimits.max_num_seqs,
        max_adapters: int = EngineLimits.max_adapters,
        threads: int = 0,
        max_engines: int = 4,
        start_timeout_s: float = 300.0,
        idle_timeout_s: float | None = None,
    ) -> None:
        """`max_num_seqs`, `max_adapters` and `threads` are those of EngineLimits, for each engine.

        Of more than `max_engines` base models the least recently used idle one is unloaded; so is, with
        `idle_timeout_s`, each that nobody has asked for so long."""
        self._limits = EngineLimits(max_num_seqs=max_num_seqs, max_adapters=max_adapters, threads=threads)
        self._max_engines = max_engines
        self._start_timeout_s = start_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._engines: dict[Path, EngineProcess] = {}
        self._starting: dict[Path, asyncio.Task[EngineProcess]] = {}
        self._is_closed = False

    async def engine_for(self, folder: Path) -> Engine:
        """The engine of the base model in `folder`; returns when it is ready, however many ask at once.

        Raises InvalidModel if the folder cannot be loaded safely, EngineUnavailable if its process does not come up.
        """
        folder = folder.resolve()
        engine = self._engines.get(folder)
        if engine is not None and engine.is_alive:
            return engine
        if self._is_closed:
            raise EngineUnavailable("The service is shutting down, please try again later")
        if folder not in self._starting:
            task = asyncio.create_task(self._start(folder))
            task.add_done_callback(lambda _: self._starting.pop(folder, None))
            self._starting[folder] = task
        # Shielded: the client that asked first may leave, others wait for the same start.
        return await asyncio.shield(self._starting[folder])

    async def close(self) -> None:
        """End all engine processes; requests still running end with EngineUnavailable."""
        self._is_closed = True
        for task in list(self._starting.values()):
            task.cancel()
        await asyncio.gather(*self._starting.values(), return_exceptions=True)
        await asyncio.gather(*(engine.close() for engine in self._engines.values()))
        self._engines.clear()

    async def _start(self, folder: Path) -> EngineProcess:
        await asyncio.to_thread(check_base_folder, folder)
        gone = self._engines.pop(folder, None)
        if gone is not None:
            log.warning("engine started again", folder=str(folder), exit_code=gone.exit_code)
            await gone.close()
        while len(self._engines) >= self._max_engines:
            await self._unload_idle()
        engine = await EngineProcess.start(
            folder, self._limits, start_timeout_s=self._start_timeout_s, idle_timeout_s=self._idle_timeout_s
        )
        self._engines[folder] = engine
        return engine

    async def _unload_idle(self) -> None:
        idle = [folder for folder, engine in self._engines.items() if not engine.in_flight]
        if not idle:
            raise EngineUnavailable("All engines are busy with other models, please try again later")
        oldest = min(idle, key=lambda folder: self._engines[folder].last_used)
        await self._engines.pop(oldest).close()


class EngineProcess:
    """One engine process as an `Engine`."""

    def __init__(
        self, process: asyncio.subprocess.Process, client: httpx2.AsyncClient, *, idle_timeout_s: float | None
    ) -> None:
        self._process = process
        self._client = client
        self._idle_timeout_s = idle_timeout_s
        self._idle_timer: asyncio.TimerHandle | None = None
        self._is_leaving = False
        self.in_flight = 0
        self.last_used = time.monotonic()

    @classmethod
    async def start(
        cls, folder: Path, limits: EngineLimits, *, start_timeout_s: float, idle_timeout_s: float | None
    ) -> EngineProcess:
        key = secrets.token_urlsafe(32)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tunesmith.serving.server"),
            *("--folder", str(folder), "--port", "0", "--limits", json.dumps(asdict(limits))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(key),
        )
        try:
            port = await asyncio.wait_for(_read_port(process), start_timeout_s)
        except BaseException as error:  # also when this start is cancelled, the process must not stay behind
            await _end(process)
            if isinstance(error, TimeoutError):
                raise EngineUnavailable(f"The engine of {folder} was not ready after {start_timeout_s:g} s") from None
            raise
        client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx2.Timeout(None, connect=10.0),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
            trust_env=False,
        )
        return cls(process, client, idle_timeout_s=idle_timeout_s)

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None and not self._is_leaving

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return str(self._client.base_url)

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[PromptStart | TokenDelta]:
        if self._is_leaving:  # unloaded between the moment it was given out and this one
            raise EngineUnavailable("The engine was just unloaded, please try again")
        self._begin()
        try:
            async with self._client.stream("POST", "/generate", content=orjson.dumps(request.to_json())) as response:
                if response.status_code != 200:
                    raise EngineUnavailable(f"The engine answered with status {response.status_code}")
                async for line in _lines(response):
                    value = orjson.loads(line)
                    if value["kind"] == "error":
                        raise error_from_json(value)
                    yield item_from_json(value)
        except httpx2.TransportError as error:
            await self._notice_end()
            raise EngineUnavailable("The engine stopped in the middle of the request, please try again") from error
        finally:
            self._end_one()

    async def health(self) -> dict[str, int]:
        """How many choices run and wait, tokens generated, adapters loaded; raises EngineUnavailable if it is gone."""
        try:
            response = await self._client.get("/health")
        except httpx2.TransportError as error:
            await self._notice_end()
            raise EngineUnavailable("The engine does not answer, please try again later") from error
        counts: dict[str, int] = response.json()
        return counts

    async def close(self) -> None:
        self._is_leaving = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        await self._client.aclose()
        await _end(self._process)

    async def _notice_end(self) -> None:
        """A broken connection mostly means a dead process, which the system reports a moment later."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 1.0)

    def _begin(self) -> None:
        self.in_flight += 1
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def _end_one(self) -> None:
        self.in_flight -= 1
        self.last_used = time.monotonic()
        if self._idle_timeout_s is not None and not self.in_flight:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_timeout_s, self._unload)

    def _unload(self) -> None:
        """Closing its stdin ends the process; the next request starts another."""
        self._is_leaving = True
        if self._process.stdin is not None:
            self._process.stdin.close()


async def _lines(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """Ended by line feeds alone: what else Unicode calls a line break may stand inside a JSON string."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line


def _environment(key: str) -> dict[str, str]:
    passed_on = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    # Passive: a trainer on the same cores would crawl beside threads that spin while they wait.
    return {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", **passed_on, KEY_VARIABLE: key}


async def _read_port(process: asyncio.subprocess.Process) -> int:
    stdout = process.stdout
    line = b"" if stdout is None else await stdout.readline()
    if not line:
        code = await process.wait()
        raise EngineUnavailable(f"The engine ended with code {code} before it was ready; its messages are in the log")
    message = json.loads(line)
    if "port" not in message:
        raise error_from_json(message)
    port: int = message["port"]
    return port


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
