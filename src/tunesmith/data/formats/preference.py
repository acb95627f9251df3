"""Preference rows: a prompt, a better and a worse answer, in the four shapes that are in use.

OpenAI: {"input": {"messages", "tools"?}, "preferred_output": [message], "non_preferred_output": [message]}, also
spelled preferred_completion and non_preferred_completion. ShareGPT: {"conversations", "chosen": {"from", "value"},
"rejected"}. Flat: {"prompt" or "instruction" and "input", "chosen": text, "rejected": text}. TRL: {"prompt"?, "chosen":
[messages], "rejected": [messages]}, where without a prompt both begin with it.
"""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import Example, Message, PreferenceExample
from tunesmith.data.formats import alpaca, sharegpt
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.chat import parallel_tool_calls
from tunesmith.data.formats.messages import read_messages, write_message, write_messages
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh
from tunesmith.data.formats.tool_calls import read_tools

_OPENAI_SPELLINGS = (
    ("preferred_output", "non_preferred_output"),
    ("preferred_completion", "non_preferred_completion"),
)
_OPENAI_KEYS = frozenset({"input", *(key for pair in _OPENAI_SPELLINGS for key in pair)})
_INPUT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls"})
_OTHER_KEYS = frozenset(
    {"conversations", "messages", "prompt", "instruction", "input", "system", "history", "tools", "chosen", "rejected"}
)

Tools = tuple[dict[str, Any], ...]


def matches(row: dict[str, Any]) -> bool:
    return ("chosen" in row and "rejected" in row) or any(
        better in row and worse in row for better, worse in _OPENAI_SPELLINGS
    )


def read(row: dict[str, Any], report: RowReport) -> PreferenceExample | None:
    for better_key, worse_key in _OPENAI_SPELLINGS:
        if better_key in row or worse_key in row:
            return _read_openai(row, better_key, worse_key, report)
    if not _OTHER_KEYS.issuperset(row):
        report.note_unused(row, _OTHER_KEYS)
    tools = read_tools(row.get("tools"), None, report, bare=True)
    prompt = _read_prompt(row, report, tools)
    if prompt is None:
        return None
    return _pair(prompt, row, "chosen", "rejected", tools, parallel_tool_calls(row), report)


def _read_openai(row: dict[str, Any], better_key: str, worse_key: str, report: RowReport) -> PreferenceExample | None:
    if not _OPENAI_KEYS.issuperset(row):
        report.note_unused(row, _OPENAI_KEYS)
    given = row.get("input")
    if not isinstance(given, dict):
        found, found_zh = (kind(given), kind_zh(given)) if "input" in row else ("missing", "缺失")
        expected = '{"messages": [...]}'
        report.error(
            "bad_input",
            f'"input" is {found}, expected {expected}',
            f"“input” 是{found_zh}，应为 {expected}",
            field="input",
        )
        return None
    if not _INPUT_KEYS.issuperset(given):
        report.note_unused(given, _INPUT_KEYS)
    tools = read_tools(given.get("tools"), None, report)
    prompt = read_messages(given.get("messages"), "input.messages", report, tools)
    if prompt is None:
        return None
    return _pair(prompt, row, better_key, worse_key, tools, parallel_tool_calls(given), report)


def _pair(
    prompt: list[Message],
    row: dict[str, Any],
    better_key: str,
    worse_key: str,
    tools: Tools,
    parallel: bool | None,
    report: RowReport,
) -> PreferenceExample | None:
    better = _read_answer(row.get(better_key), better_key, better_key in row, report, tools)
    worse = _read_answer(row.get(worse_key), worse_key, worse_key in row, report, tools)
    if better is None or worse is None or report.has_errors:
        return None
    if not prompt and len(better) > 1:
        prompt = _common_start(better, worse)
    better, worse = _without_prompt(prompt, better), _without_prompt(prompt, worse)
    for key, answer in ((better_key, better), (worse_key, worse)):
        if len(answer) != 1 or answer[0].role != "assistant":
            roles = ", ".join(message.role for message in answer) or "none"
            detail = f'"{key}" must be one assistant message after the prompt; found {roles}'
            zh = f"“{key}” 应为提示词之后的一条 assistant 消息；现有：{roles}"
            report.error("bad_answer", detail, zh, field=key)
    if not prompt:
        detail, zh = "there is no prompt before the answers", "回答之前没有提示词"
        report.error("missing_prompt", detail, zh, field="prompt")
    if report.has_errors:
        return None
    return PreferenceExample(report.line, tuple(prompt), better[0], worse[0], tools, parallel)


