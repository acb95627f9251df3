"""The question and the answer of a row that checks of style and content look at."""

from __future__ import annotations

from tunesmith.data.examples import PreferenceExample
from tunesmith.data.lint.check import LintRow


def main_answer(row: LintRow) -> str:
    """The last trained answer, of a pair the preferred one; "" when there is none or it only calls tools."""
    answers = row.answers
    if not answers:
        return ""
    return answers[0] if isinstance(row.example, PreferenceExample) else answers[-1]


def after_system(row: LintRow, text: str) -> str:
    """The row's text or prompt without the system prompt that it begins with, which many rows share."""
    system = row.system
    return text[len(system) + 1 :] if system and row.roles[:1] in ("s", "d") else text


def last_question(row: LintRow) -> str:
    """The user's last message."""
    at = row.roles.rfind("u")
    return row.texts[at] if 0 <= at < len(row.texts) else ""
