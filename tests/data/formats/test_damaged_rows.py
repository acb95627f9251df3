"""Rows of every dialect with anything in any place: read or refused with findings, never a crash."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tunesmith.data.convert import convert
from tunesmith.data.formats import FORMATS
from tunesmith.data.formats.detect import read_as
from tunesmith.data.formats.losses import is_whole_row
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.sources import open_source
from tunesmith.errors import InvalidFile

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": None, "b": 1}}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": ["null"]}}}}}]
CHAT = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": [{"type": "text", "text": "x"}]},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c", "content": "1"},
    {"role": "assistant", "content": "y", "weight": 1, "name": "n"},
]
TURNS = [
    {"from": "human", "value": "x"},
    {"from": "function_call", "value": '{"name": "f", "arguments": {"a": 1}}'},
    {"from": "observation", "value": "1"},
    {"from": "gpt", "value": "y"},
]
ROWS: list[dict[str, Any]] = [
    {"messages": CHAT, "tools": TOOLS, "label": True, "parallel_tool_calls": False},
    {"messages": CHAT[:2], "tools": json.dumps(TOOLS), "answer": 3},
    {"prompt": "a", "completion": "b"},
    {"instruction": "a", "input": "b", "output": "c", "system": "d", "history": [["e", "f"]]},
    {"conversations": TURNS, "system": "s", "tools": json.dumps(TOOLS)},
    {"input": {"messages": CHAT[:2]}, "preferred_output": CHAT[4:], "non_preferred_output": CHAT[4:]},
    {"conversations": TURNS[:1], "chosen": TURNS[3], "rejected": TURNS[3]},
    {"prompt": CHAT[:2], "chosen": [*CHAT[:2], CHAT[4]], "rejected": [CHAT[4]]},
    {"context": json.dumps([{"role": "agent", "api": {"f": {}}}]), "generation": '{"role": "agent"}', "reward": 1.0},
    {"question": [[CHAT[1]]], "function": TOOLS, "id": "1"},
]
DEEP = "[" * 900 + "]" * 900
JUNK: list[Any] = [
    None,
    True,
    0,
    -2.5,
    "",
    "user",
    [],
    {},
    [[]],
    [None],
    ["a", "b"],
    {"role": "user"},
    {"from": []},
    DEEP,
]


def damaged(value: Any, random: Random) -> Any:
    if random.random() < 0.06:
        return random.choice(JUNK)
    if isinstance(value, dict):
        return {key: damaged(part, random) for key, part in value.items() if random.random() > 0.04}
    return [damaged(part, random) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", FORMATS)
def test_any_row_is_read_or_refused_with_the_reason_in_two_languages(name):
    random = Random(name)
    n_read = n_refused = 0
    for _ in range(1500):
        row = damaged(random.choice(ROWS), random)
        if not isinstance(row, dict):
            continue
        report = RowReport(1, 1)
        example = read_as(name, row, report)
        n_read += example is not None
        n_refused += example is None
        assert (example is None) == report.has_errors
        assert all(finding.message_zh for finding in report.findings)
        for dialect in FORMATS.values() if example else ():
            codes = dialect.losses(example)
            if not is_whole_row(codes):
                json.dumps(dialect.write(example))
    assert n_read
    assert n_refused


def test_any_file_of_such_rows_is_looked_at_and_converted(tmp_path):
    random = Random(11)
    path, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    n_written = 0
    for _ in range(150):
        kind = random.choice(ROWS)
        rows = [damaged(kind, random) for _ in range(4)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        source = open_source(path)
        assert all(finding.message_zh for finding in source.findings)
        if source.format is None:
            with pytest.raises(InvalidFile, match="--map"):
                convert(source, to="chat", out=out)
        else:
            n_written += convert(source, to="chat", out=out).n_written
    assert n_written > 50