def _read_answer(value: Any, key: str, is_there: bool, report: RowReport, tools: Tools) -> list[Message] | None:
    """Text, one message in either spelling, or a list of messages."""
    if isinstance(value, str):
        messages: list[Message] | None = [Message("assistant", value)]
    elif isinstance(value, (dict, list)) and value:
        turns = value if isinstance(value, list) else [value]
        is_sharegpt = isinstance(turns[0], dict) and "from" in turns[0]
        messages = (sharegpt.read_turns if is_sharegpt else read_messages)(turns, key, report, tools)
    else:
        found, found_zh = (kind(value), kind_zh(value)) if is_there else ("missing", "缺失")
        if value == [] or value == {}:
            found, found_zh = "empty", "空"
        detail, zh = f'"{key}" is {found}, expected an answer', f"“{key}” 是{found_zh}，应为一个回答"
        report.error("missing_answer", detail, zh, field=key)
        return None
    last = messages[-1] if messages else None
    if last and not last.tool_calls and (not last.content or last.content.isspace()):
        report.warn("empty_answer", f'"{key}" says nothing', f"“{key}” 没有内容", field=key)
    return messages


def _read_prompt(row: dict[str, Any], report: RowReport, tools: Tools) -> list[Message] | None:
    if "instruction" in row:
        return alpaca.read_prompt(row, report)
    if "conversations" in row:
        turns = sharegpt.read_turns(row["conversations"], "conversations", report, tools)
        return None if turns is None else sharegpt.with_system(row.get("system"), turns, report)
    if "messages" in row and isinstance(row.get("chosen"), (str, dict)):
        return read_messages(row["messages"], "messages", report, tools)
    prompt = row.get("prompt")
    if isinstance(prompt, list):
        return read_messages(prompt, "prompt", report, tools)
    if isinstance(prompt, str):
        chosen = row.get("chosen")
        if isinstance(chosen, list) and len(chosen) > 1:  # the prompt is the first of the messages, too
            return []
        return sharegpt.with_system(row.get("system"), [Message("user", prompt)], report)
    if prompt is None:
        return []
    detail, zh = f'"prompt" is {kind(prompt)}, expected text', f"“prompt” 是{kind_zh(prompt)}，应为文字"
    report.error("not_text", detail, zh, field="prompt")
    return None


def _common_start(one: list[Message], other: list[Message]) -> list[Message]:
    """The messages both begin with, without the answer that ends them."""
    common: list[Message] = []
    for left, right in zip(one[:-1], other[:-1], strict=False):
        if left != right:
            break
        common.append(left)
    return common


def _without_prompt(prompt: list[Message], messages: list[Message]) -> list[Message]:
    return messages[len(prompt) :] if len(messages) > len(prompt) and messages[: len(prompt)] == prompt else messages


def write(example: Example) -> dict[str, Any]:
    """In OpenAI's shape. Only a pair can be written (`losses`)."""
    assert isinstance(example, PreferenceExample)  # noqa: S101
    given: dict[str, Any] = {"messages": write_messages(example.messages)}
    if example.tools:
        given["tools"] = list(example.tools)
    if example.parallel_tool_calls is not None:
        given["parallel_tool_calls"] = example.parallel_tool_calls
    return {
        "input": given,
        "preferred_output": [write_message(example.preferred)],
        "non_preferred_output": [write_message(example.non_preferred)],
    }


def losses(example: Example) -> list[str]:
    return [] if isinstance(example, PreferenceExample) else [lost.NO_WORSE_ANSWER]
