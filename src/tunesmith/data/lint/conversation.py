"""The turns of a row as they lie in the file: chat rows have "messages", ShareGPT rows "conversations"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunesmith.data.formats.sharegpt import ROLES_OF_SPEAKERS

Turn = dict[str, Any]


def turns_key(value: dict[str, Any]) -> str | None:
    """The key of the list of turns; None when the row has no such list of objects."""
    for key in ("messages", "conversations"):
        turns = value.get(key)
        if isinstance(turns, list) and turns and all(isinstance(turn, dict) for turn in turns):
            return key
    return None


def role_of(turn: Turn) -> str:
    """The turn's role in OpenAI's words; "" when it has none."""
    if is_call(turn):
        return "assistant"
    role = turn.get("role", turn.get("from"))
    if role == "function":
        return "tool"
    return ROLES_OF_SPEAKERS.get(role.lower(), role) if isinstance(role, str) else ""


def is_call(turn: Turn) -> bool:
    """Whether the turn is a ShareGPT call of a tool, whose text is JSON."""
    speaker = turn.get("from")
    return isinstance(speaker, str) and ROLES_OF_SPEAKERS.get(speaker.lower()) == "function_call"


def text_key(turn: Turn) -> str:
    return "value" if "from" in turn else "content"


def change_turns(value: dict[str, Any], change: Callable[[list[Turn]], list[Turn]]) -> dict[str, Any] | None:
    """The row with other turns: the same object when they stay as they were, None when no turn is left."""
    key = turns_key(value)
    if key is None:
        return value
    turns = change(value[key])
    if not turns:
        return None
    return value if turns == value[key] else {**value, key: turns}
