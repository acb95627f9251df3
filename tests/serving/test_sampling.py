"""The choice of tokens from known logits."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from tunesmith.serving.protocol import Sampling
from tunesmith.serving.sampling import Chooser, choose

LOGITS = torch.log(torch.tensor([0.5, 0.25, 0.15, 0.1]))


def draw(sampling: Sampling, times: int = 4000, seed: int = 0) -> Counter[int]:
    """Token counts of `times` independent choices."""
    choosers = [Chooser.of(Sampling(**{**_fields(sampling), "seed": seed * times + n}), 0) for n in range(times)]
    return Counter(one.token_id for one in choose(LOGITS.repeat(times, 1), choosers) if one)


def _fields(sampling: Sampling) -> dict[str, object]:
    return {name: getattr(sampling, name) for name in ("temperature", "top_p", "logit_bias", "max_tokens")}


def test_tokens_come_as_often_as_the_model_says() -> None:
    counts = draw(Sampling())
    for token, probability in enumerate((0.5, 0.25, 0.15, 0.1)):
        spread = 4 * math.sqrt(4000 * probability * (1 - probability))
        assert abs(counts[token] - 4000 * probability) < spread


def test_temperature_sharpens_and_flattens() -> None:
    sharp, flat = draw(Sampling(temperature=0.5)), draw(Sampling(temperature=2.0))
    expected = 0.25 / (0.25 + 0.0625 + 0.0225 + 0.01)
    assert sharp[0] / 4000 == pytest.approx(expected, abs=0.04)
    assert flat[3] > 4000 * 0.13


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.01, {0}), (0.5, {0}), (0.51, {0, 1}), (0.76, {0, 1, 2}), (1.0, {0, 1, 2, 3})]
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: set[int]) -> None:
    assert set(draw(Sampling(top_p=top_p))) == kept


def test_top_p_finds_its_cut_beyond_the_first_candidates_of_a_flat_distribution() -> None:
    logits = torch.zeros(1, 1000)
    logits[0, :600] = 1e-3
    seen = set()
    for seed in range(600):
        [one] = choose(logits, [Chooser.of(Sampling(top_p=0.5, seed=seed), 0)])
        assert one is not None
        seen.add(one.token_id)
    assert max(seen) < 600
    assert len(seen) > 300


def test_bias_adds_to_the_logit_and_reported_logprobs_ignore_it() -> None:
    sampling = Sampling(temperature=0.0, logit_bias={3: 100.0, 0: -100.0}, logprobs=2)
    [one] = choose(LOGITS[None].clone(), [Chooser.of(sampling, 0)])
    assert one is not None
    assert one.likelihood is not None
    assert one.token_id == 3
    assert one.likelihood.own == pytest.approx(math.log(0.1))
    assert [token for token, _ in one.likelihood.top] == [0, 1]


def test_penalties_count_what_was_generated() -> None:
    chooser = Chooser.of(Sampling(temperature=0.0, frequency_penalty=0.3, presence_penalty=0.1), 0)
    tokens = [one.token_id for _ in range(6) if (one := choose(LOGITS[None], [chooser])[0])]
    logits, counts = LOGITS.tolist(), Counter[int]()
    expected = []
    for _ in range(6):
        scores = [value - 0.3 * counts[token] - 0.1 * (counts[token] > 0) for token, value in enumerate(logits)]
        expected.append(scores.index(max(scores)))
        counts[expected[-1]] += 1
    assert tokens == expected


def test_rows_that_are_not_numbers_choose_nothing_and_harm_nobody() -> None:
    logits = LOGITS.repeat(3, 1)
    logits[1, 2] = float("nan")
    chosen = choose(logits, [Chooser.of(Sampling(seed=1, logprobs=1), 0) for _ in range(3)])
    assert chosen[1] is None
    assert chosen[0] == chosen[2]
    assert chosen[0] is not None
