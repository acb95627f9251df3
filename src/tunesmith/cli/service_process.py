"""A service started as a child of a command, ready to be spoken to, and gone when the command ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import orjson

from tunesmith.cli.client import Connection
from tunesmith.cli.terminal import CommandFailed

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1
LOG_LINES_SHOWN = 15


@contextmanager
def running_service(data_dir: Path, *, port: int) -> Iterator[Connection]:
    """Start `tunesmith serve` on a data folder and wait until it answers. Its output goes to `service.log` there.

    The child's stdin is a pipe of ours, so it stops even when this process is killed. It sees none of this terminal's
    TUNESMITH_* variables: they belong to another service.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "service.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNESMITH_")}
    command = [sys.executable, "-m", "tunesmith.cli.main", "serve", "--end-with-stdin"]
    command += ["--data-dir", str(data_dir), "--port", str(port)]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment) as process,
    ):
        try:
            yield _wait_until_ready(process, data_dir, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port(wanted: int) -> int:
    """The wanted port if nobody listens there, else one the system picks."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> Connection:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CommandFailed(f"The service did not start (exit code {process.returncode}).", hint=_tail(log))
        connection = _written_by(process, data_dir)
        if connection is not None and _is_healthy(connection):
            return connection
        time.sleep(POLL_S)
    raise CommandFailed(f"The service did not answer within {START_TIMEOUT_S:.0f} s.", hint=_tail(log))


def _written_by(process: subprocess.Popen[bytes], data_dir: Path) -> Connection | None:
    """The address this very process has written; a file left by an earlier one does not count."""
    service, key = data_dir / "service.json", data_dir / "admin.key"
    if not (service.is_file() and key.is_file()):
        return None
    facts = orjson.loads(service.read_bytes())
    if facts["pid"] != process.pid:
        return None
    return Connection(base_url=facts["base_url"], api_key=key.read_text(encoding="utf-8").strip(), data_dir=data_dir)


def _is_healthy(connection: Connection) -> bool:
    url = connection.base_url.removesuffix("/v1") + "/healthz"
    try:
        return httpx2.get(url, timeout=2.0, trust_env=False).is_success
    except httpx2.TransportError:  # not listening yet
        return False


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES_SHOWN:])
