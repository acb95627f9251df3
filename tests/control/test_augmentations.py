"""The life of an augmentation, on the real store."""

from __future__ import annotations

import pytest

from office import ALICE, BOB, ROWS, Office
from tunesmith import errors
from tunesmith.control.augmentations import AugmentationRecord, AugmentationRequest, AugmentationStatus


def ask(office: Office, **changes: object) -> AugmentationRecord:
    fields = {"file": office.upload().id, "recipe": "paraphrase", "n": 50, "model": "gpt-4o-mini", **changes}
    return office.augmentations.create(ALICE, AugmentationRequest(**fields))


def blob(office: Office, content: bytes = ROWS):
    upload = office.files.begin_upload()
    upload.write(content)
    return upload.commit()


def test_it_waits_runs_tells_its_progress_and_ends_with_a_file(office: Office) -> None:
    asked = ask(office)
    assert asked.status == AugmentationStatus.QUEUED
    claimed = office.augmentations.claim_next()
    assert claimed is not None
    assert claimed.id == asked.id
    assert office.augmentations.claim_next() is None

    office.augmentations.record(asked.id, {"kept": 3}, [{"messages": []}])
    assert office.augmentations.get(ALICE, asked.id).progress == {"kept": 3}

    done = office.augmentations.succeed(asked.id, blob(office), "rows_augmented.jsonl")
    assert done.status == AugmentationStatus.SUCCEEDED
    file = office.files.get(ALICE, done.result_file)
    assert file.filename == "rows_augmented.jsonl"
    assert office.files.path(ALICE, file.id).read_bytes() == ROWS


def test_a_review_pauses_it_and_corrections_send_it_back_to_the_queue(office: Office) -> None:
    asked = ask(office)
    office.augmentations.claim_next()
    office.augmentations.record(asked.id, {}, [{"id": "r0", "value": {}}, {"id": "r1", "value": {}}])
    waiting = office.augmentations.paused(asked.id, for_review=True)
    assert waiting.is_under_review

    with pytest.raises(errors.InvalidRequest, match="no row 'r2'; 'rows' holds r0, r1"):
        office.augmentations.resume(ALICE, asked.id, [{"row": "r2", "reason": "no"}])
    resumed = office.augmentations.resume(ALICE, asked.id, [{"row": "r1", "reason": "too short"}])
    assert resumed.status == AugmentationStatus.QUEUED
    assert resumed.is_reviewed
    assert not resumed.is_under_review
    assert resumed.corrections == [{"row": "r1", "reason": "too short"}]


def test_pausing_a_running_one_is_a_wish_and_cancelling_takes_effect_at_once(office: Office) -> None:
    asked = ask(office)
    office.augmentations.claim_next()
    assert office.augmentations.pause(ALICE, asked.id).is_pause_wanted
    assert office.augmentations.cancel(ALICE, asked.id).status == AugmentationStatus.CANCELLED
    with pytest.raises(errors.Conflict, match="cancelled"):
        office.augmentations.succeed(asked.id, blob(office), "x.jsonl")
    with pytest.raises(errors.Conflict):
        office.augmentations.resume(ALICE, asked.id, [])


def test_what_a_dead_worker_held_goes_back_to_the_queue(office: Office) -> None:
    asked = ask(office)
    office.augmentations.claim_next()
    assert office.augmentations.put_back() == 1
    again = office.augmentations.claim_next()
    assert again is not None
    assert again.id == asked.id


def test_a_failed_one_keeps_what_it_made_and_can_be_resumed(office: Office) -> None:
    asked = ask(office)
    office.augmentations.claim_next()
    failed = office.augmentations.fail(asked.id, "The endpoint answers 401.", code="endpoint_failed")
    assert failed.error == {"message": "The endpoint answers 401.", "code": "endpoint_failed", "param": None}
    assert office.augmentations.resume(ALICE, asked.id, []).error is None


def test_nobody_else_sees_it(office: Office) -> None:
    asked = ask(office)
    with pytest.raises(errors.NotFound):
        office.augmentations.get(BOB, asked.id)
    with pytest.raises(errors.NotFound):
        office.augmentations.cancel(BOB, asked.id)
    assert office.augmentations.list(BOB, after=None, limit=10).data == []


def test_pages_are_newest_first(office: Office) -> None:
    ids = [ask(office).id for _ in range(3)]
    page = office.augmentations.list(ALICE, after=None, limit=2)
    assert [one.id for one in page.data] == ids[:0:-1]
    assert page.has_more
    assert [one.id for one in office.augmentations.list(ALICE, after=ids[1], limit=2).data] == ids[:1]


@pytest.mark.parametrize(
    ("changes", "param"),
    [({"recipe": "paraphrse"}, "recipe"), ({"endpoint": "http://169.254.169.254/v1"}, "endpoint")],
)
def test_an_unknown_recipe_or_endpoint_is_named(office: Office, changes: dict[str, str], param: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        ask(office, **changes)
    assert refused.value.param == param


@pytest.mark.parametrize("field", ["file", "validation_file"])
def test_its_files_stay_while_an_unfinished_one_needs_them(office: Office, field: str) -> None:
    file = office.upload(b'{"only": "here"}\n')
    asked = ask(office, **{field: file.id})
    path = office.data.blobs.path(file.sha256)
    office.files.delete(ALICE, file.id)
    assert path.exists()
    office.augmentations.cancel(ALICE, asked.id)
    office.data.files.sweep(int(office.clock()))
    assert not path.exists()
