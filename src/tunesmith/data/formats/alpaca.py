"""Alpaca rows: {"instruction", "input"?, "output", "system"?, "history"?: [[question, answer], ...]}.

The user's turn is the instruction, then the input on a new line. Answers in the history are trained like the last
one: what LLaMA-Factory does with its default, mask_history false.
"""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.formats.row_report import RowReport, kind

KEYS = frozenset({"instruction", "input", "output", "system", "history"})


def matches(row: dict[str, Any]) -> bool:
    return "instruction" in row and "output" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    report.note_unused(row, KEYS)
    for key in ("instruction", "output"):
        if not isinstance(row.get(key), str):
            found = kind(row[key]) if key in row else "missing"
            report.error("not_text", f'"{key}" is {found}, expected a string', field=key)
    for key in ("input", "system"):
        if row.get(key) is not None and not isinstance(row[key], str):
            report.error("not_text", f'"{key}" is {kind(row[key])}, expected a string or nothing', field=key)
    history = _read_history(row.get("history"), report)
    if report.has_errors:
        return None
    if not row["output"].strip():
        report.warn("empty_answer", '"output" is empty: the model learns to say nothing', field="output")
    messages = [Message("system", row["system"])] if row.get("system") else []
    for question, answer in history:
        messages += [Message("user", question), Message("assistant", answer)]
    question = "\n".join(part for part in (row["instruction"], row.get("input")) if part)
    messages += [Message("user", question), Message("assistant", row["output"])]
    return ChatExample(report.line, tuple(messages))


def _read_history(history: Any, report: RowReport) -> list[tuple[str, str]]:
    if history is None:
        return []
    if not isinstance(history, list):
        report.error("bad_history", f'"history" is {kind(history)}, expected a list of pairs', field="history")
        return []
    turns: list[tuple[str, str]] = []
    for index, turn in enumerate(history):
        if isinstance(turn, list) and len(turn) == 2 and all(isinstance(text, str) for text in turn):
            turns.append((turn[0], turn[1]))
        else:
            expected = "expected [question, answer], two strings"
            report.error("bad_history", f"history[{index}] is not a pair; {expected}", field=f"history[{index}]")
    return turns
