"""Which token comes next: penalties and bias, temperature and top-p, and what the model itself thought of it.

A choice draws one random number per token from its own generator and looks it up in the cumulative distribution, in the
order of the token ids. So a seed gives the same tokens whatever else is in the batch.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tunesmith.serving.protocol import Sampling

# Enough of the most likely tokens to find the top-p cut in nearly every row without sorting the vocabulary.
_TOP_P_CANDIDATES = 128


@dataclass(slots=True)
class Chooser:
    """What one choice remembers from token to token."""

    sampling: Sampling
    rng: random.Random
    counts: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, sampling: Sampling, index: int) -> Chooser:
        """`index` numbers the `n` choices of a request, which differ even under one seed."""
        rng = random.Random() if sampling.seed is None else random.Random(f"{sampling.seed}/{index}")  # noqa: S311
        return cls(sampling, rng)

    @property
    def alters_logits(self) -> bool:
        sampling = self.sampling
        return bool(sampling.logit_bias) or (
            bool(self.counts) and (sampling.frequency_penalty != 0 or sampling.presence_penalty != 0)
        )


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-probabilities in nats under the model itself: the token's own, and the most likely (id, logprob) pairs."""

    own: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """`likelihood` is None unless the request asked for logprobs."""

    token_id: int
    likelihood: Likelihood | None


def choose(logits: Tensor, choosers: Sequence[Chooser]) -> list[Chosen | None]:
    """The next token of each row of `logits`, (R, V) float32; None for a row whose logits are not numbers."""
    is_sound = logits.amax(-1).isfinite().tolist()
    adjusted = _adjust(logits, choosers)
    token_ids = adjusted.argmax(-1).tolist()
    drawn = [row for row, chooser in enumerate(choosers) if chooser.sampling.temperature > 0 and is_sound[row]]
    if drawn:
        picked = _draw(adjusted[drawn] if len(drawn) < len(choosers) else adjusted, [choosers[row] for row in drawn])
        for row, token_id in zip(drawn, picked, strict=True):
            token_ids[row] = token_id
    asked = [row for row, chooser in enumerate(choosers) if chooser.sampling.logprobs is not None and is_sound[row]]
    likelihoods = dict(zip(asked, _likelihoods(logits, asked, token_ids, choosers), strict=True))
    chosen: list[Chosen | None] = []
    for row, chooser in enumerate(choosers):
        if is_sound[row]:
            chooser.counts[token_ids[row]] += 1
            chosen.append(Chosen(token_ids[row], likelihoods.get(row)))
        else:
            chosen.append(None)
    return chosen


def likelihoods(logits: Tensor, token_ids: Sequence[int], n_top: int) -> list[Likelihood]:
    """How likely each of the given tokens was in its row of `logits`, (R, V), and the `n_top` most likely ones."""
    logprobs = torch.log_softmax(logits, -1)
    own = logprobs.gather(1, torch.tensor(token_ids, device=logits.device)[:, None])[:, 0].tolist()
    top = torch.topk(logprobs, min(n_top, logits.shape[-1]))
    pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return [
        Likelihood(chance, tuple(zip(ids, values, strict=True)))
        for chance, (ids, values) in zip(own, pairs, strict=True)
    ]


def _likelihoods(
    logits: Tensor, rows: Sequence[int], token_ids: Sequence[int], choosers: Sequence[Chooser]
) -> list[Likelihood]:
    if not rows:
        return []
    counts = [choosers[row].sampling.logprobs or 0 for row in rows]
    found = likelihoods(logits[list(rows)], [token_ids[row] for row in rows], max(counts))
    return [Likelihood(one.own, one.top[:count]) for one, count in zip(found, counts, strict=True)]


def _adjust(logits: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    """Apply logit_bias and penalties: bias - count * frequency_penalty - (count > 0) * presence_penalty.

    Source: OpenAI, API reference, "Frequency and presence penalties"; only generated tokens count.
    """
    altered = [row for row, chooser in enumerate(choosers) if chooser.alters_logits]
    if not altered:
        return logits
    adjusted = logits.clone()
    for row in altered:
        chooser = choosers[row]
        change = defaultdict(float, chooser.sampling.logit_bias)
        for token, count in chooser.counts.items():
            change[token] -= count * chooser.sampling.frequency_penalty + chooser.sampling.presence_penalty
        ids = torch.tensor(list(change), device=logits.device)
        adjusted[row, ids] += torch.tensor(list(change.values()), device=logits.device)
    return adjusted


def _draw(logits: Tensor, choosers: Sequence[Chooser]) -> list[int]:
    temperatures = torch.tensor([chooser.sampling.temperature for chooser in choosers], device=logits.device)
    # The maximum goes first: a tiny temperature then sends the rest to zero instead of everything to infinity.
    scaled = (logits - logits.amax(-1, keepdim=True)) / temperatures[:, None]
    probabilities = scaled.softmax(-1)
    cut = [row for row, chooser in enumerate(choosers) if chooser.sampling.top_p < 1]
    if cut:
        top_p = torch.tensor([choosers[row].sampling.top_p for row in cut], device=logits.device)
        probabilities[cut] = _nucleus(probabilities[cut], top_p)
    cumulative = probabilities.cumsum(-1, dtype=torch.float64)
    total = cumulative[:, -1:]
    drawn = torch.tensor([[chooser.rng.random()] for chooser in choosers], dtype=torch.float64, device=logits.device)
    target = torch.minimum(drawn * total, torch.nextafter(total, torch.zeros_like(total)))
    picked: list[int] = torch.searchsorted(cumulative, target, right=True)[:, 0].tolist()
    return picked


def _nucleus(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """Zero every token outside the smallest set of most likely ones whose probabilities reach `top_p`."""
    count = min(_TOP_P_CANDIDATES, probabilities.shape[-1])
    candidates = torch.topk(probabilities, count).values
    if bool((candidates.sum(-1) < top_p).any()):
        candidates = probabilities.sort(-1, descending=True).values
    before = candidates.cumsum(-1) - candidates
    kept = (before < top_p[:, None]).sum(-1, keepdim=True).clamp_min(1)
    threshold = candidates.gather(1, kept - 1)
    return torch.where(probabilities >= threshold, probabilities, torch.zeros_like(probabilities))
