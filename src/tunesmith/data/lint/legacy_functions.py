"""The deprecated `functions`, `function_call` and role `function`, which newer services refuse."""

from __future__ import annotations

from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.conversation import Turn, change_turns
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("legacy_functions",)

_TEXTS = Texts(
    '{count} row(s) use "{example}" of the old function calling ({where}); read here, refused by other services',
    "{count} 行用的是旧版函数调用的“{example}”（{where}）；这里可以读取，但其他平台会拒绝",
)


def make(context: LintContext) -> RowsWith:
    return RowsWith("legacy_functions", "info", _TEXTS, _look, _MODERNISE)


def _look(row: LintRow) -> str | None:
    value = row.value
    if "functions" in value:
        return "functions"
    # Without a tool's result or a turn of calls alone there is nothing to look for.
    if "t" not in row.roles and "" not in row.texts:
        return None
    turns = value.get("messages")
    for turn in turns if isinstance(turns, list) else ():
        if isinstance(turn, dict):
            if turn.get("function_call") is not None:
                return "function_call"
            if turn.get("role") == "function":
                return "role function"
    return None


def modernise_functions(value: dict[str, Any]) -> dict[str, Any]:
    """`functions` become tools, every call gets an id, and the result after it that id."""
    changed = change_turns(value, _modern_turns)
    value = value if changed is None else changed
    functions = value.get("functions")
    if not isinstance(functions, list):
        return value
    rest = {key: item for key, item in value.items() if key not in ("functions", "function_call")}
    return {**rest, "tools": value.get("tools") or [{"type": "function", "function": each} for each in functions]}


def _modern_turns(turns: list[Turn]) -> list[Turn]:
    modern: list[Turn] = []
    call_id = ""
    for index, turn in enumerate(turns):
        if isinstance(turn.get("function_call"), dict):
            call_id = f"call_{index}"
            call = {"id": call_id, "type": "function", "function": turn["function_call"]}
            turn = {key: item for key, item in turn.items() if key != "function_call"} | {"tool_calls": [call]}
        elif turn.get("role") == "function":
            turn = {**turn, "role": "tool"} | ({"tool_call_id": call_id} if call_id else {})
        elif "function_call" in turn and turn["function_call"] is None:
            turn = {key: item for key, item in turn.items() if key != "function_call"}
        modern.append(turn)
    return modern


_MODERNISE = Mend(
    "modernise_functions",
    Texts("write function calls as tool calls", "把旧版函数调用改写成工具调用"),
    modernise_functions,
)
