"""Supervised fine-tuning: rendered examples become batches, and a batch becomes a loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tunesmith.data.packing import MIN_SHARED, pack
from tunesmith.data.prefix_tree import in_prefix_order
from tunesmith.training.attention import Segments
from tunesmith.training.losses import token_loss

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tunesmith.data.render import Rendered


_WORTH_SHARING = 0.05  # of a step's tokens: below, the tree's smaller products cost what it saves


@dataclass(frozen=True, slots=True)
class Batch:
    """What one forward pass takes, with N predictions for the rows' E trained tokens.

    `positions` index the flattened tokens. Rows that share a prefix share its predictions, so that N may be less
    than E: `prediction` (E,) finds that of each trained token, `weights` are summed over its rows. `rows` and `lines`
    tell whose the E tokens are. Packed: input_ids and position_ids are (1, T), segments say what sees what. Padded:
    (B, L) and a mask.
    """

    input_ids: Tensor
    position_ids: Tensor
    segments: Segments | None
    attention_mask: Tensor | None
    positions: Tensor
    targets: Tensor
    weights: Tensor
    prediction: Tensor
    token_weights: Tensor
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


def micro_batches(
    examples: Sequence[Rendered], *, max_tokens: int, max_trained: int, packed: bool, share_prefixes: bool = False
) -> Iterator[Batch]:
    """Split a step's examples into batches that fit in memory, longest first. One that is too long goes alone.

    Nothing after an example's last trained token can touch the loss, so it is not computed. With `share_prefixes`,
    where examples begin alike to an extent that pays, these go together and what they share is computed once.
    """
    ordered, shared = _side_by_side(examples) if packed and share_prefixes else (_longest_first(examples), None)
    group: list[Rendered] = []
    n_tokens = n_trained = n_pairs = longest = 0
    for example, n_shared in zip(ordered, shared or [0] * len(ordered), strict=True):
        length, trained = len(example.input_ids), example.n_trained
        cost = length - n_shared if packed else max(longest, length)
        # Twice the pairs of a token and one that it sees. Where nothing is shared, the bound on tokens implies theirs.
        pairs = cost * (length + n_shared)
        if group and (
            n_tokens + cost > max_tokens
            or n_trained + trained > max_trained
            or n_pairs + pairs > max_tokens * max(longest, length)
        ):
            yield collate(group, packed=packed, share_prefixes=shared is not None)
            group, n_tokens, n_trained, n_pairs, longest = [], 0, 0, 0, 0
            cost, pairs = length, length * length
        group.append(example)
        n_tokens += cost
        n_trained += trained
        n_pairs += pairs
        longest = max(longest, length)
    if group:
        yield collate(group, packed=packed, share_prefixes=shared is not None)


def _longest_first(examples: Sequence[Rendered]) -> list[Rendered]:
    return sorted((_trim(example) for example in examples), key=lambda e: (-len(e.input_ids), e.line))


def _side_by_side(examples: Sequence[Rendered]) -> tuple[list[Rendered], list[int] | None]:
    """Examples that begin alike together, and how many tokens each shares with the one before; None if too few."""
    trimmed = _longest_first(examples)
    order, shared = in_prefix_order([example.input_ids[:-1] for example in trimmed])
    shared = [n if n >= MIN_SHARED else 0 for n in shared]
    if sum(shared) < _WORTH_SHARING * sum(len(example.input_ids) for example in trimmed):
        return trimmed, None
    return [trimmed[i] for i in order], shared


def collate(examples: Sequence[Rendered], *, packed: bool, share_prefixes: bool = False) -> Batch:
    """Lay examples end to end; or pad them at the end, where the model's attention is not proved for that.

    The last token of an example predicts nothing and is left out.
    """
    flat = pack([example.input_ids[:-1] for example in examples], share_prefixes=packed and share_prefixes)
    predictions: dict[tuple[int, int], int] = {}  # (place, target) -> its number
    prediction_of, token_weights, rows = list[int](), list[float](), list[int]()
    for row, (example, places) in enumerate(zip(examples, flat.places, strict=True)):
        for place, target, weight in zip(places, example.input_ids[1:], example.weights[1:], strict=True):
            if weight > 0:
                prediction_of.append(predictions.setdefault((place, target), len(predictions)))
                token_weights.append(weight)
                rows.append(row)
    positions, targets = torch.tensor(list(predictions)).unbind(1)
    prediction, token_weight = torch.tensor(prediction_of), torch.tensor(token_weights, dtype=torch.float32)
    input_ids, position_ids = torch.tensor(flat.input_ids), torch.tensor(flat.position_ids)
    segments, attention_mask = None, None
    if packed:
        segments = Segments.of(flat.segment_lengths, flat.segment_parents)
        input_ids, position_ids = input_ids[None], position_ids[None]
    else:
        lengths = torch.tensor([len(places) for places in flat.places])
        longest = int(lengths.max())
        in_padded = torch.arange(len(lengths)).repeat_interleave(lengths) * longest + position_ids
        positions = in_padded[positions]
        attention_mask = torch.zeros(len(lengths), longest, dtype=torch.long)
        attention_mask.view(-1)[in_padded] = 1
        padded = torch.zeros_like(attention_mask)
        padded.view(-1)[in_padded] = input_ids
        input_ids, position_ids = padded, torch.arange(longest).expand(len(lengths), -1)
    return Batch(
        input_ids=input_ids,
        position_ids=position_ids,
        segments=segments,
        attention_mask=attention_mask,
        positions=positions,
        targets=targets,
        weights=torch.zeros(len(positions)).index_add_(0, prediction, token_weight),
        prediction=prediction,
        token_weights=token_weight,
        rows=torch.tensor(rows),
        lines=tuple(example.line for example in examples),
    )


def trained_logits(model: PreTrainedModel, batch: Batch) -> Tensor:
    """(N, V): logits where something is predicted, and nowhere else if the batch is packed."""
    arguments: dict[str, Any] = {"input_ids": batch.input_ids, "position_ids": batch.position_ids, "use_cache": False}
    if batch.segments is not None:
        logits: Tensor = model(**arguments, segments=batch.segments, logits_to_keep=batch.positions).logits
        return logits[0]
    logits = model(**arguments, attention_mask=batch.attention_mask).logits
    return logits.flatten(0, 1)[batch.positions]


def loss(model: PreTrainedModel, batch: Batch, *, divisor: float) -> tuple[Tensor, Score]:
    """This batch's part of sum(weight * nll) / divisor, to call backward on, and its undivided score."""
    part, nll, is_right = token_loss(trained_logits(model, batch), batch.targets, batch.weights / divisor)
    nll, is_right = nll[batch.prediction], is_right[batch.prediction]
    bad_rows = sorted(set(batch.rows[~nll.isfinite()].tolist()))
    score = Score(
        loss_sum=float((nll.double() * batch.token_weights).sum()),
        weight_sum=float(batch.token_weights.double().sum()),
        n_right=int(is_right.sum()),
        n_tokens=len(nll),
        not_finite_lines=tuple(batch.lines[row] for row in bad_rows),
    )
    return part, score


def _trim(example: Rendered) -> Rendered:
    end = 1 + max(index for index, weight in enumerate(example.weights) if weight > 0)
    return replace(example, input_ids=example.input_ids[:end], weights=example.weights[:end])
