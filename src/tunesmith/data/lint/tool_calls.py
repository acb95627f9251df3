"""Tool calls without results, results without calls, and arguments that are not the JSON text of an object."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.examples import Message
from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.conversation import Turn, change_turns
from tunesmith.findings import Finding, Severity

CODES = (
    "bad_tool_calls",
    "tool_call_without_result",
    "tool_result_without_call",
    "unknown_tool",
    "arguments_not_in_schema",
    "arguments_as_object",
    "null_arguments",
)

_TOLD: dict[str, tuple[Severity, Texts]] = {
    "bad_tool_calls": (
        "error",
        Texts(
            "{count} row(s) with a tool call that cannot be used ({where}): {example}",
            "{count} 行的工具调用无法使用（{where}）：{example}",
        ),
    ),
    "tool_call_without_result": (
        "warning",
        Texts(
            "{count} row(s) go on after a tool call without its result ({where}): {example}",
            "{count} 行在工具调用之后没有结果就继续对话（{where}）：{example}",
        ),
    ),
    "tool_result_without_call": (
        "warning",
        Texts(
            "{count} row(s) with a tool result that no call asked for ({where}): {example}",
            "{count} 行有工具结果，却没有对应的工具调用（{where}）：{example}",
        ),
    ),
    "unknown_tool": (
        "warning",
        Texts(
            "{count} row(s) call a tool that the row does not offer ({where}): {example}",
            "{count} 行调用了该行 tools 里没有的工具（{where}）：{example}",
        ),
    ),
    "arguments_not_in_schema": (
        "warning",
        Texts(
            "{count} row(s) call a tool with arguments that its schema does not have, or without required ones "
            "({where}): {example}",
            "{count} 行的调用参数与工具定义不符：多了未定义的参数或缺少必填参数（{where}）：{example}",
        ),
    ),
    "arguments_as_object": (
        "info",
        Texts(
            "{count} row(s) write tool arguments as an object ({where}); OpenAI's format wants its JSON text. "
            "They are read all the same",
            "{count} 行的工具参数写成了对象（{where}），OpenAI 格式要求是 JSON 字符串；仍可正常读取",
        ),
    ),
    "null_arguments": (
        "warning",
        Texts(
            "{count} row(s) hold null tool arguments that the schema does not name ({where}), e.g. {example}: rows of "
            "several tools were merged into one table; a model that sees the nulls learns to write them",
            "{count} 行的工具参数里有定义之外的空值 null（{where}），例如 {example}："
            "多半是多个工具的数据合并成一张表时产生的，"
            "模型看到了就会学着输出这些 null",
        ),
    ),
}


@dataclass(slots=True)
class ToolCalls(Check):
    lines: dict[str, Lines] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    mendable: bool = False

    def see(self, row: LintRow) -> None:
        if row.findings:
            for found in row.findings:
                if found.code == "bad_tool_calls":
                    self._note("bad_tool_calls", row.line, found.message.partition(": ")[2])
                    self.mendable = self.mendable or mend_tool_arguments(row.value) is not row.value
                elif found.code == "null_arguments":
                    self._note("null_arguments", row.line, found.field or "")
        example = row.example
        if example is None:
            return
        if "t" not in row.roles:
            for message in example.messages:
                if message.tool_calls:
                    break
            else:
                return
        for code, detail in problems(example.messages, example.tools).items():
            self._note(code, row.line, detail)
        if "messages" in row.value and has_object_arguments(row.value):
            self._note("arguments_as_object", row.line, "")

    def _note(self, code: str, line: int, detail: str) -> None:
        self.lines.setdefault(code, Lines()).add(line)
        self.examples.setdefault(code, cut(detail, 120))

    def merge(self, later: ToolCalls) -> None:
        for code, lines in later.lines.items():
            self.lines.setdefault(code, Lines()).merge(lines)
            self.examples.setdefault(code, later.examples[code])
        self.mendable = self.mendable or later.mendable

    def findings(self) -> list[Finding]:
        told: list[Finding] = []
        offered = {fix.code for fix in self.fixes()}
        for code in (code for code in CODES if code in self.lines):
            severity, texts = _TOLD[code]
            fix = "drop_null_arguments" if code == "null_arguments" else "mend_tool_arguments"
            mended = fix in offered and code in ("null_arguments", "arguments_as_object", "bad_tool_calls")
            facts = {"example": self.examples[code]}
            told.append(finding(code, severity, texts, lines=self.lines[code], fix=fix if mended else None, **facts))
        return told

    def fixes(self) -> list[Fix]:
        fixes: list[Fix] = []
        if "null_arguments" in self.lines:
            fixes.append(Fix("drop_null_arguments", _DROP_NULLS, change=drop_null_arguments))
        if self.mendable or "arguments_as_object" in self.lines:
            fixes.append(Fix("mend_tool_arguments", _MEND, change=mend_tool_arguments))
        return fixes


_DROP_NULLS = Texts("drop null arguments that the tool does not have", "去掉工具定义之外的 null 参数")
_MEND = Texts("write tool arguments as the JSON text of an object", "把工具参数写成 JSON 字符串")


def problems(messages: tuple[Message, ...], tools: tuple[dict[str, Any], ...]) -> dict[str, str]:
    """Code -> what was found first."""
    found: dict[str, str] = {}
    schemas = _schemas(tools)
    open_ids: list[str] = []
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id in open_ids:
                open_ids.remove(message.tool_call_id or "")
            elif open_ids and message.tool_call_id is None:
                open_ids.pop(0)
            else:
                found.setdefault("tool_result_without_call", f"message {index + 1}")
            continue
        if open_ids:
            found.setdefault("tool_call_without_result", f'call "{open_ids[0]}"')
        open_ids = [call["id"] for call in message.tool_calls]
        for call in message.tool_calls:
            _check_call(call["function"], schemas, found)
    return found


def _schemas(tools: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    functions = [tool["function"] if isinstance(tool.get("function"), dict) else tool for tool in tools]
    named = {function["name"]: function for function in functions if isinstance(function.get("name"), str)}
    return {name: _object(function.get("parameters")) for name, function in named.items()}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_call(function: dict[str, Any], schemas: dict[str, dict[str, Any]], found: dict[str, str]) -> None:
    name = function["name"]
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:  # the format has said so
        return
    if not isinstance(arguments, dict):
        return
    if schemas and name not in schemas:
        found.setdefault("unknown_tool", f'"{name}" (offered: {", ".join(list(schemas)[:5])})')
        return
    schema = schemas.get(name, {})
    known = _object(schema.get("properties"))
    required = schema.get("required")
    nulls = [key for key, value in arguments.items() if value is None and key not in known]
    if nulls:
        found.setdefault("null_arguments", f'"{nulls[0]}" of {name}')
    strange = [key for key in arguments if known and key not in known and key not in nulls]
    if strange and not schema.get("additionalProperties"):
        found.setdefault("arguments_not_in_schema", f'{name} has no argument "{strange[0]}"')
    named = [key for key in required if isinstance(key, str)] if isinstance(required, list) else []
    missing = [key for key in named if key not in arguments]
    if missing:
        found.setdefault("arguments_not_in_schema", f'{name} requires "{missing[0]}"')


def has_object_arguments(value: dict[str, Any]) -> bool:
    return any(not isinstance(function.get("arguments", ""), str) for function in _functions(value.get("messages")))


def _functions(turns: Any) -> list[dict[str, Any]]:
    if not isinstance(turns, list):
        return []
    turns = [turn for turn in turns if isinstance(turn, dict)]
    calls = [call for turn in turns for call in turn.get("tool_calls") or () if isinstance(call, dict)]
    functions = [*(call.get("function") for call in calls), *(turn.get("function_call") for turn in turns)]
    return [function for function in functions if isinstance(function, dict)]


def mend_tool_arguments(value: dict[str, Any]) -> dict[str, Any]:
    """Objects become JSON text; Python's spelling of a dict, null and empty text become what they mean."""
    return _change_arguments(value, _as_json_text)


