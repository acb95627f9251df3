"""OpenAI's messages, read into ours and written back; several formats hold them under different keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunesmith.data.examples import Message
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh, nearest, shown
from tunesmith.data.formats.tool_calls import call_id, parse_json, read_arguments, read_calls

ROLES = ("system", "developer", "user", "assistant", "tool")
KEYS = frozenset({"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal"})

# Other projects' names for the two speakers.
OTHER_NAMES = {"human": "user", "bot": "assistant", "gpt": "assistant", "ai": "assistant", "model": "assistant"}

_PLAIN_ROLES = ("user", "assistant", "system", "developer")
_NOT_TEXT = ("image_url", "image", "input_image", "input_audio", "audio", "file", "video", "video_url")

Tools = tuple[dict[str, Any], ...]


def read_messages(raw_messages: Any, place: str, report: RowReport, tools: Tools = ()) -> list[Message] | None:
    """The messages of the list at `place`; None after saying in `report` what is wrong with them."""
    if not isinstance(raw_messages, list) or not raw_messages:
        found, found_zh = ("empty", "空") if raw_messages == [] else (kind(raw_messages), kind_zh(raw_messages))
        detail, zh = f'"{place}" is {found}, expected a list of messages', f"“{place}” 是{found_zh}，应为消息的列表"
        report.error("bad_messages", detail, zh, field=place)
        return None
    messages: list[Message] = []
    has_tools = False
    for index, raw in enumerate(raw_messages):
        # nearly all messages are these two keys
        if type(raw) is dict and len(raw) == 2 and type(content := raw.get("content")) is str:
            role = raw.get("role")
            if role in _PLAIN_ROLES:
                messages.append(Message(role, content))
                continue
        if report.findings and report.is_full:
            return None
        message = _read_message(raw, index, f"{place}[{index}]", report, tools)
        if message is not None:
            messages.append(message)
            has_tools = has_tools or message.role == "tool"
    if len(messages) < len(raw_messages):
        return None
    return _link_results(messages) if has_tools else messages


def _read_message(raw: Any, index: int, place: str, report: RowReport, tools: Tools) -> Message | None:
    if not isinstance(raw, dict):
        detail, zh = f"{place} is {kind(raw)}, expected an object", f"{place} 是{kind_zh(raw)}，应为对象"
        report.error("bad_message", detail, zh, field=place, message=index + 1)
        return None
    if not KEYS.issuperset(raw):
        report.note_unused(raw, KEYS)
    role = _read_role(raw, place, index, report)
    if role is None:
        return None
    calls = _read_calls(raw, role, place, index, report, tools)
    return Message(
        role=role,
        content=_read_content(raw, role, bool(calls), place, index, report),
        name=_read_optional_text(raw, "name", place, index, report),
        tool_calls=tuple(calls),
        tool_call_id=_read_optional_text(raw, "tool_call_id", place, index, report),
        weight=_read_weight(raw, role, place, index, report),
    )


def _read_role(raw: dict[str, Any], place: str, index: int, report: RowReport) -> str | None:
    field = f"{place}.role"
    roles = ", ".join(ROLES)
    role = raw.get("role")
    if "role" not in raw:
        key = next((key for key in raw if nearest(key, ["role"])), None)
        instead, instead_zh = (f' (found "{key}")', f"（有 “{key}”）") if key else ("", "")
        detail = f"{place} has no role{instead}; expected one of {roles}"
        zh = f"{place} 没有 role{instead_zh}；应为 {roles} 之一"
        wording = "Discriminator 'role' is missing in value"
        report.error("missing_role", detail, zh, field=field, message=index + 1, wording=wording)
        return None
    if role == "function":
        return "tool"
    if isinstance(role, str) and role in ROLES:
        return role
    meant = OTHER_NAMES.get(role.lower()) or nearest(role, ROLES) if isinstance(role, str) else None
    hint, hint_zh = (f'; did you mean "{meant}"?', f"；是否想写 “{meant}”？") if meant else ("", "")
    detail, zh = f"role {shown(role)} is not one of {roles}{hint}", f"role {shown(role)} 不是 {roles} 之一{hint_zh}"
    report.error("unknown_role", detail, zh, field=field, message=index + 1)
    return None


def _read_content(
    raw: dict[str, Any], role: str, has_calls: bool, place: str, index: int, report: RowReport
) -> str | None:
    field = f"{place}.content"
    content = raw.get("content")
    if content is None:
        if isinstance(raw.get("refusal"), str):
            return str(raw["refusal"])
        if not has_calls and raw.get("tool_calls") is None and raw.get("function_call") is None:
            found, found_zh = ("null", "null") if "content" in raw else ("missing", "缺失的")
            detail = f"{place} ({role}) has no text: content is {found}, expected a string"
            zh = f"{place}（{role}）没有文字：content 是{found_zh}，应为字符串"
            report.error("missing_content", detail, zh, field=field, message=index + 1)
        return None
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return _join_parts(content, role, field, index, report)
    detail = f"content of {place} is {kind(content)}, expected a string or a list of text parts"
    zh = f"{place} 的 content 是{kind_zh(content)}，应为字符串或文字部分的列表"
    report.error("bad_content", detail, zh, field=field, message=index + 1)
    return None


def _join_parts(parts: list[Any], role: str, field: str, index: int, report: RowReport) -> str | None:
    """The text of all parts. A part of type reasoning becomes the <think> block that chat templates know."""
    texts: list[str] = []
    has_calls = False
    for number, part in enumerate(parts):
        place = f"{field}[{number}]"
        part_type = part.get("type") if isinstance(part, dict) else None
        text = _part_text(part, part_type)
        if part_type in (None, "text", "refusal", "input_text", "output_text") and isinstance(text, str):
            texts.append(text)
        elif part_type == "reasoning" and role == "assistant" and isinstance(text, str):
            texts.append(f"<think>\n{text}\n</think>\n\n")
        elif part_type == "tool_call" and role == "assistant":
            has_calls = True
        elif part_type in _NOT_TEXT:
            detail = f"{place} is {shown(part_type)}; only text can be trained: leave the part or the row out"
            zh = f"{place} 是 {shown(part_type)}；只能训练文字：请去掉这一部分或这一行"
            report.error("not_a_text_part", detail, zh, field=place, message=index + 1)
        else:
            expected = '{"type": "text", "text": "..."}'
            detail, zh = f"{place} is {shown(part)}, expected {expected}", f"{place} 是 {shown(part)}，应为 {expected}"
            report.error("bad_content", detail, zh, field=place, message=index + 1)
    return "".join(texts) if texts or not has_calls else None


def _part_text(part: Any, part_type: Any) -> Any:
    if not isinstance(part, dict):
        return part
    key = "refusal" if part_type == "refusal" else "text"
    return part.get(key, part.get("value"))


def _read_optional_text(raw: dict[str, Any], key: str, place: str, index: int, report: RowReport) -> str | None:
    value = raw.get(key)
    if value is None or isinstance(value, str):
        return value
    field = f"{place}.{key}"
    detail, zh = f"{field} is {kind(value)}, expected a string", f"{field} 是{kind_zh(value)}，应为字符串"
    report.error("not_text", detail, zh, field=field, message=index + 1)
    return None


def _read_weight(raw: dict[str, Any], role: str, place: str, index: int, report: RowReport) -> float | None:
    weight = raw.get("weight")
    if weight is None:
        return None
    field = f"{place}.weight"
    if role != "assistant":
        detail = f"{field} is set on a {role} message; only assistant messages are trained and carry a weight"
        zh = f"{field} 写在 {role} 消息上；只有 assistant 消息会被训练，才有 weight"
        report.error("bad_weight", detail, zh, field=field, message=index + 1)
    elif isinstance(weight, bool) or weight not in (0, 1):
        detail = f"{field} is {shown(weight)}, expected 0 (not trained) or 1 (trained)"
        zh = f"{field} 是 {shown(weight)}，应为 0（不训练）或 1（训练）"
        report.error("bad_weight", detail, zh, field=field, message=index + 1)
    else:
        return float(weight)
    return None


def _read_calls(
    raw: dict[str, Any], role: str, place: str, index: int, report: RowReport, tools: Tools
) -> list[dict[str, Any]]:
    calls, function_call = raw.get("tool_calls"), raw.get("function_call")
    if calls is None and function_call is None:
        return _calls_in_parts(raw, role, place, index, report, tools)
    if role != "assistant":
        field = f"{place}.{'function_call' if calls is None else 'tool_calls'}"
        detail, zh = (
            f"{field} is on a {role} message; only the assistant calls tools",
            f"{field} 写在 {role} 消息上；只有 assistant 会调用工具",
        )
        report.error("bad_tool_calls", detail, zh, field=field)
        return []
    return read_calls(calls, function_call, place, index, report, tools)


def _calls_in_parts(
    raw: dict[str, Any], role: str, place: str, index: int, report: RowReport, tools: Tools
) -> list[dict[str, Any]]:
    """Calls that stand among the parts of the content: {"type": "tool_call", "value": JSON text of the call}."""
    parts = raw.get("content")
    if role != "assistant" or not isinstance(parts, list):
        return []
    texts = [part.get("value") for part in parts if isinstance(part, dict) and part.get("type") == "tool_call"]
    found = [parse_json(text) if isinstance(text, str) else text for text in texts]
    return calls_of(found, f"{place}.content", index, report, tools)


def calls_of(
    found: Sequence[Any], place: str, index: int, report: RowReport, tools: Tools, *, count: int | None = None
) -> list[dict[str, Any]]:
    """Tool calls from values {"name", "arguments"}; ids are made from the message's index."""
    calls: list[dict[str, Any]] = []
    is_single = (len(found) if count is None else count) == 1
    for number, value in enumerate(found):
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"]:
            expected = '{"name": "...", "arguments": {...}}'
            detail, zh = (
                f"{place} is {shown(value)}, expected {expected}",
                f"{place} 是 {shown(value)}，应为 {expected}",
            )
            report.error("bad_tool_calls", detail, zh, field=place, message=index + 1)
            continue
        given = value.get("arguments", value.get("parameters", {}))
        arguments = read_arguments(value["name"], given, f"{place}.arguments", index, report, tools)
        if arguments is not None:
            new_id = call_id(index) if is_single else f"{call_id(index)}_{number}"
            function = {"name": value["name"], "arguments": arguments}
            calls.append({"id": new_id, "type": "function", "function": function})
    return calls


