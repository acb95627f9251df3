"""Numbers that a caller may ask for, refused in OpenAI's words when they are out of range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tunesmith import errors


@dataclass(frozen=True, slots=True)
class Range:
    """`low` is excluded when `is_open`; a whole number is wanted when `is_integer`."""

    low: float
    high: float = math.inf
    is_integer: bool = True
    is_open: bool = False

    def check(self, value: Any, *, param: str) -> int | float:
        """The number itself, an int or a float as the range wants it; raises InvalidRequest."""
        word = "integer" if self.is_integer else "decimal"
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or (self.is_integer and value != int(value)):
            article = "an" if self.is_integer else "a"
            raise errors.InvalidRequest(
                f"Invalid type for '{param}': expected {article} {word}, but got {value!r} instead.",
                param=param,
                code="invalid_type",
            )
        if value < self.low or (self.is_open and value == self.low):
            sign = ">" if self.is_open else ">="
            raise self._outside(
                f"{word} below minimum value", f"{sign} {self.low}", value, param, f"{word}_below_min_value"
            )
        if value > self.high:
            raise self._outside(
                f"{word} above maximum value", f"<= {self.high}", value, param, f"{word}_above_max_value"
            )
        return int(value) if self.is_integer else float(value)

    def to_schema(self) -> dict[str, Any]:
        """The same range as JSON Schema says it."""
        schema: dict[str, Any] = {"type": "integer" if self.is_integer else "number"}
        schema["exclusiveMinimum" if self.is_open else "minimum"] = self.low
        if self.high < math.inf:
            schema["maximum"] = self.high
        return schema

    def _outside(self, what: str, expected: str, value: Any, param: str, code: str) -> errors.InvalidRequest:
        message = f"Invalid '{param}': {what}. Expected a value {expected}, but got {value} instead."
        return errors.InvalidRequest(message, param=param, code=code)
