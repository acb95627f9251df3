"""Sequences become batches: in what order, and laid end to end without padding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from tunesmith.data.prefix_tree import Node, prefix_tree

MIN_SHARED = 8
"""Tokens. A shorter beginning in common costs more in bookkeeping than it saves."""


@dataclass(frozen=True, slots=True)
class FlatBatch:
    """Segments end to end, T tokens: whole sequences, or what several share once and then how each goes on.

    `segment_parents[s]` is the segment before s in its sequences, -1 where they begin. `position_ids` count from the
    beginning of the sequence. `places[i][t]` is where token t of sequence i lies.
    """

    input_ids: list[int] = field(default_factory=list)
    position_ids: list[int] = field(default_factory=list)
    segment_lengths: list[int] = field(default_factory=list)
    segment_parents: list[int] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)


def pack(sequences: Sequence[list[int]], *, share_prefixes: bool = False) -> FlatBatch:
    """Lay the sequences end to end in the order given; or as the tree that they form, a node before its children."""
    everything = list(range(len(sequences)))
    nodes = prefix_tree(sequences, min_shared=MIN_SHARED) if share_prefixes else [Node(-1, 0, everything, everything)]
    batch = FlatBatch(places=[[] for _ in sequences])
    ends: list[_End] = []
    for node in nodes:
        before = ends[node.parent] if ends else _BEGINNING
        ends.append(_lay(batch, sequences[node.sequences[0]][: node.depth], before) if node.depth else before)
        for i in node.alone:
            batch.places[i] = _lay(batch, sequences[i], ends[-1]).places
    return batch


@dataclass(frozen=True, slots=True)
class _End:
    """How far a sequence is laid: its last segment, and where its tokens lie."""

    segment: int
    places: list[int]


_BEGINNING = _End(-1, [])


def _lay(batch: FlatBatch, sequence: Sequence[int], before: _End) -> _End:
    depth, start = len(before.places), len(batch.input_ids)
    if len(sequence) == depth:
        return before
    batch.input_ids.extend(sequence[depth:])
    batch.position_ids.extend(range(depth, len(sequence)))
    batch.segment_lengths.append(len(sequence) - depth)
    batch.segment_parents.append(before.segment)
    return _End(len(batch.segment_lengths) - 1, [*before.places, *range(start, len(batch.input_ids))])


def epoch_batches(n: int, *, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The numbers below n in a shuffled order that depends only on (seed, epoch), cut into batches.

    The last batch may be smaller; an example is never dropped or repeated. The order comes from a hash instead of a
    random generator, so that it is the same on every platform and Python version and a resumed run needs no state.
    """
    return _cut(sorted(range(n), key=lambda i: _shuffle_key(seed, epoch, i)), batch_size)


def _cut(order: Sequence[int], batch_size: int) -> list[list[int]]:
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, expected 1 or more")
    return [list(order[start : start + batch_size]) for start in range(0, len(order), batch_size)]


def _shuffle_key(seed: int, epoch: int, index: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{epoch}:{index}".encode(), digest_size=16).digest()
