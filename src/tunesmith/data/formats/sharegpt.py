"""ShareGPT rows: {"conversations": [{"from", "value"}, ...], "system"?, "tools"?}.

Some files call the list "messages", or write its turns as OpenAI's messages; both are read.
`from` is human, gpt, system, function_call or observation (and what other projects call them); a function_call holds
the JSON text of {"name", "arguments"} or of a list of them. `tools` is JSON text or a list.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from tunesmith.data.examples import ChatExample, Example, Message
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.chat import parallel_tool_calls
from tunesmith.data.formats.messages import ROLES, calls_of, check_conversation, read_messages
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh, nearest, shown
from tunesmith.data.formats.tool_calls import parse_json, read_tools
from tunesmith.data.origin import ORIGIN_KEY

KEYS = frozenset({"conversations", "system", "tools", "parallel_tool_calls", ORIGIN_KEY})

ROLES_OF_SPEAKERS = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "system": "system",
    "function_call": "function_call",
    "tool_call": "function_call",
    "observation": "tool",
    "tool": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
SPEAKERS = ("human", "gpt", "system", "function_call", "observation")
_WRITTEN = {"user": "human", "assistant": "gpt", "system": "system", "developer": "system", "tool": "observation"}

Tools = tuple[dict[str, Any], ...]


def matches(row: dict[str, Any]) -> bool:
    return "conversations" in row or _has_turns(row.get("messages"))


def _has_turns(messages: Any) -> bool:
    first = messages[0] if isinstance(messages, list) and messages else None
    return isinstance(first, dict) and "from" in first and "role" not in first


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    label = row.get("label")
    if label is not True and label is not False:
        label = None
    key = "conversations" if "conversations" in row else "messages"
    used = KEYS if key in KEYS else KEYS | {key}
    if not used.issuperset(row):
        report.note_unused(row if label is None else row.keys() - {"label"}, used)
    tools = read_tools(row.get("tools"), None, report, bare=True)
    turns = row.get(key)
    messages = (read_messages if _are_messages(turns) else read_turns)(turns, key, report, tools)
    if messages is None:
        return None
    messages = with_system(row.get("system"), messages, report)
    check_conversation(messages, report, key, "from")
    if report.findings and report.has_errors:
        return None
    return ChatExample(report.line, tuple(messages), tools, parallel_tool_calls(row), label)


def _are_messages(turns: Any) -> bool:
    return isinstance(turns, list) and all(isinstance(turn, dict) and turn.get("role") in ROLES for turn in turns)


def with_system(system: Any, messages: list[Message], report: RowReport) -> list[Message]:
    """The messages after the system prompt that the row holds beside them, if it does."""
    if system is None or system == "":
        return messages
    if isinstance(system, str):
        return [Message("system", system), *messages]
    detail, zh = f'"system" is {kind(system)}, expected a string', f"“system” 是{kind_zh(system)}，应为字符串"
    report.error("not_text", detail, zh, field="system")
    return messages


def read_turns(turns: Any, place: str, report: RowReport, tools: Tools = ()) -> list[Message] | None:
    """The messages of the list at `place`; None after saying in `report` what is wrong with them."""
    if not isinstance(turns, list) or not turns:
        found, found_zh = ("empty", "空") if turns == [] else (kind(turns), kind_zh(turns))
        detail, zh = f'"{place}" is {found}, expected a list of turns', f"“{place}” 是{found_zh}，应为对话轮次的列表"
        report.error("bad_messages", detail, zh, field=place)
        return None
    messages: list[Message] = []
    open_calls: list[str] = []
    is_bad = False
    for index, turn in enumerate(turns):
        if report.findings and report.is_full:
            return None
        field = f"{place}[{index}]"
        role = _read_speaker(turn, field, index, report)
        if role is None:
            is_bad = True
            continue
        value = turn.get("value", turn.get("content", turn.get("text")))
        if role == "function_call":
            calls = _read_calls(value, field, index, report, tools)
            is_bad = is_bad or not calls
            open_calls = [call["id"] for call in calls]
            before = messages[-1] if messages else None
            if before and before.role == "assistant" and not before.tool_calls:
                messages[-1] = Message("assistant", before.content, tool_calls=tuple(calls))
            else:
                messages.append(Message("assistant", None, tool_calls=tuple(calls)))
        elif not isinstance(value, str):
            found, found_zh = (kind(value), kind_zh(value)) if "value" in turn else ("missing", "缺失")
            detail, zh = f"value of {field} is {found}, expected a string", f"{field} 的 value 是{found_zh}，应为字符串"
            report.error("not_text", detail, zh, field=f"{field}.value", message=index + 1)
            is_bad = True
        elif role == "tool":
            messages.append(Message("tool", value, tool_call_id=open_calls.pop(0) if open_calls else None))
        else:
            messages.append(Message(role, value))
    return None if is_bad else messages


def meant_speaker(speaker: str) -> str | None:
    """The name that a speaker goes by here: itself, or the one of which it is a typing error."""
    plain = speaker.strip().lower()
    return plain if plain in ROLES_OF_SPEAKERS else nearest(plain, ROLES_OF_SPEAKERS)


def _read_speaker(turn: Any, field: str, index: int, report: RowReport) -> str | None:
    if not isinstance(turn, dict):
        detail, zh = f"{field} is {kind(turn)}, expected an object", f"{field} 是{kind_zh(turn)}，应为对象"
        report.error("bad_message", detail, zh, field=field, message=index + 1)
        return None
    speaker = turn.get("from", turn.get("role"))
    role = ROLES_OF_SPEAKERS.get(speaker.lower()) if isinstance(speaker, str) else None
    if role is not None:
        return role
    known = ", ".join(SPEAKERS)
    if speaker is None:
        detail, zh = f'{field} has no "from"; expected one of {known}', f"{field} 没有 “from”；应为 {known} 之一"
        report.error("missing_role", detail, zh, field=f"{field}.from", message=index + 1)
        return None
    meant = meant_speaker(speaker) if isinstance(speaker, str) else None
    hint, hint_zh = (f'; did you mean "{meant}"?', f"；是否想写 “{meant}”？") if meant else ("", "")
    detail = f"from {shown(speaker)} is not one of {known}{hint}"
    zh = f"from {shown(speaker)} 不是 {known} 之一{hint_zh}"
    report.error("unknown_role", detail, zh, field=f"{field}.from", message=index + 1)
    return None


def _read_calls(value: Any, field: str, index: int, report: RowReport, tools: Tools) -> list[dict[str, Any]]:
    found = parse_json(value) if isinstance(value, str) else value
    return calls_of(found if isinstance(found, list) else [found], f"{field}.value", index, report, tools)


def write(example: Example) -> dict[str, Any]:
    messages = lost.conversation(example)
    row: dict[str, Any] = {}
    if messages and messages[0].role in ("system", "developer") and messages[0].content:
        row["system"] = messages[0].content
        messages = messages[1:]
    row = {"conversations": write_turns(messages), **row}
    if example.tools:
        row["tools"] = json.dumps([_bare(tool) for tool in example.tools], ensure_ascii=False)
    if example.parallel_tool_calls is not None:
        row["parallel_tool_calls"] = example.parallel_tool_calls
    if isinstance(example, ChatExample) and example.label is not None:
        row["label"] = example.label
    return row


def write_turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.content is not None:
            turns.append({"from": _WRITTEN[message.role], "value": message.content})
        if message.tool_calls:
            calls = [_written_call(call) for call in message.tool_calls]
            value = calls[0] if len(calls) == 1 else calls
            turns.append({"from": "function_call", "value": json.dumps(value, ensure_ascii=False)})
    return turns


def _written_call(call: dict[str, Any]) -> dict[str, Any]:
    """Arguments as an object, or as their text where that text would come back otherwise."""
    name, text = call["function"]["name"], call["function"]["arguments"]
    arguments = json.loads(text)
    is_same = None not in arguments.values() and json.dumps(arguments, ensure_ascii=False) == text
    return {"name": name, "arguments": arguments if is_same else text}


def _bare(tool: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = tool["function"]
    return function if tool.keys() == {"type", "function"} and "function" not in function else tool


def losses(example: Example) -> list[str]:
    if lost.NO_ANSWER in (codes := lost.of_kind(example)):
        return codes
    messages = lost.conversation(example)
    if any(message.role == "developer" for message in messages):
        codes.append(lost.DEVELOPER_ROLE)
    pairs = itertools.pairwise(messages)
    if any(
        one.role == "assistant" and not one.tool_calls and two.tool_calls and two.content is None for one, two in pairs
    ):
        codes.append(lost.MESSAGES_JOINED)
    if _has_other_ids(messages):
        codes.append(lost.CALL_IDS)
    marks = lost.of_marks(example, messages)
    return codes + [code for code in marks if code != lost.PARALLEL_TOOL_CALLS]


def _has_other_ids(messages: tuple[Message, ...]) -> bool:
    """Whether reading the written turns would give calls and their results other ids."""
    row = write(ChatExample(0, messages))
    read_back = read_turns(row["conversations"], "conversations", RowReport(0, 0))
    given = [_ids(message) for message in messages if message.tool_calls or message.role == "tool"]
    again = [_ids(message) for message in read_back or () if message.tool_calls or message.role == "tool"]
    return given != again


def _ids(message: Message) -> list[str | None]:
    return [call["id"] for call in message.tool_calls] or [message.tool_call_id]
