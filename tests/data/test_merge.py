"""Files become one file, in one format, without the same row twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tunesmith.data.merge import merge
from tunesmith.data.sources import Source, open_source
from tunesmith.errors import InvalidRequest


def source_of(path: Path, rows: list[dict[str, Any]]) -> Source:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return open_source(path)


def read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def alpaca(i: int) -> dict[str, Any]:
    return {"instruction": f"q{i}", "input": "", "output": f"a{i}"}


def chat(i: int) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": f"a{i}"}]}


def test_files_of_one_format_keep_their_rows_as_they_are(tmp_path: Path) -> None:
    one = source_of(tmp_path / "1.jsonl", [alpaca(i) | {"note": i} for i in range(3)])
    two = source_of(tmp_path / "2.jsonl", [alpaca(9)])
    done = merge([one, two], out=tmp_path / "out.jsonl")
    assert done.format == "alpaca"
    assert read(done.path) == [alpaca(0) | {"note": 0}, alpaca(1) | {"note": 1}, alpaca(2) | {"note": 2}, alpaca(9)]
    assert [file.n_written for file in done.files] == [3, 1]


def test_different_formats_become_chat(tmp_path: Path) -> None:
    one = source_of(tmp_path / "1.jsonl", [alpaca(0)])
    two = source_of(tmp_path / "2.jsonl", [chat(1)])
    done = merge([one, two], out=tmp_path / "out.jsonl")
    assert done.format == "chat"
    assert read(done.path) == [chat(0), chat(1)]
    assert done.facts["is_converted"] is True


def test_equal_rows_are_written_once_also_across_formats(tmp_path: Path) -> None:
    one = source_of(tmp_path / "1.jsonl", [alpaca(0), alpaca(1), alpaca(0)])
    two = source_of(tmp_path / "2.jsonl", [chat(1), chat(2)])
    done = merge([one, two], out=tmp_path / "out.jsonl", deduplicate=True)
    assert read(done.path) == [chat(0), chat(1), chat(2)]
    assert [file.n_duplicates for file in done.files] == [1, 1]


def test_what_a_format_cannot_hold_is_said_with_the_file_and_line(tmp_path: Path) -> None:
    talk = {"messages": [*chat(1)["messages"], *chat(2)["messages"]]}
    source = source_of(tmp_path / "1.jsonl", [chat(0), talk])
    done = merge([source], out=tmp_path / "out.jsonl", to="prompt_completion")
    assert done.n_written + sum(file.n_skipped for file in done.files) == 2
    assert all(finding.facts["file"] == "1.jsonl" and finding.rows == (2,) for finding in done.findings)
    assert done.findings


def test_rows_that_cannot_be_read_are_named_with_their_file(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(orjson.dumps(alpaca(0)) + b"\n{broken\n" + orjson.dumps(alpaca(1)))
    done = merge([open_source(path)], out=tmp_path / "out.jsonl")
    (told,) = done.findings
    assert (done.n_written, told.code, told.rows, told.facts["file"]) == (2, "skipped_rows", (2,), "1.jsonl")


def test_pairs_and_conversations_are_different_kinds_of_data(tmp_path: Path) -> None:
    pair = {"instruction": "q", "chosen": "good", "rejected": "bad"}
    sources = [source_of(tmp_path / "1.jsonl", [pair]), source_of(tmp_path / "2.jsonl", [chat(1)])]
    with pytest.raises(InvalidRequest, match="different kinds of data"):
        merge(sources, out=tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_nothing_to_merge_and_a_result_over_a_source_are_refused(tmp_path: Path) -> None:
    source = source_of(tmp_path / "1.jsonl", [chat(1)])
    with pytest.raises(InvalidRequest):
        merge([], out=tmp_path / "out.jsonl")
    with pytest.raises(InvalidRequest, match="being read"):
        merge([source], out=tmp_path / "1.jsonl")


def test_all_rows_that_cannot_be_read_are_counted_and_the_first_thousand_named(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(orjson.dumps(alpaca(0)) + b"\n" + b"{broken\n" * 1200)
    (told,) = merge([open_source(path)], out=tmp_path / "out.jsonl").findings
    assert (told.count, len(told.rows)) == (1200, 1000)
    assert told.message.startswith("1.jsonl: 1200 row(s)")
