"""All checks, by hand, in the order in which users see their findings."""

from __future__ import annotations

from typing import Protocol

from tunesmith.data.lint import (
    answer_language,
    answer_lengths,
    answer_writing,
    chosen_is_rejected,
    control_characters,
    different_answers,
    empty_answers,
    empty_prompt,
    epochs_for_rows,
    exact_duplicates,
    html,
    labels,
    last_message,
    legacy_functions,
    missing_information,
    mojibake,
    near_duplicates,
    pair_lengths,
    personal_data,
    placeholders,
    refusals,
    repetitive_answers,
    replacement_character,
    roles,
    shared_passages,
    system_contradicts_rows,
    system_prompt,
    template_marks,
    too_few,
    too_long,
    tool_calls,
    turn_order,
    unknown_keys,
    unusable_rows,
    unwanted_answers,
    validation_overlap,
)
from tunesmith.data.lint.check import Check, LintContext


class CheckModule(Protocol):
    """A file of this folder that is a check: the codes of its findings, and how to begin one."""

    __name__: str

    @property
    def CODES(self) -> tuple[str, ...]: ...
    def make(self, context: LintContext) -> Check: ...


CHECKS: tuple[CheckModule, ...] = (
    too_few,
    epochs_for_rows,
    roles,
    last_message,
    empty_answers,
    turn_order,
    legacy_functions,
    tool_calls,
    unusable_rows,
    chosen_is_rejected,
    pair_lengths,
    unwanted_answers,
    empty_prompt,
    too_long,
    exact_duplicates,
    near_duplicates,
    different_answers,
    validation_overlap,
    shared_passages,
    system_prompt,
    system_contradicts_rows,
    missing_information,
    refusals,
    labels,
    repetitive_answers,
    answer_lengths,
    answer_language,
    answer_writing,
    template_marks,
    placeholders,
    mojibake,
    replacement_character,
    control_characters,
    html,
    personal_data,
    unknown_keys,
)

CHECKED_CODES: frozenset[str] = frozenset(code for check in CHECKS for code in check.CODES)
"""A format's own finding with one of these codes is told by its check, with all its rows and the fix."""
