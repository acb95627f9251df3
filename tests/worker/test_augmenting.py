"""The worker makes rows with a scripted model: review, corrections, pauses, failures, restarts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from office import ALICE
from tunesmith.control.augmentations import AugmentationRecord, AugmentationRequest, AugmentationStatus
from tunesmith.data.augment.sampler import EndpointFailed

ENDED = (AugmentationStatus.SUCCEEDED, AugmentationStatus.FAILED, AugmentationStatus.CANCELLED)
THINGS = ["apple", "river", "copper", "violin", "lantern", "meadow", "pepper", "saddle", "anchor", "comet", "walnut"]


def five_new_rows(n: int) -> str:
    """Rows unlike each other and unlike those of any other answer."""
    made = []
    for k in range(5):
        number = 5 * n + k
        thing, other = THINGS[number % 11], THINGS[(number * 7 + n) % 11]
        question = f"{thing.upper()} number {number * 7919}: which {other} goes with it in box {number * 104729}?"
        made.append({"question": question, "answer": f"The {other}, because {thing} {number}."})
    return json.dumps(made)


def ask(workplace: Any, **changes: object) -> AugmentationRecord:
    fields = {
        "file": workplace.office.upload().id,
        "recipe": "like_seeds",
        "n": 12,
        "model": "gpt-4o-mini",
        "review_first": 0,
        **changes,
    }
    return workplace.office.augmentations.create(ALICE, AugmentationRequest(**fields))


def wait_for(
    workplace: Any,
    record: AugmentationRecord,
    is_so: Callable[[AugmentationRecord], bool] = lambda r: r.status in ENDED,
) -> AugmentationRecord:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        now = workplace.office.augmentations.get(ALICE, record.id)
        if is_so(now):
            return now
        time.sleep(0.02)
    raise AssertionError(f"waited in vain: {now}")


@pytest.fixture
def workplace_with_rows(workplace: Any) -> Any:
    workplace.model.answers = five_new_rows
    return workplace


def test_rows_are_made_marked_and_become_a_file(workplace_with_rows: Any) -> None:
    record = ask(workplace_with_rows)
    workplace_with_rows.start_worker()
    done = wait_for(workplace_with_rows, record)
    assert done.status == AugmentationStatus.SUCCEEDED, done.error
    file = workplace_with_rows.office.files.get(ALICE, done.result_file)
    rows = [
        json.loads(line) for line in workplace_with_rows.office.files.path(ALICE, file.id).read_bytes().splitlines()
    ]
    assert file.filename == "rows.augmented.jsonl"
    assert len(rows) == 12
    assert "like_seeds" in json.dumps(rows[0])
    assert done.progress["n_kept"] >= 12
    assert not list(workplace_with_rows.office.data.augmentations_folder.iterdir())


def test_the_first_rows_wait_for_a_reader_whose_corrections_reach_the_model(workplace_with_rows: Any) -> None:
    office = workplace_with_rows.office
    record = ask(workplace_with_rows, n=40, review_first=5)
    workplace_with_rows.start_worker()
    waiting = wait_for(workplace_with_rows, record, lambda r: r.is_under_review)
    assert len(waiting.rows) == 5
    bad = waiting.rows[2]
    office.augmentations.resume(ALICE, record.id, [{"row": bad["id"], "reason": "boxes have no numbers"}])
    done = wait_for(workplace_with_rows, record)
    assert any("boxes have no numbers" in prompt for prompt in workplace_with_rows.model.prompts)
    made = office.files.path(ALICE, done.result_file).read_text()
    assert bad["value"]["messages"][-1]["content"] not in made
    assert len(made.splitlines()) == 40


def test_a_failing_endpoint_loses_nothing(workplace_with_rows: Any) -> None:
    model = workplace_with_rows.model

    def tired(n: int) -> str:
        if n > 1:
            raise EndpointFailed("the endpoint answered 500", code="endpoint_failed")
        return five_new_rows(n)

    model.answers = tired
    record = ask(workplace_with_rows, n=40)
    workplace_with_rows.start_worker()
    failed = wait_for(workplace_with_rows, record)
    assert failed.status == AugmentationStatus.FAILED
    assert failed.error["code"] == "endpoint_failed"
    model.answers = lambda n: five_new_rows(n + 100)
    workplace_with_rows.office.augmentations.resume(ALICE, record.id, [])
    done = wait_for(workplace_with_rows, record)
    assert done.status == AugmentationStatus.SUCCEEDED, done.error
    kept = workplace_with_rows.office.files.path(ALICE, done.result_file).read_text()
    assert "APPLE number 0:" in kept or str(5 * 7919) in kept


def test_a_worker_that_leaves_gives_it_back_and_the_next_goes_on(workplace_with_rows: Any) -> None:
    workplace_with_rows.model.delay_s = 0.3
    record = ask(workplace_with_rows, n=40)
    workplace_with_rows.start_worker()
    wait_for(workplace_with_rows, record, lambda r: len(r.rows) > 0)
    workplace_with_rows.stop_worker()
    assert wait_for(workplace_with_rows, record, lambda r: True).status == AugmentationStatus.QUEUED
    workplace_with_rows.model.delay_s = 0.0
    workplace_with_rows.start_worker()
    assert wait_for(workplace_with_rows, record).status == AugmentationStatus.SUCCEEDED


def test_pause_and_cancel_reach_a_running_one(workplace_with_rows: Any) -> None:
    workplace_with_rows.model.delay_s = 0.2
    office = workplace_with_rows.office
    record = ask(workplace_with_rows, n=60)
    workplace_with_rows.start_worker()
    wait_for(workplace_with_rows, record, lambda r: len(r.rows) > 0)
    office.augmentations.pause(ALICE, record.id)
    wait_for(workplace_with_rows, record, lambda r: r.status == AugmentationStatus.PAUSED)
    office.augmentations.resume(ALICE, record.id, [])
    wait_for(workplace_with_rows, record, lambda r: r.status == AugmentationStatus.RUNNING)
    office.augmentations.cancel(ALICE, record.id)
    next_one = ask(workplace_with_rows, n=5)
    workplace_with_rows.model.delay_s = 0.0
    assert wait_for(workplace_with_rows, next_one).status == AugmentationStatus.SUCCEEDED
    assert wait_for(workplace_with_rows, record).status == AugmentationStatus.CANCELLED


def test_a_model_that_says_nothing_useful_fails_it_with_the_reason(workplace: Any) -> None:
    workplace.model.answers = lambda n: "I cannot do that."
    record = ask(workplace)
    workplace.start_worker()
    failed = wait_for(workplace, record)
    assert failed.error["code"] == "nothing_made"
    assert "stronger model" in failed.error["message"]


def test_a_file_that_cannot_be_read_fails_it(workplace: Any) -> None:
    record = ask(workplace, file=workplace.office.upload(b"\x00\x01\x02", purpose="user_data").id)
    workplace.start_worker()
    failed = wait_for(workplace, record)
    assert failed.status == AugmentationStatus.FAILED
    assert failed.error["code"] != "internal_error"


def test_a_journal_of_another_augmentation_fails_it_instead_of_leaving_it_running(workplace: Any) -> None:
    record = ask(workplace)
    folder = workplace.office.data.augmentations_folder / record.id
    folder.mkdir()
    (folder / "rows.jsonl.journal").write_text('{"kind": "plan", "recipe": "paraphrase"}\n')
    workplace.start_worker()
    failed = wait_for(workplace, record)
    assert (failed.status, failed.error["code"]) == (AugmentationStatus.FAILED, "augmentation_exists")


def test_a_failure_after_a_cancellation_does_not_end_the_worker(workplace_with_rows: Any) -> None:
    office, model = workplace_with_rows.office, workplace_with_rows.model
    record = ask(workplace_with_rows)

    def cancelled_and_lost(n: int) -> str:
        office.augmentations.cancel(ALICE, record.id)
        raise RuntimeError("the model is gone")

    model.answers = cancelled_and_lost
    workplace_with_rows.start_worker()
    wait_for(workplace_with_rows, record)
    model.answers = five_new_rows
    assert wait_for(workplace_with_rows, ask(workplace_with_rows)).status == AugmentationStatus.SUCCEEDED
    assert wait_for(workplace_with_rows, record).status == AugmentationStatus.CANCELLED
