"""The tree of what token sequences share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.prefix_tree import in_prefix_order, n_shared, prefix_tree

SEQUENCES = st.lists(st.lists(st.integers(0, 1), max_size=12), min_size=1, max_size=12)


def test_a_node_holds_what_all_below_it_share():
    root, child = prefix_tree([[1, 2, 3, 4], [5], [1, 2, 3, 9], [1, 2, 3]], min_shared=2)

    assert (root.parent, root.depth, root.alone) == (-1, 0, [1])
    assert (child.parent, child.depth, sorted(child.alone)) == (0, 3, [0, 2, 3])


def test_a_long_chain_of_beginnings_is_no_deep_recursion():
    nodes = prefix_tree([list(range(n)) for n in range(1, 2001)], min_shared=1)

    assert len(nodes) == 2000
    assert nodes[-1].depth == 1999


def test_nothing_makes_a_tree_of_nothing():
    assert in_prefix_order([]) == ([], [])
    assert [node.alone for node in prefix_tree([[]], min_shared=1)] == [[0]]


@given(SEQUENCES, st.integers(1, 4))
def test_every_sequence_is_alone_in_exactly_one_node_and_agrees_with_it(sequences: list[list[int]], min_shared: int):
    nodes = prefix_tree(sequences, min_shared=min_shared)

    assert sorted(i for node in nodes for i in node.alone) == list(range(len(sequences)))
    for number, node in enumerate(nodes):
        assert len({tuple(sequences[i][: node.depth]) for i in node.sequences}) == 1
        assert all(len(sequences[i]) >= node.depth for i in node.sequences)
        assert node.parent < number
        if node.parent >= 0:
            assert node.depth >= nodes[node.parent].depth + min_shared
            assert len(node.sequences) >= 2


@given(SEQUENCES, st.integers(1, 4))
def test_sequences_part_only_where_they_share_less_than_a_node_is_worth(sequences: list[list[int]], min_shared: int):
    for node in prefix_tree(sequences, min_shared=min_shared):
        for i in node.alone:
            assert all(n_shared(sequences[i], sequences[j]) < node.depth + min_shared for j in node.alone if j != i)


@given(SEQUENCES)
def test_in_prefix_order_the_one_before_shares_most(sequences: list[list[int]]):
    order, shared = in_prefix_order(sequences)

    assert sorted(order) == list(range(len(sequences)))
    for place, i in enumerate(order):
        assert shared[place] == max((n_shared(sequences[i], sequences[j]) for j in order[:place]), default=0)
