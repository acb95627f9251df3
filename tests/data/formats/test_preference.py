"""Preference rows in the shapes that are in use."""

from __future__ import annotations

from typing import Any

import pytest

from tunesmith.data.examples import Message, PreferenceExample
from tunesmith.data.formats import preference
from tunesmith.data.formats.row_report import RowReport

USER = {"role": "user", "content": "2+2?"}
GOOD = {"role": "assistant", "content": "4"}
BAD = {"role": "assistant", "content": "5"}
EXPECTED = PreferenceExample(1, (Message("user", "2+2?"),), Message("assistant", "4"), Message("assistant", "5"))


def read(row: dict[str, Any]) -> tuple[PreferenceExample | None, RowReport]:
    report = RowReport(1, 1)
    assert preference.matches(row)
    return preference.read(row, report), report


@pytest.mark.parametrize(
    "row",
    [
        {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
        {"input": {"messages": [USER]}, "preferred_completion": [GOOD], "non_preferred_completion": [BAD]},
        {
            "conversations": [{"from": "human", "value": "2+2?"}],
            "chosen": {"from": "gpt", "value": "4"},
            "rejected": {"from": "gpt", "value": "5"},
        },
        {"prompt": "2+2?", "chosen": "4", "rejected": "5"},
        {"instruction": "2+2?", "input": "", "chosen": "4", "rejected": "5"},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "2+2?", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"prompt": [USER], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"messages": [USER], "chosen": GOOD, "rejected": BAD},
    ],
)
def test_every_shape_becomes_the_same_pair(row):
    example, report = read(row)

    assert example == EXPECTED
    assert report.findings == []


def test_an_alpaca_row_with_a_pair_keeps_its_system_prompt_input_and_history():
    example, report = read(
        {
            "instruction": "Translate",
            "input": "猫",
            "output": "cat",
            "system": "Be brief.",
            "history": [["狗", "dog"]],
            "chosen": "cat",
            "rejected": "dog",
        }
    )

    assert example is not None
    assert [message.content for message in example.messages] == ["Be brief.", "狗", "dog", "Translate\n猫"]
    assert [key for key, _ in report.unused_keys] == ["output"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"preferred_output": []}, "missing_answer", "preferred_output"),
        ({"non_preferred_output": None}, "missing_answer", "non_preferred_output"),
        ({"preferred_output": [GOOD, GOOD]}, "bad_answer", "preferred_output"),
        ({"preferred_output": [USER]}, "bad_answer", "preferred_output"),
        ({"input": "2+2?"}, "bad_input", "input"),
        ({"input": {"messages": []}}, "bad_messages", "input.messages"),
    ],
)
def test_a_bad_pair_is_named(change, code, field):
    row = {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD], **change}

    example, report = read(row)

    assert example is None
    assert [(finding.code, finding.field) for finding in report.findings] == [(code, field)]
    assert report.findings[0].message_zh


def test_a_pair_without_a_prompt_is_an_error():
    example, report = read({"chosen": "a", "rejected": "b"})

    assert example is None
    assert [finding.code for finding in report.findings] == ["missing_prompt"]


def test_the_spelling_with_one_key_missing_is_said():
    report = RowReport(1, 1)

    assert preference.read({"input": {"messages": [USER]}, "preferred_output": [GOOD]}, report) is None
    assert '"non_preferred_output" is missing' in report.findings[0].message
