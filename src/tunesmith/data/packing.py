"""Sequences become batches: in what order, and laid end to end without padding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunesmith.data.render import Rendered

NO_LABEL = -100  # PyTorch's and Hugging Face's value for "predict nothing here"


@dataclass(frozen=True, slots=True)
class FlatBatch:
    """Several sequences end to end; every list but `segment_lengths` has their total length T.

    `position_ids` restart at 0 in each segment. `labels[t]` is the token that position t must predict, that is the
    next one of the same segment (NO_LABEL at a segment's end and where the weight is 0), and `label_weights[t]` its
    weight in the loss: already shifted.
    """

    input_ids: list[int]
    position_ids: list[int]
    segment_lengths: list[int]
    labels: list[int]
    label_weights: list[float]


def epoch_batches(lengths: Sequence[int], *, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices of `lengths` in a shuffled order that depends only on (seed, epoch), cut into batches.

    The last batch may be smaller; an example is never dropped or repeated. The order comes from a hash instead of a
    random generator, so that it is the same on every platform and Python version and a resumed run needs no state.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, expected 1 or more")
    order = sorted(range(len(lengths)), key=lambda index: _shuffle_key(seed, epoch, index))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _shuffle_key(seed: int, epoch: int, index: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{epoch}:{index}".encode(), digest_size=16).digest()


def pack(rendered: Sequence[Rendered]) -> FlatBatch:
    """Lay the sequences end to end, in the order given."""
    batch = FlatBatch([], [], [], [], [])
    for sequence in rendered:
        length = len(sequence.input_ids)
        batch.input_ids.extend(sequence.input_ids)
        batch.position_ids.extend(range(length))
        batch.segment_lengths.append(length)
        following = zip(sequence.input_ids[1:], sequence.weights[1:], strict=True)
        for token, weight in following:
            batch.labels.append(token if weight else NO_LABEL)
            batch.label_weights.append(weight)
        batch.labels.append(NO_LABEL)
        batch.label_weights.append(0.0)
    return batch
