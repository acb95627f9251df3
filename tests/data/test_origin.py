"""The mark of a made row stays with it through merging and converting."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tunesmith.data.convert import convert
from tunesmith.data.merge import merge
from tunesmith.data.origin import Origin, is_augmented, mark
from tunesmith.data.reading import read_examples
from tunesmith.data.sources import open_source

MADE = mark({"prompt": "Is it open?", "completion": "Until six."}, Origin("like_seeds", "m", "r0-0", "seeds.jsonl"))
OWN = {"prompt": "Is it far?", "completion": "No."}
CHAT = {"messages": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}]}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in (MADE, OWN)))
    return path


def marks(path: Path) -> list[bool]:
    return [is_augmented(orjson.loads(line)) for line in path.read_bytes().splitlines()]


def test_through_a_merge_with_rows_of_another_format(made: Path, tmp_path: Path) -> None:
    chat, out = tmp_path / "chat.jsonl", tmp_path / "merged.jsonl"
    chat.write_bytes(orjson.dumps(CHAT) + b"\n")
    merge([open_source(chat), open_source(made)], out=out)
    assert marks(out) == [False, True, False]
    assert orjson.loads(out.read_bytes().splitlines()[1])["metadata"] == MADE["metadata"]


@pytest.mark.parametrize("format", ["chat", "alpaca", "sharegpt", "prompt_completion"])
def test_through_a_conversion(made: Path, tmp_path: Path, format: str) -> None:
    out = tmp_path / "converted.jsonl"
    convert(open_source(made), to=format, out=out)  # type: ignore[arg-type]
    assert marks(out) == [True, False]


def test_a_table_has_no_place_for_it_but_is_written(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "converted.csv"
    convert(open_source(made), to="prompt_completion", out=out, container="csv")
    assert out.read_text(encoding="utf-8-sig").splitlines()[0] == "prompt,completion"


def test_a_validation_file_with_made_rows_is_said_to_be_one(made: Path) -> None:
    found = read_examples(made, name="made.jsonl", param="validation_file").findings
    assert [(finding.code, finding.severity, finding.count) for finding in found] == [
        ("made_rows_in_validation", "warning", 1)
    ]
    assert read_examples(made, name="made.jsonl").findings == []
