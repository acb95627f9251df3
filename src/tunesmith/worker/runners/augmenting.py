"""Augmentations: ask the model for rows until there are enough, the owner wants a pause, or the worker leaves."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import structlog

from tunesmith import errors
from tunesmith.control.augmentations import AugmentationRecord, Augmentations, AugmentationStatus
from tunesmith.control.files import BlobStore
from tunesmith.data.augment.augmentation import Augmentation, Correction
from tunesmith.data.augment.plan import AugmentPlan
from tunesmith.data.augment.progress import Progress
from tunesmith.data.augment.sampler import Sampler

LOOK_EVERY_S = 0.5
MOST_ROWS_SHOWN = 100
COPY_BYTES = 1 << 20

log = structlog.get_logger(__name__)

AskModel = Callable[[AugmentationRecord], AbstractContextManager[Sampler]]
"""A sampler for the model and endpoint that the record names; raises InvalidRequest when they are gone."""


class Augmenting:
    """`folder` holds one folder for each augmentation: its journal, and the rows made so far."""

    def __init__(self, augmentations: Augmentations, blobs: BlobStore, *, ask_model: AskModel, folder: Path) -> None:
        self._augmentations = augmentations
        self._blobs = blobs
        self._ask_model = ask_model
        self._folder = folder

    def put_back(self) -> int:
        return self._augmentations.put_back()

    def run_next(self, stopping: threading.Event) -> bool:
        """Work on the next one that waits; False when none does."""
        record = self._augmentations.claim_next()
        if record is None:
            return False
        try:
            self._run(record, stopping)
        except errors.TunesmithError as error:
            self._fail(record, error.message, code=error.code or "augmentation_failed")
        except Exception as error:  # the border of one augmentation: its failure must not end the worker
            log.exception("augmentation failed", augmentation_id=record.id)
            reason = f"The augmentation failed due to an internal error: {type(error).__name__}: {error}"
            self._fail(record, reason, code="internal_error")
        return True

    def _fail(self, record: AugmentationRecord, message: str, *, code: str) -> None:
        try:
            self._augmentations.fail(record.id, message, code=code)
        except errors.Conflict as moved:  # cancelled in the meantime, which is an end of its own
            log.info("augmentation let go", augmentation_id=record.id, reason=moved.message)

    def _run(self, record: AugmentationRecord, stopping: threading.Event) -> None:
        plan = self._plan(record)
        plan.out.parent.mkdir(parents=True, exist_ok=True)
        with Augmentation(plan) as augmentation, self._ask_model(record) as sampler:
            self._correct(augmentation, record)
            owner = _Owner(self._augmentations, record.id)

            def tell(progress: Progress) -> None:
                rows = [{"id": row.id, "value": row.value} for row in augmentation.rows[:MOST_ROWS_SHOWN]]
                self._augmentations.record(record.id, progress.to_json(), rows)

            wanted = record.request["n"]
            first_look = 0 if record.is_reviewed else record.request["review_first"]
            end = augmentation.run(
                sampler,
                n_rows=first_look or wanted,
                should_stop=lambda: stopping.is_set() or owner.wants_a_stop(),
                on_progress=tell,
            )
        self._end(record, end, plan.out, is_for_review=0 < first_look < wanted, is_leaving=stopping.is_set())

    def _plan(self, record: AugmentationRecord) -> AugmentPlan:
        source = self._blobs.path(record.sha256)
        validation = record.request.get("validation_sha256")
        is_document = record.request["recipe"] == "from_document"
        return AugmentPlan(
            recipe=record.request["recipe"],
            out=self._folder / record.id / "rows.jsonl",
            seeds=None if is_document else source,
            seeds_name=None if is_document else record.filename,
            document=source if is_document else None,
            document_name=record.filename if is_document else None,
            validation=self._blobs.path(validation) if validation else None,
            instructions=record.request["instructions"] or "",
            seed=record.request["seed"],
        )

    def _correct(self, augmentation: Augmentation, record: AugmentationRecord) -> None:
        """Pass on what the owner said of rows that are still there; the others were corrected before."""
        present = {row.id for row in augmentation.rows}
        news = [Correction(one["row"], one["reason"]) for one in record.corrections if one["row"] in present]
        if news:
            augmentation.correct(news)

    def _end(
        self, record: AugmentationRecord, end: Progress, out: Path, *, is_for_review: bool, is_leaving: bool
    ) -> None:
        if end.status == "endpoint_failed":
            self._augmentations.fail(record.id, end.message, code="endpoint_failed")
        elif end.status == "stopped":
            if is_leaving:
                self._augmentations.give_back(record.id)
            else:
                self._augmentations.paused(record.id, for_review=False)
        elif end.status == "done" and is_for_review:
            self._augmentations.paused(record.id, for_review=True)
        elif end.n_kept:
            self._succeed(record, out)
        else:
            self._augmentations.fail(record.id, f"No row could be kept: {end.message}", code="nothing_made")

    def _succeed(self, record: AugmentationRecord, out: Path) -> None:
        upload = self._blobs.begin(limit_bytes=1 << 40)
        try:
            with out.open("rb") as rows:
                while chunk := rows.read(COPY_BYTES):
                    upload.write(chunk)
            stem = record.filename.rpartition(".")[0] or record.filename
            self._augmentations.succeed(record.id, upload.commit(), f"{stem}.augmented.jsonl")
        finally:
            upload.abort()
        shutil.rmtree(out.parent)
        log.info("augmentation succeeded", augmentation_id=record.id)


class _Owner:
    """What the owner wants now, read not more often than it matters."""

    def __init__(self, augmentations: Augmentations, augmentation_id: str) -> None:
        self._augmentations = augmentations
        self._id = augmentation_id
        self._looked_at = 0.0
        self._wants_a_stop = False

    def wants_a_stop(self) -> bool:
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            now = self._augmentations.read(self._id)
            self._wants_a_stop = now.is_pause_wanted or now.status != AugmentationStatus.RUNNING
        return self._wants_a_stop
