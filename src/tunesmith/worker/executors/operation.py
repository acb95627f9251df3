"""One operation on data files in one child process: what a hostile file costs ends with the child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast

import orjson
import structlog

from tunesmith import errors
from tunesmith.findings import Finding

CHILD = (sys.executable, "-m", "tunesmith.worker.operations")
RETRY_AFTER_S = 5.0

log = structlog.get_logger(__name__)


class Operations:
    """At most `max_running` children at once; one that takes longer than `timeout_s` is killed."""

    def __init__(
        self, *, max_running: int, timeout_s: float, wait_s: float = 60.0, command: Sequence[str] = CHILD
    ) -> None:
        self._slots = threading.BoundedSemaphore(max_running)
        self._timeout_s = timeout_s
        self._wait_s = wait_s
        self._command = command

    def carry_out(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The operation's answer. Raises what it raised, RateLimited when all children stay busy, TooLarge in time."""
        if not self._slots.acquire(timeout=self._wait_s):
            raise errors.RateLimited(
                "Other operations on data files keep this machine busy. Try again in a moment.",
                retry_after_s=RETRY_AFTER_S,
            )
        try:
            said, code = self._run(orjson.dumps({"operation": operation, "arguments": dict(arguments)}) + b"\n")
        finally:
            self._slots.release()
        if said is None:
            raise self._died(operation, code)
        if "failed" in said:
            raise _failure(said["failed"])
        return cast(dict[str, Any], said["answer"])

    def _run(self, request: bytes) -> tuple[dict[str, Any] | None, int]:
        """What the child said, if it said anything whole, and its exit code (negative: the signal)."""
        environment = os.environ | {"OMP_WAIT_POLICY": "passive", "HF_HUB_OFFLINE": "1"}
        environment.pop("TUNESMITH_ADMIN_KEY", None)
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        stdin, stdout = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
        alarm = threading.Timer(self._timeout_s, os.killpg, (process.pid, signal.SIGKILL))
        alarm.start()
        try:
            stdin.write(request)
            stdin.flush()  # and stays open: it is the child's lifeline
            said = stdout.read()
            code = process.wait()
        except BrokenPipeError:  # it died before it heard; its exit code says how
            said, code = b"", process.wait()
        finally:
            alarm.cancel()
            stdout.close()
            _close(stdin)
        return (orjson.loads(said), code) if said.endswith(b"\n") else (None, code)

    def _died(self, operation: str, code: int) -> errors.TunesmithError:
        log.warning("data operation lost", operation=operation, exit_code=code)
        if code < 0:
            return errors.TooLarge(
                f"The file takes longer than {self._timeout_s:.0f} s, or more memory than there is, to {operation}. "
                f"Do it with the command line instead: tunesmith data {operation}.",
                code="operation_too_large",
            )
        return errors.TunesmithError(f"The operation {operation} ended with exit code {code}; the log says more.")


def _close(stdin: BinaryIO) -> None:
    try:
        stdin.close()
    except BrokenPipeError:  # closing flushes, and nobody is there to read it
        return


def _failure(said: Mapping[str, Any]) -> errors.TunesmithError:
    """The exception that the child raised, as it would have been raised here."""
    kind = getattr(errors, said["error"])
    if kind is errors.InvalidFile:
        findings = [Finding(**finding) for finding in said["findings"]]
        return errors.InvalidFile(said["message"], findings=findings, param=said["param"], code=said["code"])
    return cast(errors.TunesmithError, kind(said["message"], param=said["param"], code=said["code"]))
