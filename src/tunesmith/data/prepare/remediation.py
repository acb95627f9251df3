"""What a validator answers: words, a change that must or may be made, or why the file cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tunesmith.data.prepare.frame import Frame
from tunesmith.errors import InvalidFile

GUIDE = "https://platform.openai.com/docs/guides/fine-tuning/preparing-your-dataset"


@dataclass(frozen=True, slots=True)
class Remediation:
    """`immediate` is said at once; `necessary` is announced and already applied; `optional` is asked about.

    `remark` says something about the frame just before the optional change is made.
    """

    name: str
    immediate: str | None = None
    necessary: str | None = None
    apply_necessary: Callable[[Frame], Frame] | None = None
    optional: str | None = None
    apply_optional: Callable[[Frame], Frame] | None = None
    remark: Callable[[Frame], str] | None = None
    error: str | None = None


class ValidatorError(InvalidFile):
    """A validator found that the file cannot be used; `text` is what the tool of 2023 wrote to stderr."""

    def __init__(self, validator: str, message: str) -> None:
        super().__init__(message)
        self.validator = validator

    @property
    def text(self) -> str:
        return f"\n\nERROR in {self.validator} validator: {self.message}\n\nAborting..."


def escaped(text: str) -> str:
    return text.replace("\n", "\\n")
