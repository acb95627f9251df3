"""The dialects of training rows, in the order in which a row is tried against them."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from tunesmith.data.examples import Example
from tunesmith.data.formats import alpaca, chat, preference, prompt_completion, reinforcement, sharegpt
from tunesmith.data.formats.row_report import RowReport

FormatName = Literal["chat", "prompt_completion", "alpaca", "sharegpt", "preference", "reinforcement"]


class Format(Protocol):
    """A module that knows one dialect."""

    def matches(self, row: dict[str, Any]) -> bool:
        """Whether the row's keys are this dialect's."""
        ...

    def read(self, row: dict[str, Any], report: RowReport) -> Example | None:
        """The example, or None after saying why not in `report`."""
        ...

    def write(self, example: Example) -> dict[str, Any]:
        """The row that holds the example, without what `losses` names; not called where a loss is of the whole row."""
        ...

    def losses(self, example: Example) -> list[str]:
        """Codes of LOSSES for what a row of this dialect cannot hold of the example; empty: reading gives it back."""
        ...


# A pair may carry an answer of its own and look like chat or Alpaca as well; ShareGPT turns may be called messages; a
# graded prompt looks like a chat row.
FORMATS: dict[FormatName, Format] = {
    "preference": preference,
    "sharegpt": sharegpt,
    "chat": chat,
    "prompt_completion": prompt_completion,
    "alpaca": alpaca,
    "reinforcement": reinforcement,
}
