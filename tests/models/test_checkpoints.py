"""A checkpoint is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from tunesmith.errors import StorageFull
from tunesmith.models.checkpoints import (
    OPTIMIZER,
    STATE,
    Checkpoint,
    newest_checkpoint,
    prune_checkpoints,
    save_checkpoint,
    write_json,
    written_whole,
)
from tunesmith.worker.runners.fine_tuning import RESUME_FILES


def save(root: Path, step: int, *, is_epoch_end: bool = False) -> Checkpoint:
    return save_checkpoint(
        root,
        step=step,
        is_epoch_end=is_epoch_end,
        write_model=lambda folder: (folder / "weights").write_bytes(bytes(step)) and None,
        tensors={"moment": torch.full((3,), float(step)), "rng": torch.get_rng_state()},
        state={"epoch": step // 10},
    )


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    save(tmp_path, 9)
    save(tmp_path, 10, is_epoch_end=True)
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert (newest.step, newest.is_epoch_end, newest.state) == (10, True, {"epoch": 1})
    assert newest.tensors()["moment"].tolist() == [10.0, 10.0, 10.0]
    assert torch.equal(newest.tensors()["rng"], torch.get_rng_state())


def test_a_million_steps_still_sort(tmp_path: Path) -> None:
    save(tmp_path, 999_999)
    save(tmp_path, 1_000_000)
    assert newest_checkpoint(tmp_path).step == 1_000_000  # type: ignore[union-attr]


@pytest.mark.parametrize("file", ["weights", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, file: str, damage: str) -> None:
    save(tmp_path, 3)
    path = save(tmp_path, 8).folder / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if damage == "cut" else b"\xff" + content[1:])
    assert newest_checkpoint(tmp_path).step == 3  # type: ignore[union-attr]


def test_newer_ones_replace_resume_only_ones_and_the_last_three_epochs_stay(tmp_path: Path) -> None:
    for step in range(1, 13):
        save(tmp_path, step, is_epoch_end=step % 3 == 0)
        prune_checkpoints(tmp_path, newest_step=step, keep_epochs=3)
        if step == 11:
            assert sorted(p.name for p in tmp_path.iterdir()) == [
                "step-000003", "step-000006", "step-000009", "step-000011"
            ]  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000006", "step-000009", "step-000012"]


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, failure: Exception) -> None:
    def write(folder: Path) -> None:
        (folder / "half").write_text("written")
        raise failure

    save(tmp_path, 1)
    with pytest.raises(StorageFull, match="Free space"):
        save_checkpoint(tmp_path, step=2, is_epoch_end=False, write_model=write, tensors={}, state={})
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_said_of_a_json_file_too(tmp_path: Path) -> None:
    (tmp_path / "run.json.partial").symlink_to("/dev/full")
    with pytest.raises(StorageFull, match="Free space"):
        write_json(tmp_path / "run.json", {"a": 1})
    assert not (tmp_path / "run.json").exists()


def test_what_a_checkpoint_holds_for_itself_is_what_a_published_model_leaves_out() -> None:
    assert {STATE, OPTIMIZER} == RESUME_FILES


def test_an_error_inside_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    with written_whole(tmp_path / "final") as partial:
        (partial / "a").write_text("old")

    def rewrite() -> None:
        with written_whole(tmp_path / "final") as partial:
            (partial / "a").write_text("new")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        rewrite()
    assert (tmp_path / "final" / "a").read_text() == "old"
