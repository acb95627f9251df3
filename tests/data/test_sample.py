"""A sample is chosen by its seed and keeps the order."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tunesmith.data.sample import sample
from tunesmith.data.sources import open_source
from tunesmith.errors import InvalidRequest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = [{"prompt": f"q{i}", "completion": f"a{i}"} for i in range(50)]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def numbers(path: Path) -> list[int]:
    return [int(orjson.loads(line)["prompt"][1:]) for line in path.read_bytes().splitlines()]


def test_as_many_rows_as_asked_in_their_old_order(path: Path, tmp_path: Path) -> None:
    done = sample(open_source(path), out=tmp_path / "some.jsonl", n=20, seed=3)
    chosen = numbers(done.path)
    assert (done.n_rows, done.n_written, len(chosen)) == (50, 20, 20)
    assert chosen == sorted(set(chosen))


def test_the_seed_decides(path: Path, tmp_path: Path) -> None:
    first, again, other = (
        numbers(sample(open_source(path), out=tmp_path / "s.jsonl", share=0.2, seed=seed).path) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len(first) == 10


def test_rows_of_a_table_become_json_lines(tmp_path: Path) -> None:
    table = tmp_path / "qa.csv"
    table.write_text("question,answer\n" + "".join(f"q{i} 是什么?,答案{i}\n" for i in range(30)), encoding="gb18030")
    done = sample(open_source(table), out=tmp_path / "some.jsonl", n=5)
    assert set(orjson.loads(done.path.read_bytes().splitlines()[0])) == {"prompt", "completion"}


@pytest.mark.parametrize("asked", [{"n": 51}, {"n": 0}, {"share": 0.0}, {"share": 1.1}, {}, {"n": 1, "share": 0.1}])
def test_what_the_file_cannot_give_is_refused(path: Path, tmp_path: Path, asked: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest):
        sample(open_source(path), out=tmp_path / "some.jsonl", **asked)  # type: ignore[arg-type]
    assert not (tmp_path / "some.jsonl").exists()
