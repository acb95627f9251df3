"""JSON as pandas reads it (ujson): a little more forgiving than the standard, and quick about decimals.

Differences from `json`: a comma may stand before a closing brace, numbers like `1.`, `.5` after a digit and `007` are
numbers, control characters may stand in strings, NaN is null, a whole number must fit in 64 bits, and decimals are
put together from two whole numbers, so that the last digit may differ.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 1024
MAX_DECIMALS = 15

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\0]*')
_NUMBER = re.compile(r"(-?)([0-9]*)(\.[0-9]*)?(?:[eE]([+-]?)([0-9]*))?")
_HALF_PAIR = re.compile(r"\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_ESCAPES = {"\\": "\\", '"': '"', "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None, "NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}
_TENTHS = [1.0, *(float(f"1e-{n}") for n in range(1, MAX_DECIMALS + 1))]


def parse_json(text: str) -> Any:
    """The value of a JSON text; raises ValueError where pandas does.

    What the standard library can read it reads, at its speed; the rest goes to the slower, forgiving reader.
    """
    if "\0" in text:
        raise ValueError("NUL character in JSON")
    if not _HALF_PAIR.search(text):
        try:
            return _STANDARD.decode(text)
        except json.JSONDecodeError:
            pass  # perhaps the forgiving reader can
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return _Reader(text).document()


def _whole_number(digits: str) -> int:
    """ujson's 64-bit sum: it notices an overflow only when the number became smaller by it."""
    if digits.startswith("-"):
        if int(digits) < -(2**63):
            raise ValueError("Value is too small")
        return int(digits)
    value = 0
    for digit in digits:
        before, value = value, (value * 10 + int(digit)) % 2**64
        if before > value:
            raise ValueError("Value is too big!")
    return value


def _decimal(text: str) -> float:
    """ujson's sum of the digits before and after the point."""
    sign, whole, fraction, exponent_sign, exponent = _match(_NUMBER, text, 0).groups(default="")
    intermediate = abs(_whole_number(sign + whole)) if whole else 0
    decimals = fraction[1 : MAX_DECIMALS + 1]
    after = float(int(decimals)) if decimals else 0.0
    value = (float(intermediate) + after * _TENTHS[len(decimals)]) * (-1.0 if sign else 1.0)
    if not exponent:
        return value
    return value * _power_of_ten(float(exponent) * (-1.0 if exponent_sign == "-" else 1.0))


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    if match is None:
        raise ValueError("Expected object or value")
    return match


def _power_of_ten(exponent: float) -> float:
    return math.inf if exponent > 308 else math.pow(10.0, exponent)


_STANDARD = json.JSONDecoder(
    strict=False,
    parse_int=_whole_number,
    parse_float=_decimal,
    parse_constant=_WORDS.__getitem__,
)


class _Reader:
    """The forgiving reader; one value after the other, from the left."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def document(self) -> Any:
        try:
            value = self._value()
        except RecursionError:
            raise ValueError("nested too deeply") from None
        self._skip_space()
        if self._at != len(self._text):
            raise ValueError("Trailing data")
        return value

    def _skip_space(self) -> str:
        """The character after the white space; "" at the end."""
        self._at = _match(_SPACE, self._text, self._at).end()
        return self._text[self._at : self._at + 1]

    def _value(self) -> Any:
        char = self._skip_space()
        if char == '"':
            return self._string()
        if char == "{":
            return self._nested(self._object)
        if char == "[":
            return self._nested(self._array)
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        if char and char in "-0123456789":
            return self._number()
        raise ValueError("Expected object or value")

    def _nested(self, read: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError("Reached object decoding depth limit")
        self._at += 1
        value = read()
        self._depth -= 1
        return value

    def _array(self) -> list[Any]:
        items: list[Any] = []
        while True:
            if self._skip_space() == "]":
                if items:
                    raise ValueError("Unexpected character found when decoding array value (1)")
                self._at += 1
                return items
            items.append(self._value())
            if self._separator("]"):
                return items

    def _object(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while True:
            char = self._skip_space()
            if char == "}":
                self._at += 1
                return members
            if char != '"':
                raise ValueError("Key name of object must be 'string' when decoding 'object'")
            key = self._string()
            if self._skip_space() != ":":
                raise ValueError("No ':' found when decoding object value")
            self._at += 1
            members[key] = self._value()
            if self._separator("}"):
                return members

    def _separator(self, closing: str) -> bool:
        """Step over a comma or the closing bracket; whether it was the bracket."""
        char = self._skip_space()
        if char not in (",", closing):
            raise ValueError("Unexpected character found when decoding")
        self._at += 1
        return char == closing

    def _number(self) -> int | float:
        match = _match(_NUMBER, self._text, self._at)
        self._at = match.end()
        sign, whole, fraction, _, exponent = match.groups()
        if fraction is None and exponent is None:
            return _whole_number(sign + whole) if whole else 0
        return _decimal(match.group())

    def _string(self) -> str:
        self._at += 1
        parts: list[str] = []
        high = 0
        while True:
            match = _match(_PLAIN, self._text, self._at)
            parts.append(match.group())
            self._at = match.end() + 1
            char = self._text[match.end() : self._at]
            if char == '"':
                return "".join(parts)
            if char != "\\":
                raise ValueError("Unmatched ''\"' when when decoding 'string'")
            escape = self._text[self._at : self._at + 1]
            self._at += 1
            if escape != "u":
                if escape not in _ESCAPES:
                    raise ValueError("Unrecognized escape sequence when decoding 'string'")
                parts.append(_ESCAPES[escape])
                continue
            high, char = self._code_point(high)
            parts.append(char)

    def _code_point(self, high: int) -> tuple[int, str]:
        """(first half of a pair that waits for its second, or 0; what was read)."""
        digits = self._text[self._at : self._at + 4]
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise ValueError("Unexpected character in unicode escape sequence when decoding 'string'")
        self._at += 4
        unit = int(digits, 16)
        if high:
            if unit & 0xFC00 != 0xDC00:
                raise ValueError("Unpaired high surrogate when decoding 'string'")
            return 0, chr(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00))
        if unit & 0xFC00 == 0xD800:
            return unit, ""
        return 0, chr(unit)
