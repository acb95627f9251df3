"""Conversations that do not end with an answer, have none, or train none."""

from __future__ import annotations

from functools import partial
from typing import Any

from tunesmith.data.formats.messages import ROLES
from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.conversation import Turn, change_turns, role_of, turns_key
from tunesmith.data.lint.roles import correct_roles
from tunesmith.data.lint.rows_with import Checks, Mend, RowsWith

CODES = ("last_message_not_assistant", "no_assistant_message", "no_trained_tokens")

_LAST = Texts(
    "{count} row(s) end with a message that is not the assistant's ({where}): there is no answer to learn after it",
    "{count} 行的最后一条消息不是助手（assistant）的（{where}）：后面没有可学的回答",
)
_NONE = Texts(
    "{count} row(s) without any assistant message ({where}): there is nothing to learn",
    "{count} 行没有助手（assistant）的消息（{where}）：没有可学的内容",
)
_UNTRAINED = Texts(
    "{count} row(s) in which no token is trained, because every answer has weight 0 ({where})",
    "{count} 行里所有回答的 weight 都是 0，没有任何内容会被训练（{where}）",
)


def cut_after_last_answer(value: dict[str, Any]) -> dict[str, Any] | None:
    """Without the turns after the assistant's last; None when the assistant says nothing at all."""
    return change_turns(value, _cut)


def _cut(turns: list[Turn]) -> list[Turn]:
    last = max((index for index, turn in enumerate(turns) if role_of(turn) == "assistant"), default=-1)
    return turns[: last + 1]


_CUT = Mend(
    "cut_after_last_answer",
    Texts(
        "cut the messages after the assistant's last one; remove rows without an answer",
        "去掉最后一个回答之后的消息；没有回答的行整行删除",
    ),
    cut_after_last_answer,
)
_REMOVE_NONE = Mend(
    "remove_rows_without_answer", Texts("remove rows without an assistant message", "删除没有助手消息的行")
)
_REMOVE_UNTRAINED = Mend(
    "remove_untrained_rows", Texts("remove rows in which nothing is trained", "删除没有训练内容的行")
)


def make(context: LintContext) -> Checks:
    return Checks(
        RowsWith("last_message_not_assistant", "error", _LAST, partial(_said, "last_message_not_assistant"), _CUT),
        RowsWith("no_assistant_message", "error", _NONE, partial(_said, "no_assistant_message"), _REMOVE_NONE),
        RowsWith("no_trained_tokens", "error", _UNTRAINED, partial(_said, "no_trained_tokens"), _REMOVE_UNTRAINED),
    )


def _said(code: str, row: LintRow) -> str | None:
    """Whether the row's format has found it, or will once the roles are corrected."""
    codes = {finding.code for finding in row.findings} if row.findings else ()
    if code in codes or ("unknown_role" in codes and _with_right_roles(row.value) == code):
        return ""
    return None


def _with_right_roles(value: dict[str, Any]) -> str | None:
    """What will be wrong with the end of the conversation, if all its roles can be corrected."""
    key = turns_key(value)
    turns = correct_roles(value)[key] if key else []
    roles = [role_of(turn) for turn in turns]
    if not roles or not set(roles) <= {*ROLES}:
        return None
    if "assistant" not in roles:
        return "no_assistant_message"
    if roles[-1] != "assistant":
        return "last_message_not_assistant"
    weights = [turn.get("weight") for turn, role in zip(turns, roles, strict=True) if role == "assistant"]
    return "no_trained_tokens" if all(type(weight) is int and weight == 0 for weight in weights) else None
