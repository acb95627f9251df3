"""Every threshold of the checks: a name, a default, and where the number comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LintSettings:
    """Shares are parts of 1, lengths are in characters."""

    min_examples: int = 10
    advised_examples: int = 50


SOURCES: dict[str, str] = {
    "min_examples": "OpenAI refuses fine-tuning files with fewer than 10 examples",
    "advised_examples": "OpenAI's guide: clear improvements from 50 to 100 examples",
}
