"""Reinforcement rows: {"messages": [... ending with the user], "tools"?, and any fields that graders read}."""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import Example, PreferenceExample, ReinforcementExample
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.chat import parallel_tool_calls
from tunesmith.data.formats.messages import read_messages, write_messages
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.formats.tool_calls import read_tools

KEYS = frozenset({"messages", "tools", "functions", "parallel_tool_calls", "tool_choice", "function_call"})


def matches(row: dict[str, Any]) -> bool:
    """Whether the row is a conversation that waits for an answer; a chat row that lacks its answer is one too."""
    messages = row.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    return isinstance(last, dict) and last.get("role") in ("user", "developer", "tool")


def read(row: dict[str, Any], report: RowReport) -> ReinforcementExample | None:
    tools = read_tools(row.get("tools"), row.get("functions"), report)
    messages = read_messages(row.get("messages"), "messages", report, tools)
    if messages is not None and messages[-1].role not in ("user", "developer", "tool"):
        field = f"messages[{len(messages) - 1}].role"
        role = messages[-1].role
        detail = f"the last message is from {role}, expected the user's: the model answers it, and the answer is graded"
        zh = f"最后一条消息来自 {role}，应为 user：模型来回答，再给回答评分"
        report.error("last_message_not_user", detail, zh, field=field, message=len(messages))
    if messages is None or report.has_errors:
        return None
    item = {key: value for key, value in row.items() if key not in KEYS}
    return ReinforcementExample(report.line, tuple(messages), item, tools, parallel_tool_calls(row))


def write(example: Example) -> dict[str, Any]:
    """A conversation becomes its prompt; its answer goes to the item field `reference_answer`."""
    item: dict[str, Any]
    if isinstance(example, ReinforcementExample):
        messages, item = example.messages, example.item
    else:
        *before, answer = lost.conversation(example)
        messages, item = tuple(before), {lost.REFERENCE_ANSWER: answer.content}
    row: dict[str, Any] = {"messages": write_messages(messages)}
    if example.tools:
        row["tools"] = list(example.tools)
    if example.parallel_tool_calls is not None:
        row["parallel_tool_calls"] = example.parallel_tool_calls
    return {**row, **item}


def losses(example: Example) -> list[str]:
    if isinstance(example, ReinforcementExample):
        return []
    *before, answer = lost.conversation(example)
    codes = [lost.WORSE_ANSWER] if isinstance(example, PreferenceExample) else []
    if answer.tool_calls or answer.content is None:
        codes.append(lost.NO_TEXT_ANSWER)
    if not before or before[-1].role not in ("user", "developer", "tool"):
        codes.append(lost.NO_QUESTION)
    if answer.weight == 0:
        codes.append(lost.UNWANTED_ANSWER)
    elif answer.weight is not None:
        codes.append(lost.WEIGHTS)
    if answer.name is not None:
        codes.append(lost.NAMES)
    return codes + lost.of_label(example)
