"""Token sequences that begin alike form a tree, in which what they share is one node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Node:
    """All `sequences` agree in their first `depth` tokens. `alone` are those of no child: they go on by themselves.

    `parent` is its place in the list of nodes, which is before this node's; -1 for the root.
    """

    parent: int
    depth: int
    sequences: list[int]
    alone: list[int]


def prefix_tree(sequences: Sequence[list[int]], *, min_shared: int) -> list[Node]:
    """Nodes from the root, of depth 0; the numbers in them index `sequences`.

    Below the root, a node is two sequences or more that share `min_shared` tokens or more beyond its parent.
    Sequences that are equal, or one the beginning of the other, end in the node that they share.
    """
    order, shared = in_prefix_order(sequences)
    nodes: list[Node] = []
    waiting = [(0, len(order), -1, 0)]
    while waiting:
        first, end, parent, depth = waiting.pop()
        node = Node(parent, depth, order[first:end], [])
        nodes.append(node)
        children = []
        for start, stop in _runs(shared, first, end, least=depth + min_shared):
            if stop - start == 1:
                node.alone.append(order[start])
            else:
                children.append((start, stop, len(nodes) - 1, min(shared[start + 1 : stop])))
        waiting += reversed(children)
    return nodes


def in_prefix_order(sequences: Sequence[list[int]]) -> tuple[list[int], list[int]]:
    """The sequences' numbers, those that begin alike side by side; and how many tokens each shares with the one before.

    No earlier sequence shares more. Equal sequences keep their order.
    """
    order = sorted(range(len(sequences)), key=lambda i: sequences[i])
    return order, [0, *(n_shared(sequences[a], sequences[b]) for a, b in pairwise(order))][: len(order)]


def n_shared(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two sequences share at the beginning."""
    different = (place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return next(different, min(len(a), len(b)))


def _runs(shared: Sequence[int], first: int, end: int, *, least: int) -> list[tuple[int, int]]:
    """Cut [first, end) wherever an item shares less than `least` with the one before."""
    cuts = [first, *(i for i in range(first + 1, end) if shared[i] < least), end]
    return list(pairwise(cuts))
