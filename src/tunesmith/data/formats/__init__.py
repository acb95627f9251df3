"""The dialects of training rows, in the order in which a row is tried against them."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from tunesmith.data.examples import ChatExample
from tunesmith.data.formats import alpaca, chat, prompt_completion
from tunesmith.data.formats.row_report import RowReport

FormatName = Literal["chat", "prompt_completion", "alpaca"]


class Format(Protocol):
    """A module that knows one dialect."""

    def matches(self, row: dict[str, Any]) -> bool:
        """Whether the row's keys are this dialect's."""
        ...

    def read(self, row: dict[str, Any], report: RowReport) -> ChatExample | None:
        """The example, or None after saying why not in `report`."""
        ...


FORMATS: dict[FormatName, Format] = {"chat": chat, "prompt_completion": prompt_completion, "alpaca": alpaca}
