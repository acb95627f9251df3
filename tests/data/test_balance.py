"""The most frequent answers are capped; rare ones are all kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest

from tunesmith.data.balance import balance
from tunesmith.data.sources import Source, open_source
from tunesmith.errors import InvalidRequest


def source_of(tmp_path: Path, answers: list[str]) -> Source:
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"question {i}", "completion": answer} for i, answer in enumerate(answers)]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return open_source(path)


def answers_in(path: Path) -> Counter[str]:
    return Counter(orjson.loads(line)["completion"] for line in path.read_bytes().splitlines())


def test_no_answer_comes_more_often_than_asked(tmp_path: Path) -> None:
    source = source_of(tmp_path, ["yes"] * 70 + ["no"] * 20 + ["perhaps"] * 10)
    done = balance(source, out=tmp_path / "out.jsonl", at_most=20)
    assert answers_in(done.path) == {"yes": 20, "no": 20, "perhaps": 10}
    assert done.facts["answers"]["yes"] == {"before": 70, "after": 20}
    assert (done.n_rows, done.n_written) == (100, 50)


def test_labels_may_differ_by_the_ratio_that_lint_warns_about(tmp_path: Path) -> None:
    source = source_of(tmp_path, ["甲"] * 300 + ["乙"] * 5)
    assert answers_in(balance(source, out=tmp_path / "out.jsonl").path) == {"甲": 50, "乙": 5}
    assert answers_in(balance(source, out=tmp_path / "out.jsonl", max_ratio=1).path) == {"甲": 5, "乙": 5}


def test_a_sentence_said_too_often_is_thinned_out(tmp_path: Path) -> None:
    source = source_of(tmp_path, ["Sorry, I cannot help with that."] * 60 + [f"Answer number {i}" for i in range(140)])
    done = balance(source, out=tmp_path / "out.jsonl")
    counts = answers_in(done.path)
    assert counts["Sorry, I cannot help with that."] == done.facts["at_most"] < 60
    assert len(counts) == 141


def test_the_order_stays_and_the_seed_decides(tmp_path: Path) -> None:
    source = source_of(tmp_path, ["a", "b"] * 40 + ["a"] * 100)
    first, again, other = (
        balance(source, out=tmp_path / "out.jsonl", at_most=10, seed=seed).path.read_bytes() for seed in (1, 1, 2)
    )
    assert first == again != other
    places = [int(orjson.loads(line)["prompt"].split()[1]) for line in first.splitlines()]
    assert places == sorted(places)


def test_impossible_limits_are_refused(tmp_path: Path) -> None:
    source = source_of(tmp_path, ["a"] * 20)
    for limits in ({"at_most": 0}, {"max_ratio": 0.5}):
        with pytest.raises(InvalidRequest):
            balance(source, out=tmp_path / "out.jsonl", **limits)  # type: ignore[arg-type]
