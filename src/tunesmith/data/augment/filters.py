"""What a proposed row must pass before it is kept. The filters are plain and strict: a bad row costs more than none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import xxhash

from tunesmith.data.augment.language import has_letters, language_of
from tunesmith.data.augment.near import NearTexts
from tunesmith.data.augment.recipe import Candidate
from tunesmith.data.formats import FormatName
from tunesmith.data.lint import (
    control_characters,
    empty_prompt,
    html,
    mojibake,
    placeholders,
    replacement_character,
    turn_order,
)
from tunesmith.data.lint.check import LintContext
from tunesmith.data.lint.refusals import is_refusal
from tunesmith.data.lint.rows import lint_row
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.tables import Row

ROW_CHECKS = (turn_order, empty_prompt, placeholders, replacement_character, mojibake, control_characters, html)
"""Lint's checks that one row alone can fail."""

_SHORTER = 0.3  # of the shortest seed's question
_LONGER = 4  # times the longest seed
_LEAST_LONG = 2000  # characters; short seeds do not forbid a paragraph
_LINTED_SEEDS = 500
_REPEATS = 5
_PIECE_CHARS = 8
_LOOKED_AT = 4000
_REPEATED = re.compile(r"(.{1,40}?)\1{7,}", re.DOTALL)


class Filters:
    """Remembers what was kept, and refuses the same again, or nearly the same."""

    def __init__(self, seeds: Sequence[Candidate], values: Sequence[dict[str, Any]], *, format: FormatName) -> None:
        """`seeds` are the user's rows as candidates, so that they are compared like the made ones."""
        self._format = format
        self._exact: set[int] = set()
        self._near = NearTexts()
        self._validation_exact: set[int] = set()
        self._validation_near = NearTexts()
        for seed in seeds:
            self.keep(seed)
        self._most_chars = max(
            _LEAST_LONG, _LONGER * max((len(seed.question) + len(seed.answer) for seed in seeds), default=0)
        )
        self._least_chars = _SHORTER * min((len(seed.question) for seed in seeds), default=0)
        self._is_refusal_usual = any(is_refusal(seed.answer) for seed in seeds)
        self._usual_faults = {code for value in values[:_LINTED_SEEDS] for code in self.faults(value)}
        self._language = language_of(f"{s.question} {s.answer}" for s in seeds[:200]) if seeds else None
        self._is_mixed = len({language_of([f"{s.question} {s.answer}"]) for s in seeds[:200]}) > 1

    def protect(self, validation: Iterable[Candidate]) -> None:
        """Rows of the validation file, or near to one, are refused."""
        for row in validation:
            self._validation_exact.add(_key(row))
            self._validation_near.add(row.question)

    def keep(self, candidate: Candidate) -> None:
        self._exact.add(_key(candidate))
        self._near.add(candidate.compared, group=candidate.group)

    def refuse(self, candidate: Candidate, value: dict[str, Any]) -> str | None:
        """The code of the first reason against the row, written as `value`; None if it may be kept."""
        question, answer = candidate.question.strip(), candidate.answer.strip()
        if not question or not answer or not has_content(question):
            return "empty"
        if question == answer:
            return "echo"
        if len(question) < self._least_chars:
            return "too_short"
        if len(question) + len(answer) > self._most_chars:
            return "too_long"
        if repeats_itself(question) or repeats_itself(answer):
            return "repeats_itself"
        if not self._is_refusal_usual and is_refusal(answer):
            return "refusal"
        if self._is_in_another_language(question, answer):
            return "other_language"
        if set(self.faults(value)) - self._usual_faults:
            return "faulty_text"
        if _key(candidate) in self._validation_exact or self._validation_near.is_near(question):
            return "in_validation"
        if _key(candidate) in self._exact:
            return "duplicate"
        if self._near.is_near(candidate.compared, group=candidate.group):
            return "near_duplicate"
        return None

    def faults(self, value: dict[str, Any]) -> list[str]:
        """Codes of what lint has against this row by itself; informational findings do not count."""
        context = LintContext(LintSettings())
        row = lint_row(Row(1, value), 1, format=self._format)
        findings = list(row.findings)
        for module in ROW_CHECKS:
            check = module.make(context)
            check.see(row)
            findings += check.findings()
        return [finding.code for finding in findings if finding.severity != "info"]

    def _is_in_another_language(self, question: str, answer: str) -> bool:
        text = f"{question} {answer}"
        return bool(
            self._language and not self._is_mixed and has_letters(text) and language_of([text]) != self._language
        )


def has_content(text: str) -> bool:
    return any(character.isalnum() for character in text)


def repeats_itself(text: str) -> bool:
    """Whether the text is mostly one piece over and over, as small models fall into: lines, or runs of characters."""
    if any(any(map(str.isalpha, piece)) for piece in _REPEATED.findall(text[:_LOOKED_AT])):
        return True
    lines = [line for line in (line.strip() for line in text.splitlines()) if len(line) >= _PIECE_CHARS]
    return bool(lines) and Counter(lines).most_common(1)[0][1] >= _REPEATS


def _key(candidate: Candidate) -> int:
    """Equal for rows that say the same but for case and blanks."""
    texts = (" ".join((message.content or "").lower().split()) for message in candidate.messages)
    return xxhash.xxh3_64_intdigest("\0".join(texts).encode(errors="replace"))
