"""A row of the file as the checks see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunesmith.data.dedupe import text_key
from tunesmith.data.examples import ChatExample, Example, Message, PreferenceExample
from tunesmith.data.formats import FormatName
from tunesmith.data.formats.detect import read_as
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.lint.check import LintRow
from tunesmith.data.tables import Row

ROLE_LETTERS = {"system": "s", "developer": "d", "user": "u", "assistant": "a", "tool": "t"}


def lint_row(
    row: Row,
    position: int,
    *,
    format: FormatName | None,
    map_value: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> LintRow:
    """Read `row`, an object, in the format of its file; what is wrong with it is among the answer's findings.

    A file without a format has a finding of its own for all its rows (`Source.findings`).
    """
    report = RowReport(row.line, position)
    value: dict[str, Any] = row.value if map_value is None else map_value(row.value)
    example = read_as(format, value, report) if format else None
    if example is None:
        return LintRow(row.line, value, None, report.findings, position=position, unused_keys=report.unused_keys)
    return _filled(row.line, value, example, report, position)


def _filled(line: int, value: dict[str, Any], example: Example, report: RowReport, position: int) -> LintRow:
    messages = example.messages
    roles = ""
    texts: list[str] = []
    system = ""
    answers: list[str] = []
    last_answer = -1
    has_calls = False
    for index, message in enumerate(messages):
        content = message.content or ""
        letter = ROLE_LETTERS[message.role]
        roles += letter
        texts.append(content)
        if letter == "a":
            last_answer = index
            if message.weight != 0:
                answers.append(content)
            if message.tool_calls:
                has_calls = True
        elif letter in "sd" and not system:
            system = content
    if isinstance(example, ChatExample):
        prompt = "\n".join(texts[:last_answer] if last_answer >= 0 else texts)
    else:
        prompt = "\n".join(texts)
        answers = []
        if isinstance(example, PreferenceExample):
            answers = [example.preferred.content or "", example.non_preferred.content or ""]
            texts += answers
            has_calls = has_calls or bool(example.preferred.tool_calls or example.non_preferred.tool_calls)
            roles += "a"
    text = "\n".join([*texts, *_call_texts(example)] if has_calls else texts)
    # in the order of the fields: names would cost as much again, in every row
    return LintRow(
        line,
        value,
        example,
        report.findings,
        system,
        prompt,
        tuple(answers),
        tuple(texts),
        text,
        position,
        roles,
        text_key(prompt),
        text_key(text[len(prompt) :]),
        report.unused_keys,
    )


def _call_texts(example: Example) -> list[str]:
    """The names and arguments of all tool calls: characters that are trained as well."""
    messages: tuple[Message, ...] = example.messages
    if isinstance(example, PreferenceExample):
        messages += (example.preferred, example.non_preferred)
    functions = [call["function"] for message in messages for call in message.tool_calls]
    return [text for function in functions for text in (function["name"], function["arguments"])]
