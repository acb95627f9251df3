"""Which token comes next: penalties and bias, temperature and top-p, and what the model itself thought of it.

A choice draws one random number per token from its own generator and looks it up in the cumulative distribution, in the
order of the token ids. So a seed gives the same tokens whatever else is in the batch.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tunesmith.serving.protocol import Sampling

# A smaller temperature is zero in float32; this one already leaves only ties with the maximum.
_COLDEST = 1e-6

Floats = npt.NDArray[np.float32]


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
    # numpy: on these shapes its argmax and cumsum take a tenth of the time of torch's.
    rows = logits.cpu().numpy()
    is_sound = np.isfinite(rows.max(-1))
    token_ids = [
        _choose_one(row, chooser) if sound else -1 for row, chooser, sound in zip(rows, choosers, is_sound, strict=True)
    ]
    asked = [row for row, chooser in enumerate(choosers) if chooser.sampling.logprobs is not None and is_sound[row]]
    found = dict(zip(asked, _likelihoods(logits, asked, token_ids, choosers), strict=True))
    return [Chosen(token_id, found.get(row)) if is_sound[row] else None for row, token_id in enumerate(token_ids)]


def _choose_one(logits: Floats, chooser: Chooser) -> int:
    if chooser.alters_logits:
        logits = _adjust(logits, chooser)
    if chooser.sampling.temperature > 0:
        token_id = _draw(logits, chooser.sampling, chooser.rng.random())
    else:
        token_id = int(logits.argmax())
    chooser.counts[token_id] += 1
    return token_id


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


def _adjust(logits: Floats, chooser: Chooser) -> Floats:
    """Apply logit_bias and penalties: bias - count * frequency_penalty - (count > 0) * presence_penalty.

    Source: OpenAI, API reference, "Frequency and presence penalties"; only generated tokens count.
    """
    adjusted = logits.copy()
    for token_id, bias in chooser.sampling.logit_bias.items():
        adjusted[token_id] += bias
    for token_id, count in chooser.counts.items():
        adjusted[token_id] -= count * chooser.sampling.frequency_penalty + chooser.sampling.presence_penalty
    return adjusted


def _draw(logits: Floats, sampling: Sampling, drawn: float) -> int:
    """The token at `drawn`, in [0, 1), of the cumulative distribution."""
    # The maximum goes first: a tiny temperature then sends the rest to zero instead of everything to infinity.
    with np.errstate(over="ignore", under="ignore"):
        weights = np.exp((logits - logits.max()) / max(sampling.temperature, _COLDEST))
    if sampling.top_p < 1:
        weights = _nucleus(weights, sampling.top_p)
    cumulative = np.cumsum(weights, dtype=np.float64)
    total = cumulative[-1]
    return int(np.searchsorted(cumulative, min(drawn * total, np.nextafter(total, 0)), side="right"))


def _nucleus(weights: Floats, top_p: float) -> Floats:
    """Zero every token outside the smallest set of most likely ones whose share reaches `top_p`."""
    total = weights.sum(dtype=np.float64)
    # All tokens below this share together have less than what may be left out, so none of them is in the set.
    likely = weights[weights >= (1 - top_p) * total / len(weights)]
    descending = np.sort(likely)[::-1]
    before = np.cumsum(descending, dtype=np.float64) - descending
    kept = max(1, int((before < top_p * total).sum()))
    return np.where(weights >= descending[kept - 1], weights, np.float32(0))
