"""Supervised fine-tuning: rendered examples become batches, and a batch becomes a loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tunesmith.data.packing import pack
from tunesmith.training.attention import Segments
from tunesmith.training.losses import token_loss

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tunesmith.data.render import Rendered


@dataclass(frozen=True, slots=True)
class Batch:
    """What one forward pass takes, with N trained positions.

    `positions` index the flattened tokens; `rows` and `lines` tell whose they are. Packed: input_ids and position_ids
    are (1, T), segments say where each sequence lies. Padded: (B, L) and a mask.
    """

    input_ids: Tensor
    position_ids: Tensor
    segments: Segments | None
    attention_mask: Tensor | None
    positions: Tensor
    targets: Tensor
    weights: Tensor
    rows: Tensor
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over trained tokens, so that the scores of micro-batches add up exactly to that of the whole."""

    loss_sum: float = 0.0
    weight_sum: float = 0.0
    n_right: int = 0
    n_tokens: int = 0
    not_finite_lines: tuple[int, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.loss_sum + other.loss_sum,
            self.weight_sum + other.weight_sum,
            self.n_right + other.n_right,
            self.n_tokens + other.n_tokens,
            self.not_finite_lines + other.not_finite_lines,
        )

    @property
    def mean_loss(self) -> float:
        return self.loss_sum / self.weight_sum

    @property
    def mean_token_accuracy(self) -> float:
        return self.n_right / self.n_tokens


def trained_weight(examples: Sequence[Rendered]) -> float:
    """The weight by which the step's summed loss is divided."""
    return math.fsum(weight for example in examples for weight in example.weights[1:])


def micro_batches(examples: Sequence[Rendered], *, max_tokens: int, max_trained: int, packed: bool) -> Iterator[Batch]:
    """Split a step's examples into batches that fit in memory, longest first. One that is too long goes alone.

    Nothing after an example's last trained token can touch the loss, so it is not computed.
    """
    trimmed = [_trim(example) for example in examples]
    group: list[Rendered] = []
    n_tokens = n_trained = 0
    for example in sorted(trimmed, key=lambda e: (-len(e.input_ids), e.line)):
        length, trained = len(example.input_ids), sum(weight > 0 for weight in example.weights)
        cost = length if packed or not group else len(group[0].input_ids)
        if group and (n_tokens + cost > max_tokens or n_trained + trained > max_trained):
            yield collate(group, packed=packed)
            group, n_tokens, n_trained = [], 0, 0
            cost = length
        group.append(example)
        n_tokens += cost
        n_trained += trained
    if group:
        yield collate(group, packed=packed)


def collate(examples: Sequence[Rendered], *, packed: bool) -> Batch:
    """Lay examples end to end; or pad them at the end, where the model's attention is not proved for that."""
    flat = pack(examples)
    lengths = flat.segment_lengths
    labels, weights = torch.tensor(flat.labels), torch.tensor(flat.label_weights)
    positions = weights.nonzero()[:, 0]
    rows = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    input_ids, position_ids = torch.tensor(flat.input_ids), torch.tensor(flat.position_ids)
    segments, attention_mask = None, None
    targets, trained_weights, trained_rows = labels[positions], weights[positions], rows[positions]
    if packed:
        segments = Segments.of(lengths)
        input_ids, position_ids = input_ids[None], position_ids[None]
    else:
        longest = max(lengths)
        place = rows * longest + position_ids
        positions = place[positions]
        attention_mask = torch.zeros(len(lengths), longest, dtype=torch.long)
        attention_mask.view(-1)[place] = 1
        padded = torch.zeros_like(attention_mask)
        padded.view(-1)[place] = input_ids
        input_ids, position_ids = padded, torch.arange(longest).expand(len(lengths), -1)
    return Batch(
        input_ids=input_ids,
        position_ids=position_ids,
        segments=segments,
        attention_mask=attention_mask,
        positions=positions,
        targets=targets,
        weights=trained_weights,
        rows=trained_rows,
        lines=tuple(example.line for example in examples),
    )


def trained_logits(model: PreTrainedModel, batch: Batch) -> Tensor:
    """(N, V): logits where a token is trained, and nowhere else if the batch is packed."""
    arguments: dict[str, Any] = {"input_ids": batch.input_ids, "position_ids": batch.position_ids, "use_cache": False}
    if batch.segments is not None:
        logits: Tensor = model(**arguments, segments=batch.segments, logits_to_keep=batch.positions).logits
        return logits[0]
    logits = model(**arguments, attention_mask=batch.attention_mask).logits
    return logits.flatten(0, 1)[batch.positions]


def loss(model: PreTrainedModel, batch: Batch, *, divisor: float) -> tuple[Tensor, Score]:
    """This batch's part of sum(weight * nll) / divisor, to call backward on, and its undivided score."""
    part, nll, is_right = token_loss(trained_logits(model, batch), batch.targets, batch.weights / divisor)
    bad_rows = sorted(set(batch.rows[~nll.isfinite()].tolist()))
    score = Score(
        loss_sum=float((nll.double() * batch.weights).sum()),
        weight_sum=float(batch.weights.double().sum()),
        n_right=int(is_right.sum()),
        n_tokens=len(nll),
        not_finite_lines=tuple(batch.lines[row] for row in bad_rows),
    )
    return part, score


def _trim(example: Rendered) -> Rendered:
    end = 1 + max(index for index, weight in enumerate(example.weights) if weight > 0)
    return replace(example, input_ids=example.input_ids[:end], weights=example.weights[:end])
