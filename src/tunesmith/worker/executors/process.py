"""One run in one child process: memory returns when it ends, and a crash is only a lost run."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

CHILD = (sys.executable, "-m", "tunesmith.worker.child")
REQUEST_FILE = "request.json"
LOG_FILE = "log"
# A run that resumes repeats all it has said; what is heard at once becomes one transaction, which must stay small.
MOST_WORDS_AT_ONCE = 500


class RunProcess:
    """A child at work on `run_dir`. It says JSON objects on its stdout and hears lines on its stdin."""

    def __init__(self, request: dict[str, Any], run_dir: Path, *, threads: int, command: Sequence[str] = CHILD) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        if not (run_dir / REQUEST_FILE).exists():  # a run that resumes keeps what its first attempt was asked
            _write_request(run_dir / REQUEST_FILE, request)
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            # waiting threads sleep: spinning ones take the cores that serving needs
            "OMP_WAIT_POLICY": "passive",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        environment.pop("TUNESMITH_ADMIN_KEY", None)
        with (run_dir / LOG_FILE).open("ab") as log:
            self._process = subprocess.Popen(
                [*command, str(run_dir)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        self._stdin = cast(BinaryIO, self._process.stdin)
        self._stdout = cast(BinaryIO, self._process.stdout)
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=10_000)
        threading.Thread(target=self._listen, name=f"run-{run_dir.name}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def hear(self, *, timeout_s: float) -> tuple[list[dict[str, Any]], bool]:
        """What it said next, after waiting up to `timeout_s` for a first word; and whether that was all."""
        words: list[dict[str, Any]] = []
        try:
            word = self._said.get(timeout=timeout_s)
            while word is not None:
                words.append(word)
                if len(words) == MOST_WORDS_AT_ONCE:
                    return words, False
                word = self._said.get_nowait()
        except queue.Empty:
            return words, False
        return words, True

    def tell(self, line: str) -> None:
        """Send it a line; a child that is gone does not hear it, which `hear` will report."""
        try:
            self._stdin.write(line.encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError:
            return

    def end(self, *, patience_s: float = 0.0) -> int:
        """Wait for its end, kill it when patience is over, and answer its exit code (negative: the signal)."""
        try:
            self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        code = self._process.wait()
        try:
            self._stdin.close()
        except BrokenPipeError:  # closing flushes, and nobody is there to read it
            return code
        return code

    def _listen(self) -> None:
        try:
            for line in self._stdout:
                if line.endswith(b"\n"):  # a last line without its end was cut by the child's death
                    self._said.put(orjson.loads(line))
        finally:  # whatever stopped the listening: nobody must wait for more
            self._stdout.close()
            self._said.put(None)


def _write_request(path: Path, request: dict[str, Any]) -> None:
    draft = path.with_suffix(".partial")
    with draft.open("wb") as file:
        file.write(orjson.dumps(request))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
