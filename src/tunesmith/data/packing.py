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


def grouped_epoch_batches(
    families: Sequence[Node], *, rows_per_group: int, batch_size: int, seed: int, epoch: int
) -> list[list[int]]:
    """Like epoch_batches, but rows that begin alike go into the same step in small groups.

    `families` is the prefix tree of all rows. From its leaves up, the rows of a node are shuffled and cut into groups
    of `rows_per_group`; what is left over joins the rows of the node's parent. So who is grouped with whom changes each
    epoch, within the family that shares most. The groups are shuffled as a whole, and a step takes the next ones: 16
    rows in groups of 4 are four families, or four parts of larger ones. Only the last group may be smaller.
    """
    groups: list[list[int]] = []
    left: list[list[list[int]]] = [[] for _ in families]
    for number in reversed(range(len(families))):
        node = families[number]
        pieces = sorted([*left[number], *([i] for i in node.alone)], key=lambda p: _shuffle_key(seed, epoch, p[0]))
        rows = [i for piece in pieces for i in piece]
        is_root = node.parent < 0
        n_grouped = len(rows) if is_root else len(rows) - len(rows) % rows_per_group
        groups += [rows[i : min(i + rows_per_group, n_grouped)] for i in range(0, n_grouped, rows_per_group)]
        if n_grouped < len(rows):
            left[node.parent].append(rows[n_grouped:])
    groups.sort(key=lambda group: (len(group) < rows_per_group, _shuffle_key(seed, epoch, group[0], "group")))
    return _cut([i for group in groups for i in group], batch_size)


def _cut(order: Sequence[int], batch_size: int) -> list[list[int]]:
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, expected 1 or more")
    return [list(order[start : start + batch_size]) for start in range(0, len(order), batch_size)]


def _shuffle_key(seed: int, epoch: int, index: int, what: str = "") -> bytes:
    return hashlib.blake2b(f"{seed}:{epoch}:{index}{what}".encode(), digest_size=16).digest()
