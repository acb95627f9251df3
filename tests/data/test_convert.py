"""A file becomes a file in another format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tunesmith.data.convert import convert
from tunesmith.data.formats import FORMATS
from tunesmith.data.reading import read_examples
from tunesmith.data.sources import Source, open_source
from tunesmith.data.written_files import CONTAINERS
from tunesmith.errors import InvalidFile, InvalidRequest

CHAT = {
    "messages": [
        {"role": "system", "content": "简短"},
        {"role": "user", "content": '一 "问",\n二问\t?'},
        {"role": "assistant", "content": "=1+1"},
    ]
}
CALLING = {
    "messages": [
        {"role": "user", "content": "?"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
        },
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
}
PAIR = {"prompt": "q", "chosen": "good", "rejected": "bad"}
GRADED = {"messages": [{"role": "user", "content": "q"}], "answer": "4"}


@pytest.fixture
def source(tmp_path: Path):
    def source(*rows: dict[str, Any]) -> Source:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return open_source(path)

    return source


def contents(path: Path) -> list[tuple[Any, ...]]:
    return [
        tuple((message.role, message.content, message.tool_calls) for message in example.messages)
        for _, example, _ in open_source(path).examples()
        if example
    ]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("to", ["chat", "alpaca", "sharegpt"])
def test_a_file_comes_back_from_every_container(container, to, source, tmp_path):
    given = source(CHAT, CHAT)
    out = tmp_path / f"out.{container}"

    done = convert(given, to=to, out=out, container=container)

    assert (done.n_rows, done.n_written, done.n_skipped, done.findings) == (2, 2, 0, [])
    assert open_source(out).format == to
    assert contents(out) == contents(given.path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_pairs_and_graded_prompts_come_back_from_every_container(container, source, tmp_path):
    for row, format in ((PAIR, "preference"), (GRADED, "reinforcement")):
        given = source(row, row)
        before = [example for _, example, _ in given.examples()]
        out = tmp_path / f"out.{container}"
        convert(given, to=format, out=out, container=container)

        again = open_source(out)

        assert again.format == format
        after = [example for _, example, _ in again.examples()]
        assert [example and example.messages for example in after] == [
            example and example.messages for example in before
        ]
        if container in ("jsonl", "json"):
            assert [type(example) for example in after] == [type(example) for example in before]


def test_a_table_has_a_column_for_every_field_that_a_grader_reads(source, tmp_path):
    given = source(GRADED, {**GRADED, "hint": {"a": [1]}}, {**GRADED, "hint": None})

    convert(given, to="reinforcement", out=tmp_path / "out.csv", container="csv")

    items = [example.item for _, example, _ in open_source(tmp_path / "out.csv").examples()]
    assert items == [{"answer": "4", "hint": hint} for hint in (None, '{"a": [1]}', None)]


def test_what_is_written_as_jsonl_is_clean_and_taken_by_the_strict_reader(source, tmp_path):
    out = tmp_path / "out.jsonl"
    convert(source(PAIR, PAIR), to="chat", out=out)

    assert out.read_bytes().endswith(b"}\n")
    assert len(read_examples(out, name="out.jsonl", strict_jsonl=True).examples) == 2


@pytest.mark.parametrize(
    ("row", "to", "codes"),
    [
        (CHAT, "prompt_completion", ["system_prompt_lost"]),
        (CHAT, "reinforcement", []),
        (PAIR, "chat", ["worse_answer_lost"]),
        (CALLING, "sharegpt", ["call_ids_lost"]),
    ],
)
def test_what_is_lost_is_said_in_both_languages_with_its_rows(row, to, codes, source, tmp_path):
    given = source(row, row)

    done = convert(given, to=to, out=tmp_path / "out.jsonl")

    assert done.n_written == 2
    assert [finding.code for finding in done.findings] == codes
    for finding in done.findings:
        assert (finding.severity, finding.count, finding.rows) == ("warning", 2, (1, 2))
        assert "2 of 2 rows" in finding.message
        assert "2 行中有 2 行" in finding.message_zh


@pytest.mark.parametrize(
    ("row", "to", "code"),
    [
        (CALLING, "alpaca", "tool_calls_not_held"),
        (CALLING, "prompt_completion", "tool_calls_not_held"),
        (CALLING, "reinforcement", "no_text_answer"),
        (CHAT, "preference", "no_worse_answer"),
        ({**CHAT, "label": False}, "alpaca", "unwanted_answer_not_held"),
        (GRADED, "chat", "no_answer"),
    ],
)
def test_a_row_that_cannot_be_held_is_left_out_and_named(row, to, code, source, tmp_path):
    done = convert(source(row), to=to, out=tmp_path / "out.jsonl")

    assert (done.n_rows, done.n_written, done.n_skipped) == (1, 0, 1)
    assert [(finding.code, finding.rows) for finding in done.findings] == [(code, (1,))]
    assert "cannot be written" in done.findings[0].message


def test_a_bad_row_is_left_out_and_named(source, tmp_path):
    bad = {"messages": [{"role": "usr", "content": "x"}]}

    done = convert(source(CHAT, bad, CHAT, bad), to="chat", out=tmp_path / "out.jsonl")

    assert (done.n_written, done.n_skipped) == (2, 2)
    assert [(f.code, f.severity, f.count, f.rows) for f in done.findings] == [("unknown_role", "error", 2, (2, 4))]


def test_keys_that_the_new_format_does_not_know_are_said(source, tmp_path):
    done = convert(source({**CHAT, "id": 7}), to="chat", out=tmp_path / "out.jsonl")

    assert [(finding.code, finding.facts) for finding in done.findings] == [("unused_key", {"key": "id"})]


def test_a_row_that_a_workbook_cannot_hold_is_left_out_and_named(source, tmp_path):
    rows = [{"prompt": "a", "completion": text} for text in ("x" * 40_000, "fine", "\x07")]

    done = convert(source(*rows), to="prompt_completion", out=tmp_path / "out.xlsx", container="xlsx")

    assert (done.n_written, done.n_skipped) == (1, 2)
    assert [(f.code, f.rows) for f in done.findings] == [("text_too_long", (1,)), ("control_character_not_held", (3,))]
    assert "holds at most 32,767 characters, this text has 40,000" in done.findings[0].message
    assert contents(tmp_path / "out.xlsx") == [(("user", "a", ()), ("assistant", "fine", ()))]


@pytest.mark.parametrize("container", CONTAINERS)
def test_nothing_half_written_is_left_behind(container, source, tmp_path, monkeypatch):
    given = source(CHAT, CHAT)
    monkeypatch.setattr(FORMATS["chat"], "write", lambda example: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        convert(given, to="chat", out=tmp_path / f"out.{container}", container=container)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl"]


def test_a_file_is_never_written_over_itself(source):
    given = source(CHAT)

    with pytest.raises(InvalidRequest, match="being read"):
        convert(given, to="chat", out=given.path)


def test_a_file_in_no_format_cannot_be_converted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a b,c d\n1,2\n")

    with pytest.raises(InvalidFile, match="--map"):
        convert(open_source(path), to="chat", out=tmp_path / "out.jsonl")


QUESTIONS_AND_ANSWERS = [
    *("alpaca/smile_alpaca_history_2000.json", "alpaca/rasbt/instruction-data.json", "ar_lsat/chat_dev.jsonl"),
    *("openai_format/cookbook/AG_news_samples.csv", "openai_format/cookbook/drone_training.jsonl"),
    *("openai_format/cookbook/labelled_transactions.csv", "openai_format/cookbook/toy_chat_fine_tuning.jsonl"),
    *("preference_rft_tools/dpo/dpo_en_demo.json", "preference_rft_tools/dpo/dpo_zh_demo.json"),
    *("preference_rft_tools/tools/glaive_toolcall_en_demo.json", "preference_rft_tools/bbh/snarks.json"),
    *("preference_rft_tools/tools/reason_tool_use_demo_50.jsonl", "preference_rft_tools/gsm8k/test.jsonl"),
    *("zh_qa/egret_wenda/prompt_completion_2500.jsonl", "zh_qa/medical_gbk/internal_medicine.gb18030.csv"),
    *("zh_qa/disc_finllm/consulting_part.json", "openai_format/sgd_multiturn/valid_200.jsonl"),
]


@pytest.mark.parametrize("file_name", QUESTIONS_AND_ANSWERS)
def test_a_real_file_becomes_chat_rows_without_a_hand_edit(file_name, shared_data, tmp_path):
    source = open_source(shared_data / file_name)
    out = tmp_path / "chat.jsonl"

    done = convert(source, to="chat", out=out)

    assert done.n_written == done.n_rows > 0
    strict = read_examples(out, name="chat.jsonl", strict_jsonl=True)
    assert len(strict.examples) == done.n_rows
    before = [FORMATS["chat"].write(example) for _, example, _ in source.examples() if example]
    assert [FORMATS["chat"].write(example) for example in strict.examples] == before
