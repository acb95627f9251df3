"""Keeps the processes of a service alive: starts them, starts them again when they die, and ends them in order."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import BinaryIO, cast

import structlog

from tunesmith import errors
from tunesmith.settings import Settings

START_TIMEOUT_S = 60.0
STOP_PATIENCE_S = 12.0
SHORTEST_REST_S, LONGEST_REST_S = 0.2, 10.0
STEADY_AFTER_S = 30.0
WATCH_S = 0.1

log = structlog.get_logger(__name__)


class Child:
    """One process of the service, started again when it dies: soon at first, then with growing rests."""

    def __init__(self, kind: str, settings: Settings, *, pass_fds: Sequence[int] = ()) -> None:
        self.kind = kind
        self._settings = settings.model_dump_json(exclude={"admin_key"}).encode()
        self._pass_fds = tuple(pass_fds)
        self._rest_s = SHORTEST_REST_S
        self._start_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def keep_alive(self) -> None:
        """Start it when it is not running and has rested."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            log.warning("process died", kind=self.kind, exit_code=code, restart_in_s=self._rest_s)
            is_steady = now - self._start_at > STEADY_AFTER_S
            self._rest_s = SHORTEST_REST_S if is_steady else min(LONGEST_REST_S, self._rest_s * 2)
            self._start_at = now + self._rest_s
            self._close()
        if now >= self._start_at:
            self._start_at = now
            self._start()

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end, and kill it at the deadline (monotonic seconds)."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process killed", kind=self.kind)
            self._process.kill()
            self._process.wait()
        self._close()

    def _start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNESMITH_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tunesmith.app", self.kind, *map(str, self._pass_fds)],
            stdin=subprocess.PIPE,
            pass_fds=self._pass_fds,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which then ends its children in order
        )
        stdin = cast(BinaryIO, self._process.stdin)
        try:
            stdin.write(self._settings + b"\n")
            stdin.flush()
        except BrokenPipeError:  # it died at once; the next look restarts it
            return

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            try:
                process.stdin.close()
            except BrokenPipeError:  # closing flushes, and nobody is there to read it
                return


class Supervisor:
    """`host` and `port` are where the API listens, on a socket that outlives its process."""

    def __init__(self, children: Sequence[Child], host: str, port: int) -> None:
        self._children = children
        self._host = host
        self._port = port
        self._stopping = threading.Event()

    def run(self, announce: Callable[[str], None]) -> int:
        """Run until SIGTERM or SIGINT; `announce` hears the URL once the API answers. Answers the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            if self._watch_until(self._is_ready, START_TIMEOUT_S):
                announce(self._url)
            elif not self._stopping.is_set():
                raise errors.EngineUnavailable(
                    f"The API did not answer within {START_TIMEOUT_S:.0f} s; see the log above."
                )
            self._watch_until(self._stopping.is_set, None)
        finally:
            self._end_children()
        return 0

    @property
    def _url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def _watch_until(self, is_over: Callable[[], bool], timeout_s: float | None) -> bool:
        """Keep the children alive until it is over or the service is to stop; whether it is over."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._stopping.is_set() and (deadline is None or time.monotonic() < deadline):
            for child in self._children:
                child.keep_alive()
            if is_over():
                return True
            self._stopping.wait(WATCH_S)
        return False

    def _is_ready(self) -> bool:
        wildcard = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound
        connection = http.client.HTTPConnection(wildcard.get(self._host, self._host), self._port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:  # accepted by nobody yet
            return False
        finally:
            connection.close()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _end_children(self) -> None:
        deadline = time.monotonic() + STOP_PATIENCE_S
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.end(deadline)
