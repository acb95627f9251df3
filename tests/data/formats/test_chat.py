"""Chat rows in the spellings that other projects write, and labels of wanted answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.formats import chat, reinforcement
from tunesmith.data.formats.row_report import RowReport

USER = {"role": "user", "content": "hi"}
ANSWER = {"role": "assistant", "content": "hello"}


def read(*messages: Any, **more: Any) -> tuple[ChatExample | None, RowReport]:
    report = RowReport(5, 2)
    return chat.read({"messages": list(messages), **more}, report), report


@pytest.mark.parametrize("label", [True, False])
def test_a_label_says_whether_the_answer_is_wanted(label):
    example, report = read(USER, ANSWER, label=label)

    assert example is not None
    assert example.label is label
    assert report.unused_keys == []
    assert chat.write(example) == {"messages": [USER, ANSWER], "label": label}


def test_a_label_that_is_no_boolean_is_another_key():
    example, report = read(USER, ANSWER, label="World")

    assert example is not None
    assert example.label is None
    assert [key for key, _ in report.unused_keys] == ["label"]


def test_tools_as_json_text_and_content_in_typed_parts_are_read():
    tools = [{"type": "function", "function": {"name": "f"}}]
    parts = [
        {"type": "reasoning", "value": "I must look."},
        {"type": "tool_call", "value": '{"name": "f", "arguments": {"a": 1}}'},
        {"type": "tool_call", "value": '{"name": "f", "arguments": {"a": 2}}'},
    ]
    result = {"role": "tool", "content": [{"type": "text", "value": "1"}]}

    example, report = read(
        {"role": "user", "content": [{"type": "text", "value": "?"}]},
        {"role": "assistant", "content": parts},
        result,
        result,
        ANSWER,
        tools=json.dumps(tools),
    )

    assert example is not None, report.findings
    assert example.tools == tuple(tools)
    calling = example.messages[1]
    assert calling.content == "<think>\nI must look.\n</think>\n\n"
    assert [call["function"]["arguments"] for call in calling.tool_calls] == ['{"a": 1}', '{"a": 2}']
    assert [message.tool_call_id for message in example.messages[2:4]] == [call["id"] for call in calling.tool_calls]


def test_keys_that_a_table_filled_with_nulls_are_absent():
    empty = {"name": None, "tool_calls": None, "tool_call_id": None, "weight": None, "function_call": None}
    call = {"id": None, "type": "function", "function": {"name": "f", "arguments": {"a": 1, "b": None}}}
    schema = {"type": "object", "properties": {"a": {"type": "integer", "enum": None}, "b": None}}

    example, report = read(
        {**USER, **empty},
        {"role": "assistant", "content": None, **empty, "tool_calls": [call]},
        tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}],
        functions=None,
    )

    assert example is not None, report.findings
    assert example.messages[0] == Message("user", "hi")
    assert example.messages[1].tool_calls[0]["function"]["arguments"] == '{"a": 1}'
    assert example.tools[0]["function"]["parameters"] == {"type": "object", "properties": {"a": {"type": "integer"}}}
    assert {finding.code for finding in report.findings} == {"null_arguments", "null_parameters"}
    assert all(finding.severity == "info" and finding.message_zh for finding in report.findings)


def test_images_are_refused_with_what_to_do():
    example, report = read({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, ANSWER)

    assert example is None
    assert [(f.code, f.field) for f in report.findings] == [("not_a_text_part", "messages[0].content[0]")]
    assert "only text can be trained" in report.findings[0].message
    assert "只能训练文字" in report.findings[0].message_zh


def test_every_finding_has_a_chinese_text():
    bad: list[Any] = [
        *("hi", {"content": "x"}, {"role": "usr", "content": "x"}, {"role": "user"}, {"role": "user", "content": 3}),
        *({**USER, "weight": 1}, {**ANSWER, "weight": 2}, {**ANSWER, "tool_calls": []}, {**USER, "tool_calls": [{}]}),
        *({**ANSWER, "tool_calls": [{"function": {"name": "f", "arguments": "x"}}]}, {**ANSWER, "name": 3}),
    ]
    for message in bad:
        _, report = read(message, ANSWER, tools=[{}])
        assert all(finding.message_zh.startswith("第 5 行：") for finding in report.findings)
        assert len(report.findings) >= 2


def test_a_graded_prompt_keeps_its_other_fields_for_the_grader():
    row = {"messages": [USER], "answer": "hello", "n": 3, "tools": [{"type": "function", "function": {"name": "f"}}]}
    report = RowReport(1, 1)

    example = reinforcement.read(row, report)

    assert example is not None
    assert example.item == {"answer": "hello", "n": 3}
    assert reinforcement.write(example) == row


def test_a_graded_prompt_that_is_answered_already_is_an_error():
    report = RowReport(1, 1)

    assert reinforcement.read({"messages": [USER, ANSWER]}, report) is None
    assert [finding.code for finding in report.findings] == ["last_message_not_user"]
