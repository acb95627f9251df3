"""The process of one run: `python -m tunesmith.worker.child RUN_DIR`.

It reads RUN_DIR/request.json, trains, and says on stdout one JSON object per line: each report, and at last the outcome
or the reason of its failure. It hears "pause" and "kept STEP" (the checkpoint of that step has been published) on
stdin, and leaves at once when stdin ends, for then its worker is dead. A cancelled run is killed.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import BinaryIO, Literal

import orjson

from tunesmith import errors
from tunesmith.worker import lifeline
from tunesmith.worker.executors.process import REQUEST_FILE

LOCK_FILE = "lock"


class Parent:
    """The worker at the other end of the pipes."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._is_pause_asked = False
        self._news = threading.Condition()
        self._kept_step = 0

    def hear(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        with self._news:
            if word == "pause":
                self._is_pause_asked = True
            elif word == "kept":
                self._kept_step = max(self._kept_step, int(rest))
            self._news.notify_all()

    def say(self, kind: str, **content: object) -> None:
        self._out.write(orjson.dumps({"kind": kind, **content}) + b"\n")
        self._out.flush()

    def wait_until_kept(self, step: int) -> None:
        """Training prunes old checkpoints: it must not run ahead of the worker that publishes them."""
        with self._news:
            self._news.wait_for(lambda: self._kept_step >= step)

    def asked(self) -> Literal["pause"] | None:
        return "pause" if self._is_pause_asked else None


def main(run_dir: Path) -> int:
    parent = Parent(_take_stdout())
    lifeline.hold(parent.hear)
    with (run_dir / LOCK_FILE).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits for the child of a dead worker to leave
        try:
            _train(run_dir, parent)
        except errors.TunesmithError as error:
            kind = type(error).__name__
            parent.say("failed", error=kind, message=error.message, code=error.code, param=error.param)
        except Exception as error:  # noqa: BLE001  the border of one run: whatever happened becomes its job's failure
            traceback.print_exc()
            parent.say("crashed", message=f"{type(error).__name__}: {error}")
    return 0


def _train(run_dir: Path, parent: Parent) -> None:
    # imported here because torch takes seconds and the lifeline must hold before
    from tunesmith.training import reports
    from tunesmith.training.run import fine_tune
    from tunesmith.training.spec import RunRequest

    def report(one: reports.Report) -> None:
        parent.say("report", report=reports.to_json(one))
        if isinstance(one, reports.CheckpointReport):
            parent.wait_until_kept(one.step)

    request = RunRequest.from_json(orjson.loads((run_dir / REQUEST_FILE).read_bytes()))
    outcome = fine_tune(request, run_dir=run_dir, report=report, should_stop=parent.asked)
    parent.say(
        "outcome",
        status=outcome.status,
        final_folder=outcome.final_folder,
        trained_tokens=outcome.trained_tokens,
    )


def _take_stdout() -> BinaryIO:
    """Keep the real stdout for the worker and send whatever else prints there to the log."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    # leave without tearing down torch: everything is said and on the disk
    os._exit(code)
