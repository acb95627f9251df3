"""OpenAI's prompt/completion rows: {"prompt", "completion"}; the prompt may be empty."""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.formats.row_report import RowReport, kind

KEYS = frozenset({"prompt", "completion"})


def matches(row: dict[str, Any]) -> bool:
    return "prompt" in row and "completion" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    report.note_unused(row, KEYS)
    for key in ("prompt", "completion"):
        if key not in row:
            report.error("missing_key", f'"{key}" is missing', field=key)
        elif not isinstance(row[key], str):
            report.error("not_text", f'"{key}" is {kind(row[key])}, expected a string', field=key)
    if report.has_errors:
        return None
    if not row["completion"].strip():
        report.warn("empty_answer", '"completion" is empty: the model learns to say nothing', field="completion")
    return ChatExample(report.line, (Message("user", row["prompt"]), Message("assistant", row["completion"])))
