"""ShareGPT rows, as people have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tunesmith.data.examples import Message
from tunesmith.data.formats import sharegpt
from tunesmith.data.formats.row_report import RowReport

TOOL = {"name": "查天气", "description": "天气", "parameters": {"type": "object", "properties": {"城市": {}}}}


def turn(speaker: str, value: Any) -> dict[str, Any]:
    return {"from": speaker, "value": value}


def read(*turns: Any, **more: Any) -> Any:
    report = RowReport(3, 1)
    example = sharegpt.read({"conversations": list(turns), **more}, report)
    assert example is not None, report.findings
    return example


def refusal(*turns: Any, **more: Any) -> list[tuple[str, str | None, str, str]]:
    report = RowReport(3, 1)
    assert sharegpt.read({"conversations": list(turns), **more}, report) is None
    return [(finding.code, finding.field, finding.message, finding.message_zh) for finding in report.findings]


@pytest.mark.parametrize("asker", ["human", "user", "Human"])
@pytest.mark.parametrize("answerer", ["gpt", "assistant", "bot", "chatgpt", "model"])
def test_speakers_have_many_names(asker, answerer):
    assert read(turn(asker, "hi"), turn(answerer, "hello")).messages == (
        Message("user", "hi"),
        Message("assistant", "hello"),
    )


def test_turns_may_be_spelled_as_messages_are():
    example = read({"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"})

    assert [message.content for message in example.messages] == ["hi", "hello"]


def test_the_system_prompt_stands_beside_the_turns_or_among_them():
    beside = read(turn("human", "hi"), turn("gpt", "hello"), system="Be brief.")
    among = read(turn("system", "Be brief."), turn("human", "hi"), turn("gpt", "hello"))

    assert beside == among
    assert beside.messages[0] == Message("system", "Be brief.")


@pytest.mark.parametrize(
    "tools", [[TOOL], json.dumps([TOOL], ensure_ascii=False), [{"type": "function", "function": TOOL}]]
)
def test_tools_may_be_a_list_or_json_text(tools):
    example = read(
        turn("human", "上海天气？"),
        turn("function_call", '{"name": "查天气", "arguments": {"城市": "上海"}}'),
        turn("observation", '{"温度": 20}'),
        turn("gpt", "20 度。"),
        tools=tools,
    )

    assert example.tools == ({"type": "function", "function": TOOL},)
    call = example.messages[1].tool_calls[0]
    assert call["function"] == {"name": "查天气", "arguments": '{"城市": "上海"}'}
    assert example.messages[2] == Message("tool", '{"温度": 20}', tool_call_id=call["id"])


def test_several_calls_get_their_results_in_order():
    calls = json.dumps([{"name": "f", "arguments": {"n": n}} for n in range(2)])

    example = read(
        *(
            turn("human", "?"),
            turn("function_call", calls),
            turn("observation", "0"),
            turn("tool", "1"),
            turn("gpt", "!"),
        )
    )

    ids = [call["id"] for call in example.messages[1].tool_calls]
    assert len(set(ids)) == 2
    assert [message.tool_call_id for message in example.messages[2:4]] == ids


def test_arguments_of_several_tools_merged_with_nulls_lose_the_nulls():
    tools = [
        {"name": "f", "parameters": {"properties": {"city": {}, "note": {"type": ["string", "null"]}}}},
        {"name": "g", "parameters": {"properties": {"order": {}}}},
    ]
    merged = {"name": "f", "arguments": {"city": "Rome", "order": None, "note": None}}
    report = RowReport(3, 1)

    example = sharegpt.read(
        {"conversations": [turn("human", "?"), turn("function_call", json.dumps(merged))], "tools": tools}, report
    )

    assert example is not None
    arguments = example.messages[-1].tool_calls[0]["function"]["arguments"]
    assert json.loads(arguments) == {"city": "Rome", "note": None}
    assert [(f.code, f.severity) for f in report.findings] == [("null_arguments", "info")]


@pytest.mark.parametrize(
    ("turns", "code", "field", "text", "zh"),
    [
        (
            [turn("humn", "hi"), turn("gpt", "x")],
            "unknown_role",
            "conversations[0].from",
            'mean "human"?',
            "是否想写 “human”",
        ),
        ([{"value": "hi"}, turn("gpt", "x")], "missing_role", "conversations[0].from", 'has no "from"', "没有 “from”"),
        ([turn("human", 3), turn("gpt", "x")], "not_text", "conversations[0].value", "is a number", "是数字"),
        ([turn("human", "hi")], "no_assistant_message", "conversations", "nothing to learn", "没有可学的内容"),
        (
            [turn("human", "hi"), turn("gpt", "x"), turn("human", "bye")],
            "last_message_not_assistant",
            "conversations[2].from",
            "from user",
            "来自 user",
        ),
        (
            [turn("human", "hi"), turn("function_call", "f(x)")],
            "bad_tool_calls",
            "conversations[1].value",
            "expected",
            "应为",
        ),
        (["hi"], "bad_message", "conversations[0]", "is a string", "是字符串"),
        ([], "bad_messages", "conversations", "is empty", "是空"),
    ],
)
def test_a_bad_turn_is_named_in_both_languages(turns, code, field, text, zh):
    found = refusal(*turns)

    assert [(one[0], one[1]) for one in found] == [(code, field)]
    assert text in found[0][2]
    assert found[0][2].startswith("line 3: ")
    assert zh in found[0][3]
    assert found[0][3].startswith("第 3 行：")


def test_odd_turns_are_read_and_left_to_the_checks():
    assert len(read(turn("gpt", "Welcome."), turn("gpt", "How can I help?")).messages) == 2


def test_turns_may_be_called_messages_and_messages_conversations():
    report = RowReport(1, 1)
    turns = {"messages": [turn("human", "hi"), turn("gpt", "hello")]}
    assert sharegpt.matches(turns)
    assert sharegpt.read(turns, report) == sharegpt.read({"conversations": turns["messages"]}, report)

    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    example = read({"role": "user", "content": "?"}, {"role": "assistant", "content": None, "tool_calls": [call]})
    assert example.messages[1].tool_calls == (call,)
    assert report.unused_keys == []
