"""The worker process: it claims jobs, keeps their leases, and hands them to the runner of their kind."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog

from tunesmith import errors
from tunesmith.control.jobs import JobRecord
from tunesmith.control.runs import LeaseLost, Runs, Stage

LOCK_FILE = "worker.lock"
REST_AFTER_ERROR_S = 1.0

log = structlog.get_logger(__name__)


class Runner(Protocol):
    def sweep(self) -> None: ...
    def validate(self, job: JobRecord) -> None: ...
    def run(self, job: JobRecord, stopping: threading.Event) -> None: ...


class Augmenter(Protocol):
    def put_back(self) -> int: ...
    def run_next(self, stopping: threading.Event) -> bool: ...


class Worker:
    """One thread validates files, `max_running_jobs` threads run jobs; a run never delays a validation.

    One more makes rows, which is mostly waiting for a model.
    """

    def __init__(
        self,
        runs: Runs,
        runner: Runner,
        augmenter: Augmenter,
        *,
        worker_id: str,
        data_dir: Path,
        max_running_jobs: int,
        poll_s: float,
    ) -> None:
        self._runs = runs
        self._runner = runner
        self._augmenter = augmenter
        self._worker_id = worker_id
        self._data_dir = data_dir
        self._max_running_jobs = max_running_jobs
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._failure: Exception | None = None

    def stop(self) -> None:
        """Let runs stop at their next checkpoint and give their jobs back."""
        self._stopping.set()

    def work(self) -> None:
        """Work until `stop`. Only one worker may use a data folder, so the jobs that one before held are free.

        Raises what kept a thread from looking for jobs; a new process may have more luck.
        """
        with take_lock(self._data_dir / LOCK_FILE):
            freed = self._runs.forget_dead_workers()
            freed_augmentations = self._augmenter.put_back()
            self._runner.sweep()
            log.info(
                "worker started",
                worker_id=self._worker_id,
                freed_jobs=freed,
                freed_augmentations=freed_augmentations,
            )
            threads = [self._thread("validation", self._runner.validate)]
            threads += [self._thread("run", self._run) for _ in range(self._max_running_jobs)]
            threads.append(threading.Thread(target=self._augment, name="worker-augmentation"))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        log.info("worker stopped", worker_id=self._worker_id)
        if self._failure is not None:
            raise self._failure

    def _run(self, job: JobRecord) -> None:
        self._runner.run(job, self._stopping)

    def _thread(self, stage: Stage, carry_out: Callable[[JobRecord], None]) -> threading.Thread:
        return threading.Thread(target=self._take_jobs, args=(stage, carry_out), name=f"worker-{stage}")

    def _augment(self) -> None:
        while not self._stopping.is_set():
            try:
                found = self._augmenter.run_next(self._stopping)
            except Exception as error:  # noqa: BLE001  raised again by `work`, once the other threads have let go
                self._failure = error
                self._stopping.set()
                return
            if not found:
                self._stopping.wait(self._poll_s)

    def _take_jobs(self, stage: Stage, carry_out: Callable[[JobRecord], None]) -> None:
        while not self._stopping.is_set():
            try:
                job = self._runs.claim_next(stage, self._worker_id)
            except Exception as error:  # noqa: BLE001  raised again by `work`, once the other threads have let go
                self._failure = error
                self._stopping.set()
                return
            if job is None:
                self._stopping.wait(self._poll_s)
                continue
            try:
                carry_out(job)
            except LeaseLost as lost:
                log.info("job let go", job_id=job.id, reason=lost.message)
            except Exception as error:  # the border of one job: its failure must not end the worker
                log.exception("job failed", job_id=job.id)
                self._fail(job, error)

    def _fail(self, job: JobRecord, error: Exception) -> None:
        reason = error.message if isinstance(error, errors.TunesmithError) else f"{type(error).__name__}: {error}"
        code = "disk_full" if isinstance(error, errors.StorageFull) else "internal_error"
        try:
            self._runs.fail(job, f"The job failed due to an internal error: {reason}", code=code)
        except LeaseLost as lost:
            log.info("job let go", job_id=job.id, reason=lost.message)
        except Exception:  # not even the failure could be written; the lease will run out and count
            log.exception("failure could not be written", job_id=job.id)
            self._stopping.wait(REST_AFTER_ERROR_S)


def take_lock(path: Path) -> BinaryIO:
    """An open file that holds an exclusive lock until it is closed or its process dies; raises Conflict when taken."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        file.close()
        raise errors.Conflict(f"{path} is held by another process: the data folder is in use.") from taken
    return file
