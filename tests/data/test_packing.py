"""Batches: the order of an epoch, and sequences laid end to end."""

from __future__ import annotations

import pytest

from tunesmith.data.packing import epoch_batches, pack


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
