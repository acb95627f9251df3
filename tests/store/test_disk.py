from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from office import ALICE, Office, write_adapter
from tunesmith import errors


def test_what_interrupted_writes_have_left_is_gone_after_a_start(office: Office) -> None:
    office.files.begin_upload().write(b"half")
    assert office.temporary_files()
    office.data.check_and_tidy(int(office.clock()))
    assert office.temporary_files() == []


def test_weights_that_no_model_has_are_gone_after_a_start(office: Office, tmp_path: Path) -> None:
    folder = office.data.weights.publish(write_adapter(tmp_path / "a"), "job", "final")
    office.data.check_and_tidy(int(office.clock()))
    assert not folder.exists()


def test_weights_are_published_whole_and_without_what_only_training_needs(office: Office, tmp_path: Path) -> None:
    source = write_adapter(tmp_path / "a", "first")
    (source / "optimizer.safetensors").write_text("big")
    leave_out = frozenset({"optimizer.safetensors"})
    folder = office.data.weights.publish(source, "job", "final", leave_out=leave_out)
    assert sorted(path.name for path in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    again = office.data.weights.publish(write_adapter(tmp_path / "b", "second"), "job", "final")
    assert (again / "adapter_model.safetensors").read_text() == "first"


def test_links_are_not_published(office: Office, tmp_path: Path) -> None:
    source = write_adapter(tmp_path / "a")
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(errors.InvalidModel):
        office.data.weights.publish(source, "job", "final")
    assert office.temporary_files() == []


def test_only_published_weights_can_be_removed(office: Office, tmp_path: Path) -> None:
    precious = write_adapter(tmp_path / "base")
    with pytest.raises(ValueError, match="not a folder of published weights"):
        office.data.weights.remove(precious)
    assert precious.is_dir()


def test_a_full_disk_refuses_the_file_and_leaves_nothing(office: Office) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    upload = office.files.begin_upload()
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))  # a write beyond it fails as on a full disk
    try:
        with pytest.raises(errors.StorageFull, match="no room"):
            upload.write(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert office.temporary_files() == []
    assert office.upload().id


def test_a_disk_that_fills_up_while_the_file_is_kept_leaves_no_record(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("tunesmith.store.blobs.os.rename", full)
        with pytest.raises(errors.StorageFull):
            office.upload()
    assert office.files.list(ALICE).data == []
    assert office.temporary_files() == []


def test_secrets_are_readable_by_their_owner_only(office: Office) -> None:
    assert (office.data.folder / "pepper").stat().st_mode & 0o777 == 0o600
    assert office.data.folder.stat().st_mode & 0o777 == 0o700
    assert office.data.pepper() == office.data.pepper()
