"""The heartbeat of one claimed job."""

from __future__ import annotations

import threading
from types import TracebackType

import structlog

from tunesmith.control.jobs import JobRecord
from tunesmith.control.runs import LeaseLost, Runs

LONGEST_BEAT_S = 1.0  # also how soon a run hears that it was cancelled or is to pause

log = structlog.get_logger(__name__)


class Lease:
    """Renews the lease of a job while the block runs; `is_lost` and `is_pause_wanted` say what it heard."""

    def __init__(self, runs: Runs, job: JobRecord, *, lease_s: float) -> None:
        self._runs = runs
        self._job = job
        self._beat_s = min(LONGEST_BEAT_S, lease_s / 3)
        self._over = threading.Event()
        self._lost = threading.Event()
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    @property
    def is_pause_wanted(self) -> bool:
        return self._pause.is_set()

    def _beat(self) -> None:
        try:
            while not self._over.wait(self._beat_s):
                if self._runs.renew(self._job).pause_requested_at is not None:
                    self._pause.set()
        except LeaseLost as lost:
            log.info("lease lost", job_id=self._job.id, reason=lost.message)
        finally:  # whatever stopped the beat: without it the lease runs out
            self._lost.set()
