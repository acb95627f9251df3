from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from office import ALICE, Office
from tunesmith.control.augmentations import AugmentationRecord
from tunesmith.control.jobs import JobRecord, is_terminal
from tunesmith.data.augment.sampler import Answer
from tunesmith.training.spec import RunRequest
from tunesmith.worker.executors.process import RunProcess
from tunesmith.worker.loop import Worker
from tunesmith.worker.runners.augmenting import Augmenting
from tunesmith.worker.runners.fine_tuning import FineTuning

FAKE_RUN = (sys.executable, str(Path(__file__).parent / "fake_run.py"))


@dataclass
class ScriptedModel:
    """Answers every prompt with `answers(n)`, n counting its prompts; raises what `failure` holds."""

    answers: Callable[[int], str] = lambda n: "[]"
    failure: Exception | None = None
    prompts: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    model: str = "scripted"

    def sample(self, messages: Sequence[dict[str, str]], *, give_up: threading.Event) -> Answer:
        self.prompts.append("\n".join(message["content"] for message in messages))
        if self.failure is not None:
            raise self.failure
        give_up.wait(self.delay_s)
        return Answer(self.answers(len(self.prompts)))


class Workplace:
    """An office with a worker on a thread, whose runs are fake."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder)
        self.office.clock.time = time.time()
        self.processes: list[RunProcess] = []
        self.operations: list[tuple[str, dict[str, Any]]] = []
        self.lint_findings: list[dict[str, Any]] = []
        self.lint_failure: Exception | None = None
        self.model = ScriptedModel()
        self.tell_story("calm")
        self._thread: threading.Thread | None = None

    def tell_story(self, story: str) -> None:
        (self.office.data.runs_folder / "story").write_text(story)

    def start_worker(self) -> None:
        self._worker = self._new_worker()
        self._thread = threading.Thread(target=self._worker.work)
        self._thread.start()

    def stop_worker(self) -> None:
        if self._thread is not None:
            self._worker.stop()
            self._thread.join(timeout=30)
            assert not self._thread.is_alive()
            self._thread = None

    def wait_for(
        self, job: JobRecord, is_so: Callable[[JobRecord], bool] = lambda job: is_terminal(job.status)
    ) -> JobRecord:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            now = self.office.jobs.get(ALICE, job.id)
            if is_so(now):
                return now
            time.sleep(0.02)
        raise AssertionError(f"waited in vain: {now}")

    def _new_worker(self) -> Worker:
        office = self.office
        runner = FineTuning(
            office.runs,
            office.registry,
            office.data.blobs,
            office.data.weights,
            start_run=self._start_run,
            operate=self._operate,
            runs_folder=office.data.runs_folder,
            min_examples=10,
            lease_s=30,
            checkpoint_every_s=1.0,
            clock=time.time,
        )
        augmenter = Augmenting(
            office.augmentations,
            office.data.blobs,
            ask_model=self._ask_model,
            folder=office.data.augmentations_folder,
        )
        return Worker(
            office.runs, runner, augmenter, worker_id="w", data_dir=office.data.folder, max_running_jobs=1, poll_s=0.02
        )

    @contextmanager
    def _ask_model(self, record: AugmentationRecord) -> Iterator[ScriptedModel]:
        yield self.model

    def _operate(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.operations.append((operation, dict(arguments)))
        if self.lint_failure is not None:
            raise self.lint_failure
        return {"findings": self.lint_findings}

    def _start_run(self, request: RunRequest, run_dir: Path) -> RunProcess:
        process = RunProcess(request.to_json(), run_dir, threads=1, command=FAKE_RUN)
        self.processes.append(process)
        return process


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path / "data")
    yield workplace
    workplace.stop_worker()
    workplace.office.data.close()
