"""OpenAI's chat rows: {"messages": [...], "tools"?: [...], "parallel_tool_calls"?}.

The deprecated `functions`, `function_call` and role `function` become tools, tool calls and role `tool`. A row with
`label` true or false says whether its last answer is wanted (KTO rows).
"""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import ChatExample, Example
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.messages import check_conversation, read_messages, write_messages
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.formats.tool_calls import read_tools
from tunesmith.data.origin import ORIGIN_KEY

KEYS = frozenset({"messages", "tools", "functions", "parallel_tool_calls", "tool_choice", "function_call", ORIGIN_KEY})


def matches(row: dict[str, Any]) -> bool:
    return "messages" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    label = row.get("label")
    if label is not True and label is not False:
        label = None
    if not KEYS.issuperset(row):
        report.note_unused(row if label is None else row.keys() - {"label"}, KEYS)
    if "messages" not in row:
        detail, zh = '"messages" is missing, expected a list of messages', "“messages” 缺失，应为消息的列表"
        report.error("bad_messages", detail, zh, field="messages")
        return None
    tools = read_tools(row.get("tools"), row.get("functions"), report) if len(row) > 1 else ()
    messages = read_messages(row["messages"], "messages", report, tools)
    if messages is None:
        return None
    check_conversation(messages, report)
    if report.findings and report.has_errors:
        return None
    return ChatExample(report.line, tuple(messages), tools, parallel_tool_calls(row), label)


def parallel_tool_calls(row: dict[str, Any]) -> bool | None:
    value = row.get("parallel_tool_calls")
    return value if isinstance(value, bool) else None


def write(example: Example) -> dict[str, Any]:
    """A pair becomes its better answer, a graded prompt its reference answer."""
    row: dict[str, Any] = {"messages": write_messages(lost.conversation(example))}
    if example.tools:
        row["tools"] = list(example.tools)
    if example.parallel_tool_calls is not None:
        row["parallel_tool_calls"] = example.parallel_tool_calls
    if isinstance(example, ChatExample) and example.label is not None:
        row["label"] = example.label
    return row


def losses(example: Example) -> list[str]:
    return lost.of_kind(example)
