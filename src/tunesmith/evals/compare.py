"""Base against tuned on the same rows: accuracy of both, which answers flipped, whether the difference can be chance.

Two models answering the same rows are a paired experiment, so the test looks only at the rows where they differ: if
tuning changed nothing, each flip is as likely to fix an answer as to break one (McNemar's exact test).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution
SIGNIFICANT = 0.05


class Sampler(Protocol):
    """Asks one model for one answer; called for many rows at once, so that an engine can batch them."""

    async def __call__(self, model: str, messages: Sequence[dict[str, str]]) -> str: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A question with the one right answer; `group` splits the table (a language, a category)."""

    messages: tuple[dict[str, str], ...]
    expected: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    row: Row
    base: str
    tuned: str

    @property
    def base_is_right(self) -> bool:
        return matches(self.base, self.row.expected)

    @property
    def tuned_is_right(self) -> bool:
        return matches(self.tuned, self.row.expected)


@dataclass(frozen=True, slots=True)
class Score:
    """`right` of `n` answers with the 95 % Wilson interval of the accuracy."""

    right: int
    n: int

    @property
    def accuracy(self) -> float:
        return self.right / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.right, self.n)


@dataclass(frozen=True, slots=True)
class Comparison:
    answers: tuple[Answered, ...]

    @property
    def base(self) -> Score:
        return Score(sum(a.base_is_right for a in self.answers), len(self.answers))

    @property
    def tuned(self) -> Score:
        return Score(sum(a.tuned_is_right for a in self.answers), len(self.answers))

    @property
    def fixed(self) -> tuple[Answered, ...]:
        return tuple(a for a in self.answers if a.tuned_is_right and not a.base_is_right)

    @property
    def broken(self) -> tuple[Answered, ...]:
        return tuple(a for a in self.answers if a.base_is_right and not a.tuned_is_right)

    @property
    def p_value(self) -> float:
        return mcnemar_exact(len(self.fixed), len(self.broken))

    @property
    def verdict(self) -> Literal["better", "worse", "no clear difference"]:
        if self.p_value >= SIGNIFICANT:
            return "no clear difference"
        return "better" if len(self.fixed) > len(self.broken) else "worse"

    @property
    def reason(self) -> str:
        """The verdict as a sentence with the numbers it rests on."""
        fixed, broken = len(self.fixed), len(self.broken)
        found = f"{fixed} answers fixed and {broken} broken on {len(self.answers)} rows"
        chance = f"by chance alone so uneven a split comes up with probability {self.p_value:.2g}"
        if fixed + broken == 0:
            return f"{found}: both models are right and wrong on the same rows."
        if self.verdict == "no clear difference":
            return f"{found}: {chance}, too often to call it a difference; more held-out rows would tell."
        return f"{found}: {chance}, so the tuned model is {self.verdict}."

    def groups(self) -> dict[str, Comparison]:
        """The same comparison for each group of rows, in the order they first appear."""
        names = dict.fromkeys(answer.row.group for answer in self.answers)
        return {name: Comparison(tuple(a for a in self.answers if a.row.group == name)) for name in names}


def matches(answer: str, expected: str) -> bool:
    """Exact match apart from surrounding white space."""
    return answer.strip() == expected.strip()


async def compare(
    rows: Sequence[Row],
    *,
    base: str,
    tuned: str,
    sample: Sampler,
    concurrency: int = 16,
    on_answer: Callable[[], None] = lambda: None,
) -> Comparison:
    """Ask both models every row, at most `concurrency` requests at a time; `on_answer` is called after each answer.

    The first failing request cancels the rest and its exception is raised: a comparison with holes would mislead.
    """
    slots = asyncio.Semaphore(concurrency)

    async def ask(model: str, row: Row) -> str:
        async with slots:
            answer = await sample(model, row.messages)
        on_answer()
        return answer

    base_answers, tuned_answers = await _gather_models(
        [ask(base, row) for row in rows],
        [ask(tuned, row) for row in rows],
    )
    return Comparison(
        tuple(Answered(row, b, t) for row, b, t in zip(rows, base_answers, tuned_answers, strict=True)),
    )


async def _gather_models(*batches: Sequence[Awaitable[str]]) -> list[list[str]]:
    async def awaited(answer: Awaitable[str]) -> str:
        return await answer

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [[group.create_task(awaited(answer)) for answer in batch] for batch in batches]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [[task.result() for task in batch] for batch in tasks]


def wilson_interval(right: int, n: int, *, z: float = Z_95) -> tuple[float, float]:
    """Interval of a proportion that stays inside 0..1 and is honest for few rows. Source: Wilson 1927."""
    if n == 0:
        return 0.0, 1.0
    p = right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Two-sided exact p-value that `fixed` against `broken` flips are fair coin throws.

    Source: McNemar 1947, binomial form.
    """
    n = fixed + broken
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, k) for k in range(min(fixed, broken) + 1))
    return min(1.0, tail / (1 << (n - 1)))
