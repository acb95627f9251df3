"""OpenAI's prompt/completion rows: {"prompt", "completion"}; the prompt may be empty."""

from __future__ import annotations

from typing import Any

from tunesmith.data.examples import ChatExample, Example, Message
from tunesmith.data.formats import losses as lost
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh
from tunesmith.data.origin import ORIGIN_KEY

KEYS = frozenset({"prompt", "completion", ORIGIN_KEY})


def matches(row: dict[str, Any]) -> bool:
    return "prompt" in row and "completion" in row


def read(row: dict[str, Any], report: RowReport) -> ChatExample | None:
    if not KEYS.issuperset(row):
        report.note_unused(row, KEYS)
    prompt, completion = row.get("prompt"), row.get("completion")
    if not isinstance(prompt, str) or not isinstance(completion, str):
        for key in ("prompt", "completion"):
            if key not in row:
                report.error("missing_key", f'"{key}" is missing', f"缺少 “{key}”", field=key)
            elif not isinstance(row[key], str):
                detail, zh = f'"{key}" is {kind(row[key])}', f"“{key}” 是{kind_zh(row[key])}，应为字符串"
                report.error("not_text", f"{detail}, expected a string", zh, field=key)
        return None
    if not completion or completion.isspace():
        detail, zh = (
            '"completion" is empty: the model learns to say nothing',
            "“completion” 是空的：模型会学着什么都不说",
        )
        report.warn("empty_answer", detail, zh, field="completion")
    return ChatExample(report.line, (Message("user", prompt), Message("assistant", completion)))


def write(example: Example) -> dict[str, Any]:
    *before, answer = lost.conversation(example)
    question = before[-1] if before and before[-1].role == "user" else None
    return {"prompt": (question.content or "") if question else "", "completion": answer.content or ""}


def losses(example: Example) -> list[str]:
    messages = lost.conversation(example)
    if lost.NO_ANSWER in (codes := lost.of_kind(example)):
        return codes
    *before, answer = messages
    question = before[-1] if before and before[-1].role == "user" else None
    if answer.tool_calls or (before and before[-1].role == "tool"):
        codes.append(lost.TOOL_CALLS)
    if question is None:
        codes.append(lost.ODD_TURNS)
    earlier = before[:-1] if question else before
    if any(message.role in ("system", "developer") for message in earlier):
        codes.append(lost.SYSTEM_PROMPT)
    if any(message.role not in ("system", "developer") for message in earlier):
        codes.append(lost.EARLIER_TURNS)
    if example.tools:
        codes.append(lost.TOOLS)
    kept = [question, answer] if question else [answer]
    return codes + lost.of_marks(example, kept) + lost.of_label(example)
