"""What a recipe is: it asks for rows, one prompt after another, and reads the model's answers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tunesmith.data.augment.sampler import ChatMessage
from tunesmith.data.examples import Message
from tunesmith.findings import Language

RecipeName = Literal["paraphrase", "vary_answer", "like_seeds", "from_document"]

N_ROUNDS = 3
"""How often the same seed or passage is asked about; after that a model repeats itself."""

_SHOWN_CHARS = 2000
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MOST_BAD = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row as the model proposed it, before any filter.

    `compared` is the text that must not be near that of another row in the same `group`; `seed_line` the line that it
    was made from, `tools` those of that row.
    """

    messages: tuple[Message, ...]
    compared: str
    group: str = ""
    seed_line: int | None = None
    tools: tuple[dict[str, Any], ...] = ()

    @property
    def question(self) -> str:
        return self.messages[-2].content or ""

    @property
    def answer(self) -> str:
        return self.messages[-1].content or ""


@dataclass(frozen=True, slots=True)
class BadExample:
    """A row that the user has refused, and why; shown in every later prompt."""

    question: str
    answer: str
    reason: str


class Recipe(Protocol):
    """Request `number` (from 0) asks for `rows_per_request` rows; the same number always asks about the same thing."""

    @property
    def n_requests(self) -> int | None:
        """After how many requests there is nothing new to ask; None where there is always more."""
        ...

    def ask(self, number: int, bad: Sequence[BadExample]) -> list[ChatMessage]: ...

    def read(self, number: int, text: str) -> list[Candidate]:
        """What can be read of the answer to request `number`; empty if nothing can."""
        ...

    def refuse(self, number: int, candidate: Candidate) -> str | None:
        """A code of REASONS if the row breaks what this recipe promises, else None."""
        ...


def prompt(
    task: str,
    *,
    language: Language,
    instructions: str,
    bad: Sequence[BadExample],
    material: str,
    form: str,
) -> list[ChatMessage]:
    """The task, the user's own words, what was bad before, the material, and the form of the answer."""
    parts = [task]
    if instructions:
        parts.append(f"{'用户的要求' if language == 'zh' else 'The user asks'}: {instructions}")
    if bad:
        parts.append(_bad_examples(bad, language))
    return [{"role": "system", "content": "\n\n".join(parts)}, {"role": "user", "content": f"{material}\n\n{form}"}]


def _bad_examples(bad: Sequence[BadExample], language: Language) -> str:
    head = "下面是不合格的例子，不要写成这样：" if language == "zh" else "These rows were bad. Do not write such rows:"
    because = "原因" if language == "zh" else "because"
    lines = [f"- {shown(b.question, 300)} -> {shown(b.answer, 300)} ({because}: {b.reason})" for b in bad[-_MOST_BAD:]]
    return "\n".join([head, *lines])


def shown(text: str, most: int = _SHOWN_CHARS) -> str:
    """A row's text for a prompt: on one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most] + "..."


class Rounds:
    """Which of `n` things each request is about: all of them, in an order of chance, N_ROUNDS times."""

    def __init__(self, n: int, *, seed: int) -> None:
        self._orders = [_shuffled(n, seed=seed, round_number=number) for number in range(N_ROUNDS)]
        self.n_requests = N_ROUNDS * n

    def place(self, number: int) -> int:
        round_number, place = divmod(number, len(self._orders[0]))
        return self._orders[round_number][place]


def _shuffled(n: int, *, seed: int, round_number: int) -> list[int]:
    """0..n-1 in an order that depends on nothing else."""
    order = list(range(n))
    random.Random(f"{seed}:{round_number}").shuffle(order)  # noqa: S311 - an order, not a secret
    return order


def numbers_in(text: str) -> list[str]:
    """The numbers of a text as they are written, for recipes that must not change any."""
    return _NUMBER.findall(text)
