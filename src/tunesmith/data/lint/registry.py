"""All checks, by hand, in the order in which users see their findings."""

from __future__ import annotations

from typing import Protocol

from tunesmith.data.lint import (
    chosen_is_rejected,
    control_characters,
    empty_answers,
    empty_prompt,
    html,
    last_message,
    mojibake,
    personal_data,
    placeholders,
    replacement_character,
    too_few,
    turn_order,
    unknown_keys,
    unwanted_answers,
)
from tunesmith.data.lint.check import Check, LintContext


class CheckModule(Protocol):
    """A file of this folder that is a check: the codes of its findings, and how to begin one."""

    @property
    def CODES(self) -> tuple[str, ...]: ...
    def make(self, context: LintContext) -> Check: ...


CHECKS: tuple[CheckModule, ...] = (
    too_few,
    last_message,
    empty_answers,
    turn_order,
    chosen_is_rejected,
    unwanted_answers,
    empty_prompt,
    placeholders,
    replacement_character,
    mojibake,
    control_characters,
    html,
    personal_data,
    unknown_keys,
)

CHECKED_CODES: frozenset[str] = frozenset(code for check in CHECKS for code in check.CODES)
"""A format's own finding with one of these codes is told by its check, with all its rows and the fix."""
