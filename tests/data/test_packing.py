"""Batches: the order of an epoch, and sequences laid end to end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.packing import epoch_batches, grouped_epoch_batches, pack
from tunesmith.data.prefix_tree import prefix_tree


def test_every_example_is_in_exactly_one_batch_of_an_epoch():
    batches = epoch_batches(23, batch_size=4, seed=7, epoch=0)

    assert [len(batch) for batch in batches] == [4, 4, 4, 4, 4, 3]
    assert sorted(index for batch in batches for index in batch) == list(range(23))


def test_the_order_depends_on_seed_and_epoch_alone():
    first = epoch_batches(50, batch_size=4, seed=7, epoch=0)

    assert first == epoch_batches(50, batch_size=4, seed=7, epoch=0)
    assert first != epoch_batches(50, batch_size=4, seed=7, epoch=1)
    assert first != epoch_batches(50, batch_size=4, seed=8, epoch=0)
    assert epoch_batches(6, batch_size=6, seed=42, epoch=3) == [[2, 0, 5, 1, 3, 4]]


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="batch_size is 0"):
        epoch_batches(1, batch_size=0, seed=1, epoch=0)


def test_rows_that_begin_alike_go_into_the_same_step_in_small_groups():
    families = [[f] * 40 + [f, i] for f in range(10) for i in range(6)]
    tree = prefix_tree(families, min_shared=16)

    batches = grouped_epoch_batches(tree, rows_per_group=4, batch_size=16, seed=7, epoch=0)

    assert [len(batch) for batch in batches] == [16, 16, 16, 12]
    assert sorted(i for batch in batches for i in batch) == list(range(60))
    whole_groups = [batch[start : start + 4] for batch in batches for start in range(0, len(batch), 4)]
    assert sum(len({i // 6 for i in group}) == 1 for group in whole_groups) >= 10
    assert all(len({i // 6 for i in batch}) >= 3 for batch in batches)


def test_who_is_grouped_with_whom_changes_each_epoch_and_depends_on_seed_and_epoch_alone():
    tree = prefix_tree([[1] * 20 + [i] for i in range(40)], min_shared=16)

    def batches(seed: int, epoch: int) -> list[list[int]]:
        return grouped_epoch_batches(tree, rows_per_group=4, batch_size=8, seed=seed, epoch=epoch)

    assert batches(7, 0) == batches(7, 0)
    assert batches(7, 0) != batches(7, 1)
    assert batches(7, 0) != batches(8, 0)
    together = [{frozenset(batch[i : i + 4]) for batch in batches(7, e) for i in (0, 4)} for e in (0, 1)]
    assert len(together[0] & together[1]) <= 1


def test_rows_that_are_left_over_join_those_that_share_less():
    system = [1] * 20
    passages = [[*system, *[p] * 20, q] for p in (2, 3) for q in (5, 6, 7)]
    tree = prefix_tree([*passages, [*system, 4, 4], [9, 9]], min_shared=16)

    first, second = grouped_epoch_batches(tree, rows_per_group=2, batch_size=4, seed=1, epoch=0)

    pairs = [{row // 3 for row in pair} for pair in (first[:2], first[2:], second[:2], second[2:])]
    assert {0} in pairs
    assert {1} in pairs


@given(
    st.lists(st.lists(st.integers(0, 1), max_size=10), min_size=1, max_size=60),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_a_grouped_epoch_takes_every_row_exactly_once(rows: list[list[int]], rows_per_group: int, batch_size: int):
    tree = prefix_tree(rows, min_shared=2)

    batches = grouped_epoch_batches(tree, rows_per_group=rows_per_group, batch_size=batch_size, seed=3, epoch=1)

    assert sorted(i for batch in batches for i in batch) == list(range(len(rows)))
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_families_are_spread_over_the_whole_epoch():
    """Large families have more groups; none of them may come earlier or later for that."""
    sizes = [4] * 40 + [160]
    family_of = [family for family, size in enumerate(sizes) for _ in range(size)]
    tree = prefix_tree([[family] * 20 + [i] for i, family in enumerate(family_of)], min_shared=16)

    places = []
    for epoch in range(20):
        batches = grouped_epoch_batches(tree, rows_per_group=4, batch_size=16, seed=1, epoch=epoch)
        order = [i for batch in batches for i in batch]
        places += [place / len(order) for place, i in enumerate(order) if family_of[i] == 40]
    assert sum(places) / len(places) == pytest.approx(0.5, abs=0.03)


def test_sequences_are_laid_end_to_end():
    batch = pack([[1, 2, 3], [1, 2]])

    assert batch.input_ids == [1, 2, 3, 1, 2]
    assert batch.position_ids == [0, 1, 2, 0, 1]
    assert batch.segment_lengths == [3, 2]
    assert batch.segment_parents == [-1, -1]
    assert batch.places == [[0, 1, 2], [3, 4]]


def test_what_sequences_share_is_laid_once():
    system, question = list(range(100, 110)), list(range(20, 30))
    batch = pack([[*system, 1, 2], [*system, *question, 3], [9], [*system, *question]], share_prefixes=True)

    assert batch.segment_lengths == [1, 10, 2, 10, 1]
    assert batch.segment_parents == [-1, -1, 1, 1, 3]
    assert batch.input_ids == [9, *system, 1, 2, *question, 3]
    assert batch.position_ids == [0, *range(10), 10, 11, *range(10, 20), 20]
    assert batch.places[0] == list(range(1, 13))
    assert batch.places[1] == [*range(1, 11), *range(13, 24)]
    assert batch.places[3] == batch.places[1][:-1]


def test_a_few_tokens_in_common_are_not_worth_a_segment():
    assert pack([[1, 2, 3, 4], [1, 2, 3, 5]], share_prefixes=True).segment_lengths == [4, 4]
