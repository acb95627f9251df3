"""Batches: the order of an epoch, and sequences laid end to end."""

from __future__ import annotations

import pytest

from tunesmith.data.packing import NO_LABEL, epoch_batches, pack
from tunesmith.data.render import Rendered


def rendered(ids: list[int], weights: list[float]) -> Rendered:
    return Rendered(line=1, input_ids=ids, weights=weights, was_cut=False, full_length=len(ids))


def test_every_example_is_in_exactly_one_batch_of_an_epoch():
    batches = epoch_batches([5] * 23, batch_size=4, seed=7, epoch=0)

    assert [len(batch) for batch in batches] == [4, 4, 4, 4, 4, 3]
    assert sorted(index for batch in batches for index in batch) == list(range(23))


def test_the_order_depends_on_seed_and_epoch_alone():
    first = epoch_batches([5] * 50, batch_size=4, seed=7, epoch=0)

    assert first == epoch_batches([9] * 50, batch_size=4, seed=7, epoch=0)
    assert first != epoch_batches([5] * 50, batch_size=4, seed=7, epoch=1)
    assert first != epoch_batches([5] * 50, batch_size=4, seed=8, epoch=0)
    assert epoch_batches([5] * 6, batch_size=6, seed=42, epoch=3) == [[2, 0, 5, 1, 3, 4]]


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="batch_size is 0"):
        epoch_batches([5], batch_size=0, seed=1, epoch=0)


def test_packed_labels_are_the_next_token_of_the_same_segment():
    batch = pack([rendered([1, 2, 3], [0.0, 0.0, 1.0]), rendered([4, 5], [0.0, 0.5])])

    assert batch.input_ids == [1, 2, 3, 4, 5]
    assert batch.position_ids == [0, 1, 2, 0, 1]
    assert batch.segment_lengths == [3, 2]
    assert batch.labels == [NO_LABEL, 3, NO_LABEL, 5, NO_LABEL]
    assert batch.label_weights == [0.0, 1.0, 0.0, 0.5, 0.0]
    assert sum(batch.label_weights) == 1.5
