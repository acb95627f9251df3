"""The user's own rows, from which others are made. Rows that a model made are never seeds of more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.formats import FormatName
from tunesmith.data.origin import is_augmented
from tunesmith.data.sources import open_source
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

# The index of near-duplicates takes some kilobytes a row, and a few hundred seeds already show what is wanted.
MAX_SEEDS = 20_000
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Seed:
    """A row that ends with a user's message and the assistant's text."""

    line: int
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()

    @property
    def question(self) -> str:
        return self.messages[-2].content or ""

    @property
    def answer(self) -> str:
        return self.messages[-1].content or ""

    @property
    def system(self) -> str | None:
        first = self.messages[0]
        return first.content if first.role in ("system", "developer") else None


@dataclass(frozen=True, slots=True)
class SeedFile:
    """`values` are the rows as the format writes them."""

    name: str
    format: FormatName
    seeds: tuple[Seed, ...]
    values: tuple[dict[str, Any], ...]


def read_seeds(path: Path, *, name: str | None = None) -> SeedFile:
    """Raises InvalidFile, naming the lines, for a file with bad rows, without a usable row, or too large."""
    source = open_source(path, name=name)
    seeds: list[Seed] = []
    values: list[dict[str, Any]] = []
    errors: list[Finding] = []
    n_made = n_unusable = 0
    for row, example, findings in source.examples():
        errors += [finding for finding in findings if finding.severity == "error"][: _MOST_LISTED - len(errors)]
        if is_augmented(row.value):
            n_made += 1
        elif isinstance(example, ChatExample) and _is_usable(example):
            seeds.append(Seed(example.line, example.messages, example.tools))
            values.append(row.value)
        elif example is not None:
            n_unusable += 1
        if len(seeds) > MAX_SEEDS:
            raise InvalidFile(
                f"{source.name} has more than {MAX_SEEDS:,} rows; take a sample first (tunesmith data sample)."
            )
    _refuse_bad_rows(source.name, errors)
    if not seeds or source.format is None:
        raise InvalidFile(
            f"{source.name} has no row to start from: {n_made} were made by a model and {n_unusable} do not end with a "
            "question and an answer in text.",
            code="no_seeds",
        )
    return SeedFile(source.name, source.format, tuple(seeds), tuple(values))


def read_questions(path: Path) -> tuple[Seed, ...]:
    """Every row that ends with a question and an answer, whoever made it. Raises InvalidFile for bad rows."""
    source = open_source(path)
    found: list[Seed] = []
    errors: list[Finding] = []
    for _, example, findings in source.examples():
        errors += [finding for finding in findings if finding.severity == "error"][: _MOST_LISTED - len(errors)]
        if isinstance(example, ChatExample) and _is_usable(example):
            found.append(Seed(example.line, example.messages, example.tools))
        if len(found) > MAX_SEEDS:
            raise InvalidFile(f"{source.name} has more than {MAX_SEEDS:,} rows; validate on a sample of them.")
    _refuse_bad_rows(source.name, errors)
    return tuple(found)


def _refuse_bad_rows(name: str, errors: list[Finding]) -> None:
    if errors:
        raise InvalidFile(
            f"{name} has bad rows, the first: {errors[0].message}. Mend them first (tunesmith data lint).",
            findings=errors,
        )


def _is_usable(example: ChatExample) -> bool:
    if len(example.messages) < 2 or example.label is False:
        return False
    question, answer = example.messages[-2:]
    is_text = question.role == "user" and answer.role == "assistant" and not answer.tool_calls
    return is_text and bool((question.content or "").strip()) and bool((answer.content or "").strip())
