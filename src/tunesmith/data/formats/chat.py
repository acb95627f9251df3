"""OpenAI's chat rows: {"messages": [...], "tools"?: [...], "parallel_tool_calls"?}.

The deprecated `functions`, `function_call` and role `function` become tools, tool calls and role `tool`.
"""

from __future__ import annotations

import json
from typing import Any

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.formats.row_report import RowReport, did_you_mean, kind, shown

ROLES = ("system", "developer", "user", "assistant", "tool")
KEYS = frozenset({"messages", "tools", "functions", "parallel_tool_calls", "tool_choice", "function_call"})
MESSAGE_KEYS = frozenset(
    {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal"}
)

# Other projects' names for the two speakers.
_OTHER_NAMES = {"human": "user", "bot": "assistant", "gpt": "assistant", "ai": "assistant", "model": "assistant"}


def matches(row: dict[str, Any]) -> bool:
    return "messages" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    report.note_unused(row, KEYS)
    raw_messages = row.get("messages")
    if not isinstance(raw_messages, list) or not raw_messages:
        found = "missing" if "messages" not in row else "empty" if raw_messages == [] else kind(raw_messages)
        report.error("bad_messages", f'"messages" is {found}, expected a list of messages', field="messages")
        return None
    messages = [_read_message(message, index, report) for index, message in enumerate(raw_messages)]
    tools = _read_tools(row.get("tools"), row.get("functions"), report)
    present = [message for message in messages if message is not None]
    if len(present) == len(messages):
        _check_conversation(present, report)
    if report.has_errors:
        return None
    return ChatExample(report.line, tuple(_link_function_results(present)), tools)


def _read_message(raw: Any, index: int, report: RowReport) -> Message | None:
    place = f"messages[{index}]"
    if not isinstance(raw, dict):
        report.error("bad_message", f"{place} is {kind(raw)}, expected an object", field=place, message=index + 1)
        return None
    report.note_unused(raw, MESSAGE_KEYS)
    role = _read_role(raw, place, index, report)
    if role is None:
        return None
    calls = _read_calls(raw, role, place, index, report)
    content = _read_content(raw, role, bool(calls), place, index, report)
    return Message(
        role=role,
        content=content,
        name=_read_optional_text(raw, "name", place, index, report),
        tool_calls=tuple(calls),
        tool_call_id=_read_optional_text(raw, "tool_call_id", place, index, report),
        weight=_read_weight(raw, role, place, index, report),
    )


def _read_role(raw: dict[str, Any], place: str, index: int, report: RowReport) -> str | None:
    field = f"{place}.role"
    role = raw.get("role")
    if "role" not in raw:
        key = next((key for key in raw if did_you_mean(key, ["role"])), None)
        instead = f' (found "{key}")' if key else ""
        detail = f"{place} has no role{instead}; expected one of {', '.join(ROLES)}"
        wording = "Discriminator 'role' is missing in value"
        report.error("missing_role", detail, field=field, message=index + 1, wording=wording)
        return None
    if role == "function":
        return "tool"
    if isinstance(role, str) and role in ROLES:
        return role
    hint = ""
    if isinstance(role, str):
        meant = _OTHER_NAMES.get(role.lower())
        hint = f'; did you mean "{meant}"?' if meant else did_you_mean(role, ROLES)
    detail = f"role {shown(role)} is not one of {', '.join(ROLES)}{hint}"
    report.error("unknown_role", detail, field=field, message=index + 1)
    return None


def _read_content(
    raw: dict[str, Any], role: str, has_calls: bool, place: str, index: int, report: RowReport
) -> str | None:
    field = f"{place}.content"
    content = raw.get("content")
    if content is None:
        if isinstance(raw.get("refusal"), str):
            return str(raw["refusal"])
        if not has_calls and "tool_calls" not in raw and "function_call" not in raw:
            found = "null" if "content" in raw else "missing"
            detail = f"{place} ({role}) has no text: content is {found}, expected a string"
            report.error("missing_content", detail, field=field, message=index + 1)
        return None
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return _join_parts(content, field, index, report)
    detail = f"content of {place} is {kind(content)}, expected a string or a list of text parts"
    report.error("bad_content", detail, field=field, message=index + 1)
    return None


def _join_parts(parts: list[Any], field: str, index: int, report: RowReport) -> str:
    texts: list[str] = []
    for number, part in enumerate(parts):
        place = f"{field}[{number}]"
        part_type = part.get("type") if isinstance(part, dict) else None
        text = part.get("refusal" if part_type == "refusal" else "text") if isinstance(part, dict) else part
        if part_type in (None, "text", "refusal") and isinstance(text, str):
            texts.append(text)
        elif part_type in ("image_url", "image", "input_audio", "audio", "file", "video"):
            detail = f"{place} is {shown(part_type)}; only text can be trained: leave the part or the row out"
            report.error("not_a_text_part", detail, field=place, message=index + 1)
        else:
            detail = f'{place} is {shown(part)}, expected {{"type": "text", "text": "..."}}'
            report.error("bad_content", detail, field=place, message=index + 1)
    return "".join(texts)


def _read_optional_text(raw: dict[str, Any], key: str, place: str, index: int, report: RowReport) -> str | None:
    value = raw.get(key)
    if value is None or isinstance(value, str):
        return value
    report.error(
        "not_text", f"{place}.{key} is {kind(value)}, expected a string", field=f"{place}.{key}", message=index + 1
    )
    return None


def _read_weight(raw: dict[str, Any], role: str, place: str, index: int, report: RowReport) -> float | None:
    weight = raw.get("weight")
    if weight is None:
        return None
    field = f"{place}.weight"
    if role != "assistant":
        detail = f"{field} is set on a {role} message; only assistant messages are trained and carry a weight"
        report.error("bad_weight", detail, field=field, message=index + 1)
    elif isinstance(weight, bool) or weight not in (0, 1):
        detail = f"{field} is {shown(weight)}, expected 0 (not trained) or 1 (trained)"
        report.error("bad_weight", detail, field=field, message=index + 1)
    else:
        return float(weight)
    return None


def _read_calls(raw: dict[str, Any], role: str, place: str, index: int, report: RowReport) -> list[dict[str, Any]]:
    calls = raw.get("tool_calls")
    key = "tool_calls"
    if calls is None and raw.get("function_call") is not None:
        key = "function_call"
        calls = [{"id": _function_call_id(index), "type": "function", "function": raw["function_call"]}]
    if calls is None:
        return []
    field = f"{place}.{key}"
    if role != "assistant":
        report.error("bad_tool_calls", f"{field} is on a {role} message; only the assistant calls tools", field=field)
        return []
    if not isinstance(calls, list) or not calls:
        found = "an empty list" if calls == [] else kind(calls)
        report.error("bad_tool_calls", f"{field} is {found}, expected a list of calls", field=field, message=index + 1)
        return []
    read = [_read_call(call, f"{field}[{n}]", index, n, report) for n, call in enumerate(calls)]
    return [call for call in read if call is not None]


def _read_call(call: Any, place: str, index: int, number: int, report: RowReport) -> dict[str, Any] | None:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        expected = '{"id", "type": "function", "function": {"name": "...", "arguments": "{...}"}}'
        report.error(
            "bad_tool_calls", f"{place} names no function; expected {expected}", field=place, message=index + 1
        )
        return None
    if call.get("type", "function") != "function":
        detail = f'{place}.type is {shown(call["type"])}, expected "function"'
        report.error("bad_tool_calls", detail, field=f"{place}.type", message=index + 1)
        return None
    arguments = function.get("arguments", "{}")
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments, ensure_ascii=False)
    elif not isinstance(arguments, str) or not _is_json_object(arguments):
        field = f"{place}.function.arguments"
        detail = f"{field} is {shown(arguments)}, expected the JSON text of an object"
        report.error("bad_tool_calls", detail, field=field, message=index + 1)
        return None
    call_id = call.get("id") or f"{_function_call_id(index)}_{number}"
    return {"id": str(call_id), "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:  # the caller words the error, with its place
        return False


def _function_call_id(index: int) -> str:
    return f"call_{index}"


def _read_tools(tools: Any, functions: Any, report: RowReport) -> tuple[dict[str, Any], ...]:
    key = "tools"
    if tools is None and functions is not None:
        key = "functions"
        tools = [{"type": "function", "function": f} for f in functions] if isinstance(functions, list) else functions
    if tools is None:
        return ()
    if not isinstance(tools, list):
        report.error("bad_tools", f'"{key}" is {kind(tools)}, expected a list', field=key)
        return ()
    for index, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            place = f"{key}[{index}]"
            expected = '{"type": "function", "function": {"name": "...", "parameters": {...}}}'
            report.error("bad_tools", f"{place} describes no function; expected {expected}", field=place)
    return tuple(tool for tool in tools if isinstance(tool, dict))


def _check_conversation(messages: list[Message], report: RowReport) -> None:
    answers = [message for message in messages if message.role == "assistant"]
    last = len(messages)
    if not answers:
        report.error("no_assistant_message", "no assistant message: there is nothing to learn", field="messages")
    elif messages[-1].role != "assistant":
        detail = f"the last message is from {messages[-1].role}, expected the assistant's answer"
        report.error("last_message_not_assistant", detail, field=f"messages[{last - 1}].role", message=last)
    elif all(answer.weight == 0 for answer in answers):
        detail = "every assistant message has weight 0: no trained token is left; give one weight 1"
        report.error("no_trained_tokens", detail, field="messages")
    for index, message in enumerate(messages):
        if message.role == "assistant" and not message.tool_calls and not (message.content or "").strip():
            report.warn("empty_answer", f"messages[{index}] says nothing", field=f"messages[{index}].content")


def _link_function_results(messages: list[Message]) -> list[Message]:
    """Give a tool message without `tool_call_id` (the deprecated role `function` has none) the call before it."""
    linked: list[Message] = []
    open_calls: list[str] = []
    for message in messages:
        if message.tool_calls:
            open_calls = [call["id"] for call in message.tool_calls]
        if message.role == "tool":
            call_id = message.tool_call_id or (open_calls[0] if open_calls else None)
            if call_id in open_calls:
                open_calls.remove(call_id)
            message = Message("tool", message.content, name=message.name, tool_call_id=call_id)
        linked.append(message)
    return linked
