"""What pydantic found wrong, in OpenAI's words and codes.

Source of the wording: recorded answers of the real service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from tunesmith.errors import InvalidRequest

Problem = Mapping[str, Any]

EXPECTED = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dataclass_type": "an object",
    "int_parsing": "an integer",
    "float_parsing": "a decimal",
    "bool_parsing": "a boolean",
}


def problem(code: str, message: str) -> PydanticCustomError:
    """A finding of one of our own validators, already in OpenAI's words."""
    return PydanticCustomError("openai_words", "{message}", {"message": message, "code": code})


def json_type(value: object) -> str:
    """The JSON name of a value's type with its article, as OpenAI writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal number"
        case str():
            return "a string"
        case list() | tuple():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "an unsupported value"


def param_of(loc: Sequence[int | str]) -> str | None:
    """("body", "messages", 0, "role") -> "messages[0].role"."""
    path = ""
    for part in loc[1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or None


def quoted_list(values: Sequence[str]) -> str:
    """['a', 'b', 'c'] -> "'a', 'b', and 'c'"."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return ", ".join(quoted[:-1]) + f", and {quoted[-1]}"


def _limit(found: Problem, param: str | None, *, bound: str, sign: str, key: str) -> tuple[str, str]:
    value = found["input"]
    limit = found["ctx"][key]
    kind, shown = ("integer", str(limit)) if isinstance(limit, int) else ("decimal", f"{limit:g}")
    message = (
        f"Invalid '{param}': {kind} {bound} {'maximum' if bound == 'above' else 'minimum'} value. "
        f"Expected a value {sign} {shown}, but got {value} instead."
    )
    return message, f"{kind}_{bound}_{'max' if bound == 'above' else 'min'}_value"


def _string_length(found: Problem, param: str | None, *, is_long: bool) -> tuple[str, str]:
    length = len(str(found["input"]))
    if is_long:
        limit = found["ctx"]["max_length"]
        return (
            f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, but got a string "
            f"with length {length} instead."
        ), "string_above_max_length"
    limit = found["ctx"]["min_length"]
    got = "an empty string" if length == 0 else f"a string with length {length}"
    return (
        f"Invalid '{param}': {'empty string' if length == 0 else 'string too short'}. Expected a string with minimum "
        f"length {limit}, but got {got} instead."
    ), "empty_string" if length == 0 else "string_below_min_length"


def _array_length(found: Problem, param: str | None, *, is_long: bool) -> tuple[str, str]:
    size = found["ctx"]["actual_length"]
    noun = "an object" if isinstance(found["input"], dict) else "an array"
    what = noun.split()[1]
    size = len(found["input"]) if size is None else size
    if is_long:
        limit = found["ctx"]["max_length"]
        return (
            f"Invalid '{param}': {what} too long. Expected {noun} with maximum length {limit}, but got {noun} with "
            f"length {size} instead."
        ), f"{what}_above_max_length"
    limit = found["ctx"]["min_length"]
    return (
        f"Invalid '{param}': empty {what}. Expected {noun} with minimum length {limit}, "
        f"but got an empty {what} instead."
    ), f"empty_{what}"


def _literal(found: Problem, param: str | None) -> tuple[str, str]:
    supported = found["ctx"]["expected"]
    values = [value.strip("'") for value in supported.replace(" or ", ", ").split(", ")]
    if not isinstance(found["input"], str):
        return (
            f"Invalid type for '{param}': expected one of {quoted_list(values)}, "
            f"but got {json_type(found['input'])} instead.",
            "invalid_type",
        )
    return f"Invalid value: '{found['input']}'. Supported values are: {quoted_list(values)}.", "invalid_value"


WORDS: dict[str, Callable[[Problem, str | None], tuple[str, str]]] = {
    "missing": lambda _, param: (f"Missing required parameter: '{param}'.", "missing_required_parameter"),
    "less_than_equal": lambda found, param: _limit(found, param, bound="above", sign="<=", key="le"),
    "less_than": lambda found, param: _limit(found, param, bound="above", sign="<", key="lt"),
    "greater_than_equal": lambda found, param: _limit(found, param, bound="below", sign=">=", key="ge"),
    "greater_than": lambda found, param: _limit(found, param, bound="below", sign=">", key="gt"),
    "string_too_long": lambda found, param: _string_length(found, param, is_long=True),
    "string_too_short": lambda found, param: _string_length(found, param, is_long=False),
    "too_long": lambda found, param: _array_length(found, param, is_long=True),
    "too_short": lambda found, param: _array_length(found, param, is_long=False),
    "literal_error": _literal,
    "openai_words": lambda found, _: (found["ctx"]["message"], found["ctx"]["code"]),
}


def as_invalid_request(found: Sequence[Problem]) -> InvalidRequest:
    """The first of the problems; OpenAI names one at a time."""
    first = found[0]
    param = param_of(first["loc"])
    if first["type"] in WORDS:
        message, code = WORDS[first["type"]](first, param)
    elif first["type"] in EXPECTED:
        what = f"'{param}'" if param else "the request body"
        code = "invalid_type"
        message = (
            f"Invalid type for {what}: expected {EXPECTED[first['type']]}, but got {json_type(first['input'])} instead."
        )
    else:
        message, code = f"Invalid '{param}': {first['msg']}.", "invalid_value"
    return InvalidRequest(message, param=param, code=code)