def _link_results(messages: list[Message]) -> list[Message]:
    """Give a tool message without `tool_call_id` (the deprecated role `function` has none) the call before it."""
    linked: list[Message] = []
    open_calls: list[str] = []
    for message in messages:
        if message.tool_calls:
            open_calls = [call["id"] for call in message.tool_calls]
        if message.role == "tool":
            linked_id = message.tool_call_id or (open_calls[0] if open_calls else None)
            if linked_id in open_calls:
                open_calls.remove(linked_id)
            message = Message("tool", message.content, name=message.name, tool_call_id=linked_id)
        linked.append(message)
    return linked


def check_conversation(
    messages: Sequence[Message], report: RowReport, place: str = "messages", key: str = "role"
) -> None:
    """Whether there is something to learn: an assistant's message at the end, and one that is trained."""
    # nearly all rows end with a trained answer
    if not messages or messages[-1].role != "assistant" or messages[-1].weight == 0:
        _check_answers(messages, report, place, key)
    for index, message in enumerate(messages):
        if message.role == "assistant" and not message.tool_calls:
            text = message.content
            if not text or text.isspace():
                field = f"{place}[{index}]"
                report.warn("empty_answer", f"{field} says nothing", f"{field} 没有内容", field=f"{field}.content")


def _check_answers(messages: Sequence[Message], report: RowReport, place: str, key: str) -> None:
    answers = [message for message in messages if message.role == "assistant"]
    if not answers:
        detail, zh = "no assistant message: there is nothing to learn", "没有 assistant 消息：没有可学的内容"
        report.error("no_assistant_message", detail, zh, field=place)
    elif messages[-1].role != "assistant":
        role, last = messages[-1].role, len(messages)
        detail = f"the last message is from {role}, expected the assistant's answer"
        zh = f"最后一条消息来自 {role}，应为 assistant 的回答"
        report.error("last_message_not_assistant", detail, zh, field=f"{place}[{last - 1}].{key}", message=last)
    elif all(answer.weight == 0 for answer in answers):
        detail = "every assistant message has weight 0: no trained token is left; give one weight 1"
        zh = "所有 assistant 消息的 weight 都是 0：没有训练的内容；请至少给一条 weight 1"
        report.error("no_trained_tokens", detail, zh, field=place)


def write_message(message: Message) -> dict[str, Any]:
    """The message as OpenAI's chat rows hold it; what it does not have is left out."""
    written: dict[str, Any] = {"role": message.role}
    if message.content is not None or not message.tool_calls:
        written["content"] = message.content
    if message.name is not None:
        written["name"] = message.name
    if message.tool_calls:
        written["tool_calls"] = list(message.tool_calls)
    if message.tool_call_id is not None:
        written["tool_call_id"] = message.tool_call_id
    if message.weight is not None:
        written["weight"] = int(message.weight)
    return written


def write_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [write_message(message) for message in messages]
