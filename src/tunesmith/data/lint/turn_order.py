"""Turns in an order that chat templates refuse, or that no conversation has."""

from __future__ import annotations

from functools import partial
from typing import Any

from tunesmith.data.examples import ReinforcementExample
from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.conversation import Turn, change_turns, is_call, role_of, text_key
from tunesmith.data.lint.rows_with import Checks, Mend, RowsWith

CODES = ("assistant_twice", "no_user_message", "system_not_first", "user_twice", "assistant_first")

_ASSISTANT_TWICE = Texts(
    "{count} row(s) with two assistant messages in a row ({where}): some services and chat templates refuse them",
    "{count} 行里助手连续说了两次（{where}）：有些平台和聊天模板会拒绝这样的数据",
)
_NO_USER = Texts(
    "{count} row(s) without a user message ({where}): the model learns to speak without being asked",
    "{count} 行没有用户消息（{where}）：模型会学成没人提问也回答",
)
_SYSTEM_LATE = Texts(
    "{count} row(s) with a system message that is not the first, or with several ({where})",
    "{count} 行的系统提示不在最前面，或者不止一条（{where}）",
)
_USER_TWICE = Texts(
    "{count} row(s) with two user messages in a row ({where}); some chat templates refuse them",
    "{count} 行里用户连续说了两次（{where}）；有些聊天模板不接受",
)
_ASSISTANT_FIRST = Texts(
    "{count} row(s) in which the assistant speaks first ({where}); some chat templates refuse them",
    "{count} 行由助手先开口（{where}）；有些聊天模板不接受",
)


def join_turns(value: dict[str, Any], *, role: str = "assistant") -> dict[str, Any] | None:
    """Two texts of this speaker in a row become one, on two lines."""
    return change_turns(value, partial(_join, role))


def _join(role: str, turns: list[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if joined and role_of(turn) == role and _can_join(joined[-1], turn):
            key = text_key(turn)
            joined[-1] = {**joined[-1], key: f"{joined[-1][key]}\n{turn[key]}"}
        else:
            joined.append(turn)
    return joined


def _can_join(one: Turn, other: Turn) -> bool:
    key = text_key(one)
    plain = {"role", "from", "content", "value", "weight", "name"}
    return (
        one.get("role", one.get("from")) == other.get("role", other.get("from"))
        and not is_call(one)
        and not (one.keys() | other.keys()) - plain
        and isinstance(one.get(key), str)
        and isinstance(other.get(key), str)
        and one.get("weight") == other.get("weight")
        and one.get("name") == other.get("name")
    )


def move_system_first(value: dict[str, Any]) -> dict[str, Any] | None:
    """All system messages, in order, become one at the beginning."""
    return change_turns(value, _system_first)


def _system_first(turns: list[Turn]) -> list[Turn]:
    systems = [turn for turn in turns if role_of(turn) in ("system", "developer")]
    others = [turn for turn in turns if role_of(turn) not in ("system", "developer")]
    if not systems or not all(isinstance(turn.get(text_key(turn)), str) for turn in systems):
        return turns
    key = text_key(systems[0])
    texts = dict.fromkeys(turn[text_key(turn)] for turn in systems)
    return [{**systems[0], key: "\n".join(texts)}, *others]


_JOIN = Mend("join_turns", Texts("join answers in a row", "把助手连续的消息合并成一条"), join_turns)
# Not by default: each may be a turn of its own whose answer was left out.
_JOIN_USER = Mend(
    "join_user_turns",
    Texts("join user messages in a row", "把用户连续的消息合并成一条"),
    partial(join_turns, role="user"),
    recommended=False,
)
_MOVE = Mend(
    "move_system_first",
    Texts("put the system message first, as one", "把系统提示合成一条并放到最前面"),
    move_system_first,
)


def make(context: LintContext) -> Checks:
    return Checks(
        RowsWith("assistant_twice", "warning", _ASSISTANT_TWICE, partial(_order, "aa"), _JOIN),
        RowsWith("no_user_message", "warning", _NO_USER, _no_user),
        RowsWith("system_not_first", "warning", _SYSTEM_LATE, _system_late, _MOVE),
        RowsWith("user_twice", "info", _USER_TWICE, partial(_order, "uu"), _JOIN_USER),
        RowsWith("assistant_first", "info", _ASSISTANT_FIRST, _assistant_first),
    )


def _order(letters: str, row: LintRow) -> str | None:
    return "" if letters in row.roles else None


def _no_user(row: LintRow) -> str | None:
    return "" if row.roles and "u" not in row.roles and not isinstance(row.example, ReinforcementExample) else None


def _system_late(row: LintRow) -> str | None:
    roles = row.roles
    return "" if roles.rfind("s") > 0 or roles.rfind("d") > 0 else None


def _assistant_first(row: LintRow) -> str | None:
    return "" if row.roles.startswith(("a", "sa", "da")) and "u" in row.roles else None
