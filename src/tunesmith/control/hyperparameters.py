"""The hyperparameters a caller may ask for, and their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tunesmith import errors
from tunesmith.control.ranges import Range

Value = int | float | str


# n_epochs, batch_size and learning_rate_multiplier: OpenAI's OpenAPI document. The others are ours.
RANGES: dict[str, Range] = {
    "n_epochs": Range(1, 50),
    "batch_size": Range(1, 256),
    "learning_rate_multiplier": Range(0, is_integer=False, is_open=True),
    "learning_rate": Range(0, 1, is_integer=False, is_open=True),
    "lora_rank": Range(1, 512),
    "lora_alpha": Range(0, 4096, is_integer=False, is_open=True),
    "max_length": Range(8, 1_048_576),
    "warmup_steps": Range(0, 1_000_000),
}
CHOICES: dict[str, tuple[str, ...]] = {"training_type": ("lora", "full"), "dtype": ("float32", "bfloat16")}
ALWAYS_SHOWN = ("n_epochs", "batch_size", "learning_rate_multiplier")


def merged(old: Mapping[str, Any] | None, method: Mapping[str, Any] | None) -> dict[str, Value]:
    """One dict out of the deprecated `hyperparameters` and `method.supervised.hyperparameters`.

    What is absent, null or "auto" in one is taken from the other; two different numbers are refused.
    """
    asked: dict[str, Value] = dict.fromkeys(ALWAYS_SHOWN, "auto")
    for prefix, values in (("hyperparameters", old), ("method.supervised.hyperparameters", method)):
        for name, value in (values or {}).items():
            if value is None:
                continue
            checked = _checked(name, value, param=f"{prefix}.{name}")
            before = asked.get(name, "auto")
            if checked != "auto" and before not in ("auto", checked):
                raise errors.InvalidRequest(
                    f"'hyperparameters.{name}' is {before} but 'method.supervised.hyperparameters.{name}' "
                    f"is {checked}. Give it once, or give the same value twice.",
                    param=f"{prefix}.{name}",
                    code="invalid_value",
                )
            asked[name] = checked if checked != "auto" else before
    return asked


def _checked(name: str, value: Any, *, param: str) -> Value:
    if value == "auto":
        return "auto"
    if name in CHOICES:
        if value not in CHOICES[name]:
            supported = ", ".join(f"'{choice}'" for choice in (*CHOICES[name], "auto"))
            raise errors.InvalidRequest(
                f"Invalid value: '{value}'. Supported values are: {supported}.", param=param, code="invalid_value"
            )
        return str(value)
    if name not in RANGES:
        raise errors.InvalidRequest(
            f"Unknown parameter: '{param}'. Known hyperparameters are: {', '.join([*RANGES, *CHOICES])}.",
            param=param,
            code="unknown_parameter",
        )
    return RANGES[name].check(value, param=param)
