"""Comparing two models on the same rows. Oracles: published values and the sums written out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tunesmith.evals.compare import Row, compare, mcnemar_exact, wilson_interval


def rows(n: int, group: str = "") -> list[Row]:
    return [Row(messages=({"role": "user", "content": str(i)},), expected=str(i), group=group) for i in range(n)]


class ListSampler:
    """Answers right for the questions it knows, and remembers how many calls ran at once."""

    def __init__(self, known: dict[str, set[int]]) -> None:
        self.known = known
        self.running = 0
        self.most_running = 0

    async def __call__(self, model: str, messages: Sequence[dict[str, str]]) -> str:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        question = messages[-1]["content"]
        return f" {question}\n" if int(question) in self.known[model] else "no idea"


async def test_a_clear_gain_is_called_better_and_lists_its_flips() -> None:
    sampler = ListSampler({"base": {0, 1}, "tuned": set(range(1, 12))})
    found = await compare(rows(12), base="base", tuned="tuned", sample=sampler)
    assert (found.base.right, found.tuned.right) == (2, 11)
    assert [flip.row.expected for flip in found.broken] == ["0"]
    assert len(found.fixed) == 10
    assert found.verdict == "better"
    assert "10 answers fixed and 1 broken on 12 rows" in found.reason


async def test_few_flips_are_no_clear_difference() -> None:
    sampler = ListSampler({"base": {0}, "tuned": {0, 1, 2}})
    found = await compare(rows(10), base="base", tuned="tuned", sample=sampler)
    assert found.verdict == "no clear difference"
    assert found.p_value == 0.5


async def test_the_same_answers_have_a_p_value_of_one() -> None:
    sampler = ListSampler({"base": {0}, "tuned": {0}})
    found = await compare(rows(3), base="base", tuned="tuned", sample=sampler)
    assert found.p_value == 1.0
    assert "same rows" in found.reason


async def test_a_model_that_forgot_is_called_worse() -> None:
    sampler = ListSampler({"base": set(range(10)), "tuned": set()})
    found = await compare(rows(10), base="base", tuned="tuned", sample=sampler)
    assert found.verdict == "worse"


async def test_groups_are_compared_each_on_its_own() -> None:
    sampler = ListSampler({"base": set(), "tuned": {0, 1, 2}})
    found = await compare(rows(3, "en") + rows(5, "zh"), base="base", tuned="tuned", sample=sampler)
    assert {name: (part.tuned.right, part.tuned.n) for name, part in found.groups().items()} == {
        "en": (3, 3),
        "zh": (3, 5),
    }


async def test_requests_run_together_but_never_more_than_allowed() -> None:
    sampler = ListSampler({"base": set(), "tuned": set()})
    answered = []
    await compare(
        rows(20), base="base", tuned="tuned", sample=sampler, concurrency=4, on_answer=lambda: answered.append(1)
    )
    assert sampler.most_running == 4
    assert len(answered) == 40


async def test_a_failing_request_fails_the_comparison_with_its_own_error() -> None:
    async def sample(model: str, messages: Sequence[dict[str, str]]) -> str:
        raise ConnectionError("the engine is gone")

    with pytest.raises(ConnectionError, match="the engine is gone"):
        await compare(rows(4), base="base", tuned="tuned", sample=sample)


@pytest.mark.parametrize(
    ("fixed", "broken", "expected"),
    [(10, 0, 2 / 1024), (0, 10, 2 / 1024), (9, 1, 22 / 1024), (5, 5, 1.0), (0, 0, 1.0), (1, 0, 1.0)],
)
def test_mcnemar_equals_the_binomial_sum(fixed: int, broken: int, expected: float) -> None:
    assert mcnemar_exact(fixed, broken) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # Newcombe 1998, table I, method 3 (Wilson score)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_equals_newcombes_published_values(right: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=1e-4)
