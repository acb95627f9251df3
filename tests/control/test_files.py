from __future__ import annotations

import hashlib

import pytest

from office import ALICE, BOB, ROWS, Office
from tunesmith import errors


def test_a_file_is_kept_under_the_sha256_of_its_bytes(office: Office) -> None:
    file = office.upload()
    assert file.sha256 == hashlib.sha256(ROWS).hexdigest()
    assert office.files.path(ALICE, file.id).read_bytes() == ROWS
    assert (file.bytes, file.status, file.purpose) == (len(ROWS), "processed", "fine-tune")
    assert office.temporary_files() == []


def test_a_file_of_another_project_does_not_exist(office: Office) -> None:
    file = office.upload()
    for ask in (office.files.get, office.files.path, office.files.delete):
        with pytest.raises(errors.NotFound, match=f"No such File object: {file.id}") as missing:
            ask(BOB, file.id)
        assert missing.value.param == "id"
    assert office.files.list(BOB).data == []


def test_the_same_bytes_are_kept_until_the_last_file_with_them_is_deleted(office: Office) -> None:
    first, second = office.upload(), office.upload()
    path = office.files.path(ALICE, first.id)
    office.files.delete(ALICE, first.id)
    assert path.exists()
    office.files.delete(ALICE, second.id)
    assert not path.exists()


def test_bytes_stay_while_an_unfinished_job_needs_them(office: Office) -> None:
    file = office.upload()
    path = office.files.path(ALICE, file.id)
    job = office.create_job(training_file=file.id)
    office.files.delete(ALICE, file.id)
    assert path.exists()
    office.jobs.cancel(ALICE, job.id)
    office.data.check_and_tidy(int(office.clock()))
    assert not path.exists()


def test_a_file_over_the_limit_is_refused_and_nothing_is_left(office: Office) -> None:
    upload = office.files.begin_upload()
    upload.write(b"x" * (1 << 20))
    with pytest.raises(errors.TooLarge, match="1048576"):
        upload.write(b"x")
    assert office.temporary_files() == []


@pytest.mark.parametrize("purpose", ["", "finetune", "fine-tune-results"])
def test_an_unknown_purpose_is_refused_and_nothing_is_left(office: Office, purpose: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        office.upload(purpose=purpose)
    assert refused.value.param == "purpose"
    assert office.temporary_files() == []


def test_an_empty_file_is_refused(office: Office) -> None:
    with pytest.raises(errors.InvalidFile, match="0 bytes"):
        office.upload(b"")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("/home/me/rows.jsonl", "rows.jsonl"),
        ("C:\\data\\rows.jsonl", "rows.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("行.jsonl", "行.jsonl"),
        ("a\x00b\n.jsonl", "ab.jsonl"),
        ("folder/", "upload"),
    ],
)
def test_only_the_last_part_of_a_name_is_kept(office: Office, sent: str, kept: str) -> None:
    assert office.upload(filename=sent).filename == kept


def test_a_file_is_gone_after_its_time(office: Office) -> None:
    file = office.upload(expires_after_s=3600)
    path = office.files.path(ALICE, file.id)
    office.clock.turn(3601)
    with pytest.raises(errors.NotFound):
        office.files.get(ALICE, file.id)
    assert office.files.list(ALICE).data == []
    office.data.check_and_tidy(int(office.clock()))
    assert not path.exists()


@pytest.mark.parametrize(
    ("seconds", "code"), [(3599, "integer_below_min_value"), (2_592_001, "integer_above_max_value")]
)
def test_an_expiry_out_of_range_is_refused(office: Office, seconds: int, code: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        office.upload(expires_after_s=seconds)
    assert refused.value.code == code


def test_lists_have_the_newest_first_and_say_exactly_whether_more_follow(office: Office) -> None:
    files = [office.upload(purpose=purpose) for purpose in ("fine-tune", "batch", "fine-tune")]
    page = office.files.list(ALICE, limit=2)
    assert [file.id for file in page.data] == [files[2].id, files[1].id]
    assert page.has_more
    rest = office.files.list(ALICE, limit=2, after=page.data[-1].id)
    assert ([file.id for file in rest.data], rest.has_more) == ([files[0].id], False)
    assert not office.files.list(ALICE, limit=3).has_more
    assert [file.id for file in office.files.list(ALICE, order="asc").data] == [file.id for file in files]
    assert [file.id for file in office.files.list(ALICE, purpose="batch").data] == [files[1].id]
    unknown = office.files.list(ALICE, after="file-unknown")
    assert (list(unknown.data), unknown.has_more) == ([], False)
