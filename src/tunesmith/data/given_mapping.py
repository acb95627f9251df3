"""A mapping of columns to fields that the user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.data.columns import describe, guess
from tunesmith.data.formats import FormatName
from tunesmith.data.formats.fields import FIELDS
from tunesmith.data.formats.row_report import cut, nearest
from tunesmith.errors import InvalidRequest

_MOST_LISTED = 30

QUESTION_AND_ANSWER: dict[FormatName, tuple[str, str]] = {
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "output"),
}


def check_mapping(
    mapping: Mapping[str, str],
    columns: Sequence[str],
    format: FormatName | None,
) -> None:
    """Raises InvalidRequest for a column or a field that does not exist, with the nearest that does."""
    for column, name in mapping.items():
        if columns and column not in columns:
            meant = nearest(column, columns)
            hint = f'; did you mean "{meant}"?' if meant else ""
            listed = ", ".join(f'"{cut(there)}"' for there in columns[:_MOST_LISTED])
            raise InvalidRequest(f'there is no column "{column}"; the file has {listed}{hint}', param="mapping")
        fields = (
            FIELDS[format] if format else tuple(dict.fromkeys(known for names in FIELDS.values() for known in names))
        )
        if name not in fields:
            meant = nearest(name, fields)
            hint = f'; did you mean "{meant}"?' if meant else ""
            raise InvalidRequest(f'"{name}" is not a field; expected one of {", ".join(fields)}{hint}', param="mapping")


def complete(
    mapping: Mapping[str, str],
    format: FormatName | None,
    samples: Sequence[dict[str, Any]],
    columns: Sequence[str],
) -> tuple[FormatName, dict[str, str]]:
    """The format, and the mapping with what it leaves open: columns named like fields, and guesses.

    `question=prompt` still needs an answer. The result is in the order of the columns.
    """
    told = _in_one_format(mapping)
    found = format or _format_of(set(told.values()))
    mapped = set(told.values())
    told |= {column: column for column in columns if column in FIELDS[found] and not {column} & (mapped | told.keys())}
    if missing := QUESTION_AND_ANSWER.get(found):
        guessed = guess(describe(samples, columns))
        fields = dict(zip(("prompt", "completion"), missing, strict=True))
        open_fields = set(missing) - set(told.values())
        for column, name in guessed.mapping.items() if guessed and guessed.format == "prompt_completion" else ():
            if column not in told and fields[name] in open_fields:
                told[column] = fields[name]
    return found, {column: told[column] for column in columns if column in told} if columns else told


def _in_one_format(mapping: Mapping[str, str]) -> dict[str, str]:
    """`prompt` and `completion` under the names of the format that also holds the fields beside them."""
    fields = set(mapping.values())
    if not fields & {"prompt", "completion"} or fields & {"chosen", "rejected"}:
        return dict(mapping)
    names: dict[str, str] = {}
    if "label" in fields:
        names = {"prompt": "messages", "completion": "messages"}
    elif fields & {"system", "history", "instruction", "output"}:
        names = {"prompt": "instruction", "completion": "output"}
    return {column: names.get(name, name) for column, name in mapping.items()}


def _format_of(fields: set[str]) -> FormatName:
    """The format that has all these fields, or most of them."""
    order: tuple[FormatName, ...] = ("prompt_completion", "chat", "alpaca", "sharegpt", "preference", "reinforcement")
    return max(order, key=lambda name: (len(fields & set(FIELDS[name])), -order.index(name)))
