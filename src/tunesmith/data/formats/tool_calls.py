"""Tool descriptions and tool calls, in the spellings that people's files have."""

from __future__ import annotations

import json
from typing import Any

from tunesmith.data.formats.row_report import RowReport, kind, kind_zh, shown
from tunesmith.data.tables import Row, parse_row

_EXPECTED_CALL = '{"id", "type": "function", "function": {"name": "...", "arguments": "{...}"}}'
_EXPECTED_TOOL = '{"type": "function", "function": {"name": "...", "parameters": {...}}}'

# Keywords of JSON Schema whose value may well be null; any other null was filled in by a table's columns.
_MAY_BE_NULL = frozenset({"default", "const", "example"})


def read_tools(tools: Any, functions: Any, report: RowReport, *, bare: bool = False) -> tuple[dict[str, Any], ...]:
    """`functions` is the deprecated key. JSON text is read like what it holds.

    `bare` also takes functions without {"type", "function"} around them, as ShareGPT files have them.
    """
    key = "tools"
    if tools is None and functions is not None:
        key = "functions"
        tools = functions
        bare = True
    if isinstance(tools, str):
        bare = True
        tools = parse_json(tools) if tools.strip() else None
    if tools is None:
        return ()
    if not isinstance(tools, list):
        detail, zh = f'"{key}" is {kind(tools)}, expected a list', f"“{key}” 是{kind_zh(tools)}，应为列表"
        report.error("bad_tools", detail, zh, field=key)
        return ()
    read: list[dict[str, Any]] = []
    for index, tool in enumerate(tools):
        if bare and isinstance(tool, dict) and "function" not in tool and isinstance(tool.get("name"), str):
            tool = {"type": "function", "function": tool}
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            place = f"{key}[{index}]"
            detail = f"{place} describes no function; expected {_EXPECTED_TOOL}"
            report.error("bad_tools", detail, f"{place} 没有描述函数；应为 {_EXPECTED_TOOL}", field=place)
        elif isinstance(tool, dict):
            read.append(_without_filled_nulls(tool, f"{key}[{index}]", report))
    return tuple(read)


def _without_filled_nulls(tool: dict[str, Any], place: str, report: RowReport) -> dict[str, Any]:
    """The tool without the nulls that appear where several tools' schemas shared the columns of a table."""
    parameters = tool["function"].get("parameters")
    cleaned = _drop_nulls(parameters)
    if cleaned == parameters:
        return tool
    detail = f"{place}: parameters that are null were left out"
    report.note("null_parameters", detail, f"{place}：值为 null 的参数已略去", field=place)
    return {**tool, "function": {**tool["function"], "parameters": cleaned}}


def _drop_nulls(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    kept = ((key, value) for key, value in schema.items() if value is not None or key in _MAY_BE_NULL)
    return {key: value if key in _MAY_BE_NULL else _drop_nulls(value) for key, value in kept}


def read_calls(
    calls: Any, function_call: Any, place: str, index: int, report: RowReport, tools: tuple[dict[str, Any], ...]
) -> list[dict[str, Any]]:
    """The calls of an assistant message that stands at `place`; `function_call` is the deprecated key."""
    key = "tool_calls"
    if calls is None:
        key = "function_call"
        calls = [{"id": call_id(index), "type": "function", "function": function_call}]
    field = f"{place}.{key}"
    if isinstance(calls, str):
        calls = parse_json(calls)
    if not isinstance(calls, list) or not calls:
        found, found_zh = ("an empty list", "空列表") if calls == [] else (kind(calls), kind_zh(calls))
        detail, zh = f"{field} is {found}, expected a list of calls", f"{field} 是{found_zh}，应为调用的列表"
        report.error("bad_tool_calls", detail, zh, field=field, message=index + 1)
        return []
    read = [_read_call(call, f"{field}[{n}]", index, n, report, tools) for n, call in enumerate(calls)]
    return [call for call in read if call is not None]


def _read_call(
    call: Any, place: str, index: int, number: int, report: RowReport, tools: tuple[dict[str, Any], ...]
) -> dict[str, Any] | None:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        detail = f"{place} names no function; expected {_EXPECTED_CALL}"
        zh = f"{place} 没有函数名；应为 {_EXPECTED_CALL}"
        report.error("bad_tool_calls", detail, zh, field=place, message=index + 1)
        return None
    if (call.get("type") or "function") != "function":
        detail, zh = (
            f'{place}.type is {shown(call["type"])}, expected "function"',
            f"{place}.type 是 {shown(call['type'])}，应为 “function”",
        )
        report.error("bad_tool_calls", detail, zh, field=f"{place}.type", message=index + 1)
        return None
    field = f"{place}.function.arguments"
    arguments = read_arguments(function["name"], function.get("arguments", "{}"), field, index, report, tools)
    if arguments is None:
        return None
    given_id = call.get("id") or f"{call_id(index)}_{number}"
    return {"id": str(given_id), "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def read_arguments(
    name: str, arguments: Any, field: str, index: int, report: RowReport, tools: tuple[dict[str, Any], ...]
) -> str | None:
    """The JSON text of the arguments, which may be an object; None after an error.

    An argument that is null in an object is left out unless the tool says it may be null: tables that hold the calls
    of several tools give each of them the arguments of all.
    """
    if isinstance(arguments, dict):
        absent = [key for key, value in arguments.items() if value is None and not _may_be_null(name, key, tools)]
        if absent:
            listed = ", ".join(absent[:5])
            detail = f"{field}: arguments that are null were left out ({listed})"
            report.note("null_arguments", detail, f"{field}：值为 null 的参数已略去（{listed}）", field=field)
        kept = {key: value for key, value in arguments.items() if key not in absent}
        return json.dumps(kept, ensure_ascii=False)
    if isinstance(arguments, str) and is_json_object(arguments):
        return arguments
    detail = f"{field} is {shown(arguments)}, expected the JSON text of an object"
    zh = f"{field} 是 {shown(arguments)}，应为 JSON 对象的文本"
    report.error("bad_tool_calls", detail, zh, field=field, message=index + 1)
    return None


def _may_be_null(name: str, argument: str, tools: tuple[dict[str, Any], ...]) -> bool:
    for tool in tools:
        if tool["function"]["name"] == name:
            parameters = tool["function"].get("parameters")
            properties = parameters.get("properties") if isinstance(parameters, dict) else None
            return isinstance(properties, dict) and _allows_null(properties.get(argument))
    return False


def _allows_null(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    types = schema.get("type")
    options = schema.get("anyOf") or schema.get("oneOf")
    return (
        schema.get("nullable") is True
        or types == "null"
        or (isinstance(types, list) and "null" in types)
        or (isinstance(options, list) and any(_allows_null(option) for option in options))
    )


def parse_json(text: str) -> Any:
    """The value of JSON text; text that is not JSON, or nested without end, stays as it is for the caller to word."""
    row = parse_row(0, text.encode("utf-8", "replace"))
    return row.value if isinstance(row, Row) else text


def is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):  # the caller words the error, with its place
        return False


def call_id(index: int) -> str:
    """The id of a call that has none, in the message at `index`."""
    return f"call_{index}"
