from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lint_rows import codes, finding, good_rows, lint_rows, mended

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ASKED = {"role": "user", "content": "What is the weather in Paris?"}
ANSWER = {"role": "assistant", "content": "It is sunny in Paris."}


def call(arguments: Any = '{"city": "Paris"}', name: str = "get_weather") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}


def result(call_id: str = "call_1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "sunny"}


def row(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": list(messages), "tools": [TOOL]}


def test_a_whole_tool_conversation_and_one_that_ends_with_the_call_are_fine(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, call(), result(), ANSWER), row(ASKED, call())])
    assert not any("tool" in code or "argument" in code or "answer" in code for code in codes(report)), codes(report)


def test_a_call_without_its_result_is_found(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, call(), ANSWER)])
    assert finding(report, "tool_call_without_result").rows == (13,)


def test_a_result_without_a_call_is_found(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, result("call_9"), ANSWER)])
    assert finding(report, "tool_result_without_call").rows == (13,)


def test_an_unknown_tool_and_strange_arguments_are_found(tmp_path: Path) -> None:
    rows = [row(ASKED, call(name="get_wether")), row(ASKED, call('{"town": "Paris"}')), row(ASKED, call("{}"))]
    report = lint_rows(tmp_path, [*good_rows(), *rows])
    assert finding(report, "unknown_tool").rows == (13,)
    assert finding(report, "arguments_not_in_schema").rows == (14, 15)


def test_arguments_as_an_object_are_read_and_written_as_text(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, call({"city": "Paris"}))])
    found = finding(report, "arguments_as_object")
    assert (found.severity, found.fix) == ("info", "mend_tool_arguments")
    assert mended(report)[12] == row(ASKED, call('{"city": "Paris"}'))


@pytest.mark.parametrize("as_text", [True, False])
def test_nulls_of_other_tools_are_dropped(tmp_path: Path, as_text: bool) -> None:
    arguments: Any = {"city": "Paris", "stock": None, "date": None}
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, call(json.dumps(arguments) if as_text else arguments))])
    assert finding(report, "null_arguments").rows == (13,)
    assert mended(report)[12] == row(ASKED, call('{"city": "Paris"}'))


@pytest.mark.parametrize(("broken", "right"), [("{'city': 'Paris'}", '{"city": "Paris"}'), ("", "{}"), (None, "{}")])
def test_malformed_arguments_are_an_error_and_mended_where_their_meaning_is_plain(
    tmp_path: Path, broken: Any, right: str
) -> None:
    report = lint_rows(tmp_path, [*good_rows(), row(ASKED, call(broken))])
    found = finding(report, "bad_tool_calls")
    assert (found.severity, found.rows, found.fix) == ("error", (13,), "mend_tool_arguments")
    assert mended(report)[12] == row(ASKED, call(right))


def test_arguments_in_the_old_spelling_are_mended_at_once_too(tmp_path: Path) -> None:
    asked = {
        "role": "assistant",
        "content": None,
        "function_call": {"name": "get_weather", "arguments": '{"city": 1,}'},
    }
    old = {"messages": [ASKED, asked], "functions": [TOOL["function"]]}
    report = lint_rows(tmp_path, [*good_rows(), old])
    assert finding(report, "bad_tool_calls").fix == "mend_tool_arguments"
    assert "unusable_rows" not in codes(report)
    made = mended(report)
    assert made[12]["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"city": 1}'
    assert mended(lint_rows(tmp_path, made)) == made


def test_arguments_that_nobody_can_read_are_left_to_the_user(tmp_path: Path) -> None:
    broken = row(ASKED, call('{"city": "Pa'))
    report = lint_rows(tmp_path, [*good_rows(), broken])
    assert finding(report, "bad_tool_calls").fix is None
    assert mended(report)[12] == broken
