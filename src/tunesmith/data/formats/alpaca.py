"""Alpaca rows: {"instruction", "input"?, "output", "system"?, "history"?: [[question, answer], ...]}.

The user's turn is the instruction, then the input on a new line. Answers in the history are trained like the last
one: what LLaMA-Factory does with its default, mask_history false.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunesmith.data.examples import ChatExample, Example, Message
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh, shown_key
from tunesmith.data.origin import ORIGIN_KEY

KEYS = frozenset({"instruction", "input", "output", "system", "history", ORIGIN_KEY})


def matches(row: dict[str, Any]) -> bool:
    return "instruction" in row and "output" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    if not KEYS.issuperset(row):
        report.note_unused(row, KEYS)
    prompt = read_prompt(row, report)
    answer = row.get("output")
    if not isinstance(answer, str):
        found, found_zh = shown_key(row, "output")
        detail, zh = f'"output" is {found}, expected a string', f"“output” {found_zh}，应为字符串"
        report.error("not_text", detail, zh, field="output")
    if prompt is None or not isinstance(answer, str):
        return None
    if not answer or answer.isspace():
        detail, zh = '"output" is empty: the model learns to say nothing', "“output” 是空的：模型会学着什么都不说"
        report.warn("empty_answer", detail, zh, field="output")
    return ChatExample(report.line, (*prompt, Message("assistant", answer)))


def read_prompt(row: dict[str, Any], report: RowReport) -> list[Message] | None:
    """Everything before the answer; None after saying in `report` what is wrong."""
    instruction, more, system = row.get("instruction"), row.get("input"), row.get("system")
    is_bad = False
    if not isinstance(instruction, str):
        found, found_zh = shown_key(row, "instruction")
        detail, zh = f'"instruction" is {found}, expected a string', f"“instruction” {found_zh}，应为字符串"
        report.error("not_text", detail, zh, field="instruction")
        is_bad = True
    for key, text in (("input", more), ("system", system)):
        if text is not None and not isinstance(text, str):
            detail = f'"{key}" is {kind(text)}, expected a string or nothing'
            report.error("not_text", detail, f"“{key}” 是{kind_zh(text)}，应为字符串或不写", field=key)
            is_bad = True
    history = row.get("history")
    turns = [] if history is None else _read_history(history, report)
    if is_bad or turns is None:
        return None
    messages = [Message("system", system)] if system else []
    for question, answer in turns:
        messages += [Message("user", question), Message("assistant", answer)]
    messages.append(Message("user", "\n".join(part for part in (instruction, more) if part)))
    return messages


def _read_history(history: Any, report: RowReport) -> list[tuple[str, str]] | None:
    if not isinstance(history, list):
        detail, zh = (
            f'"history" is {kind(history)}, expected a list of pairs',
            f"“history” 是{kind_zh(history)}，应为问答对的列表",
        )
        report.error("bad_history", detail, zh, field="history")
        return None
    turns: list[tuple[str, str]] = []
    for index, turn in enumerate(history):
        if isinstance(turn, list) and len(turn) == 2 and isinstance(turn[0], str) and isinstance(turn[1], str):
            turns.append((turn[0], turn[1]))
        else:
            field = f"history[{index}]"
            detail = f"{field} is not a pair; expected [question, answer], two strings"
            report.error("bad_history", detail, f"{field} 不是问答对；应为 [提问, 回答] 两个字符串", field=field)
    return turns if len(turns) == len(history) else None


def write(example: Example) -> dict[str, Any]:
    system, turns = _as_turns(lost.conversation(example))
    *history, (question, answer) = turns
    row: dict[str, Any] = {"instruction": question, "input": "", "output": answer}
    if system:
        row["system"] = system
    if history:
        row["history"] = [list(turn) for turn in history]
    return row


def _as_turns(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]]]:
    """The system prompt, and (question, answer) pairs; texts of one speaker in a row are joined."""
    system = "\n".join(message.content or "" for message in messages if message.role in ("system", "developer"))
    turns: list[tuple[list[str], list[str]]] = []
    for message in messages:
        if message.role == "user":
            if not turns or turns[-1][1]:
                turns.append(([], []))
            turns[-1][0].append(message.content or "")
        elif message.role == "assistant":
            if not turns:
                turns.append(([], []))
            turns[-1][1].append(message.content or "")
    return system, [("\n".join(question), "\n".join(answer)) for question, answer in turns]


def losses(example: Example) -> list[str]:
    messages = lost.conversation(example)
    if lost.NO_ANSWER in (codes := lost.of_kind(example)):
        return codes
    roles = [message.role for message in messages]
    if "tool" in roles or any(message.tool_calls for message in messages):
        codes.append(lost.TOOL_CALLS)
    systems = [index for index, role in enumerate(roles) if role in ("system", "developer")]
    if "developer" in roles:
        codes.append(lost.DEVELOPER_ROLE)
    if systems not in ([], [0]) or (systems and not messages[0].content):
        codes.append(lost.MESSAGES_JOINED)
    speakers = [role for role in roles if role not in ("system", "developer")]
    if speakers != ["user", "assistant"] * (len(speakers) // 2):
        codes.append(lost.ODD_TURNS)
    if example.tools:
        codes.append(lost.TOOLS)
    return codes + lost.of_marks(example, messages) + lost.of_label(example)