def drop_null_arguments(value: dict[str, Any]) -> dict[str, Any]:
    tools = value.get("tools", value.get("functions"))
    schemas = _schemas(tuple(tool for tool in tools if isinstance(tool, dict))) if isinstance(tools, list) else {}

    def drop(arguments: Any, name: str) -> Any:
        read = arguments
        if isinstance(arguments, str):
            try:
                read = json.loads(arguments)
            except ValueError:  # not JSON: another fix's business
                return arguments
        if not isinstance(read, dict):
            return arguments
        known = _object(schemas.get(name, {}).get("properties"))
        kept = {key: item for key, item in read.items() if item is not None or key in known}
        if kept == read:
            return arguments
        return kept if isinstance(arguments, dict) else json.dumps(kept, ensure_ascii=False)

    return _change_arguments(value, drop)


def _as_json_text(arguments: Any, name: str) -> Any:
    if isinstance(arguments, dict):
        return json.dumps(arguments, ensure_ascii=False)
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        return "{}"
    if not isinstance(arguments, str) or _is_object(arguments):
        return arguments
    try:
        read = ast.literal_eval(arguments)
        text = json.dumps(read, ensure_ascii=False)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # neither JSON nor a Python dict
        return arguments
    return text if isinstance(read, dict) else arguments


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:  # said by the caller's answer
        return False


def _change_arguments(value: dict[str, Any], change: Any) -> dict[str, Any]:
    def of_turn(turn: Turn) -> Turn:
        calls = turn.get("tool_calls")
        if isinstance(calls, list):
            turn = {**turn, "tool_calls": [_of_call(call, change) for call in calls]}
        if "function_call" in turn:
            turn = {**turn, "function_call": _of_function(turn["function_call"], change)}
        return turn

    changed = change_turns(value, lambda turns: [of_turn(turn) for turn in turns])
    return value if changed is None else changed


def _of_call(call: Any, change: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    changed = _of_function(function, change)
    return call if changed is function else {**call, "function": changed}


def _of_function(function: Any, change: Any) -> Any:
    if not isinstance(function, dict) or "arguments" not in function:
        return function
    arguments = change(function["arguments"], function.get("name"))
    return function if arguments is function["arguments"] else {**function, "arguments": arguments}


def make(context: LintContext) -> ToolCalls:
    return ToolCalls()
