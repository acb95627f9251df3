"""Rows of every other kind are walked through the fixes that lint recommends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tunesmith.data.prepare import prepare_any
from tunesmith.errors import InvalidFile

ROWS = [{"prompt": "What?", "completion": "This"}, {"prompt": "Who?", "completion": "She"}]


def chat_row(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def write_lines(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return str(path)


CHAT = [chat_row(f"How far is town {n}?", f"About {n} miles from here.") for n in range(12)]


def test_prompts_and_completions_get_the_dialogue_of_2023(tmp_path: Path) -> None:
    said: list[str] = []
    prepared = prepare_any(write_lines(tmp_path / "rows.jsonl", ROWS), ask=None, say=said.append)
    assert prepared.training_file == str(tmp_path / "rows_prepared.jsonl")
    assert "Once your model starts training, it'll approximately take" in said[-1]


def test_every_recommended_fix_is_shown_and_asked_about(tmp_path: Path) -> None:
    name = write_lines(tmp_path / "chat.jsonl", [*CHAT, CHAT[3], chat_row("What now?", "Bell \u0007 rings.")])
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return "repeated rows" not in question

    said: list[str] = []
    prepared = prepare_any(name, ask=ask, say=said.append)
    repeated, control, proceed = questions
    assert repeated.startswith('    line 13\n      - {"messages"')
    assert repeated.endswith(" (1 rows) [Y/n]: ")
    assert "    line 14\n      - " in control
    assert "Bell rings" not in control.split("+")[0]
    assert proceed.endswith("Proceed [Y/n]: ")
    assert prepared.training_file == str(tmp_path / "chat_prepared.jsonl")
    rows = [json.loads(line) for line in Path(prepared.training_file).read_text().splitlines()]
    assert rows[:13] == [*CHAT, CHAT[3]]
    assert "\u0007" not in rows[13]["messages"][1]["content"]
    assert "13 rows as they were, 1 changed, 0 left out" in said[-1]


def test_nothing_is_written_of_a_clean_file(tmp_path: Path) -> None:
    name = write_lines(tmp_path / "chat.jsonl", CHAT)
    prepared = prepare_any(name, ask=lambda question: pytest.fail(question), say=[].append)
    assert prepared.training_file == name
    assert [path.name for path in tmp_path.iterdir()] == ["chat.jsonl"]


def test_what_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    write_lines(file, CHAT)
    file.write_text(file.read_text() + '{"messages": [\n')
    said: list[str] = []
    prepared = prepare_any(str(file), ask=None, say=said.append)
    assert "- [Necessary] Leave out 1 rows that cannot be read\n" in said
    assert prepared.training_file
    assert len(Path(prepared.training_file).read_text().splitlines()) == 12


def test_the_prepared_file_needs_no_further_fix(tmp_path: Path) -> None:
    name = write_lines(tmp_path / "chat.jsonl", [*CHAT, *CHAT[:4]])
    once = prepare_any(name, ask=None, say=[].append).training_file
    assert once
    assert prepare_any(once, ask=None, say=[].append).training_file == once


def test_a_gb18030_table_is_prepared_in_chinese(tmp_path: Path) -> None:
    file = tmp_path / "问答.csv"
    table = "提问,回答\n" + "".join(f"第{n}个问题是什么？,这是第{n}个回答。\n" for n in range(12))
    file.write_bytes(table.encode("gb18030"))
    said: list[str] = []
    prepared = prepare_any(str(file), ask=None, say=said.append, language="zh")
    assert "- [必须] 改写为 UTF-8 编码的 JSON Lines\n" in said
    assert prepared.training_file == str(tmp_path / "问答_prepared.jsonl")
    first = json.loads(Path(prepared.training_file).read_text().splitlines()[0])
    assert first == {"prompt": "第0个问题是什么？", "completion": "这是第0个回答。"}


def test_a_mapping_says_which_columns_are_meant(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("left,right\n" + "".join(f"word {n},number {n}\n" for n in range(12)))
    prepared = prepare_any(str(file), ask=None, say=[].append, mapping={"left": "completion", "right": "prompt"})
    assert prepared.training_file
    first = json.loads(Path(prepared.training_file).read_text().splitlines()[0])
    assert first == {"completion": "word 0", "prompt": "number 0"}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("broken.jsonl", b'{"prompt": "a", "completion": "b"\n{"prompt": "c", "completion": "d"}\n', "valid JSONL"),
        ("empty.jsonl", b"", "no rows"),
        ("empty.json", b"[]", "no rows"),
        ("empty.csv", b"", "valid CSV"),
        ("columns.csv", b"left,right\na,b\n", "--map"),
        ("binary.csv", bytes(range(256)) * 10, "binary"),
        ("deep.json", b"[" * 100_000, "deep"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_nothing_is_written(
    name: str, data: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(InvalidFile, match=message):
        prepare_any(str(file), ask=None, say=[].append)
    assert list(tmp_path.iterdir()) == [file]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d"\n')
    with pytest.raises(InvalidFile) as refused:
        prepare_any(str(file), ask=None, say=[].append)
    assert [finding.line for finding in refused.value.findings] == [2]
