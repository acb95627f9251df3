"""What rows share is computed once, and loss and gradients are those of the separate rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
import torch
from families import PACKED, VOCAB, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import PreTrainedModel

from tunesmith.data.render import Rendered
from tunesmith.models.lora import attach_lora, lora_layers
from tunesmith.training import sft

TOLERANCE = 1e-5
BFLOAT16_FACTOR = 1.2
"""In bfloat16 the separate rows' gradients are 1e-2 to 7e-2 from float32 on these models; the tree's, no further."""


def test_a_row_that_shares_nothing_is_laid_flat() -> None:
    examples = [row(line, tokens(40, seed=line), trained=5) for line in range(4)]
    (batch,) = batches(examples)

    assert batch.input_ids.shape == (1, 4 * 39)


def test_shared_system_prompts_and_passages_are_computed_once() -> None:
    questions = [len(example.input_ids) - 81 for example in shared_passages()]
    (batch,) = batches(shared_passages())

    assert batch.input_ids.shape[1] == 30 + 3 * 50 + sum(questions[:-1])  # the last row only answers differently


def test_turns_that_several_rows_train_are_predicted_once_with_their_weights_summed() -> None:
    (batch,) = batches(growing_conversation())

    assert len(batch.positions) == len(growing_conversation()[-1].weights) // 2
    assert len(batch.prediction) == sum(example.n_trained for example in growing_conversation())
    assert float(batch.weights.sum()) == sft.trained_weight(growing_conversation())
    assert batch.weights.unique().tolist() == [1, 2, 3, 3.5]


def shared_passages() -> list[Rendered]:
    """One system prompt, three passages, four questions about each, and two answers to one of them."""
    system = tokens(30, seed=1)
    rows = []
    for p in range(3):
        passage = [*system, *tokens(50, seed=100 + p, first=3 + p)]
        for q in range(4):
            rows.append([*passage, *tokens(12 + 3 * q, seed=200 + 10 * p + q, first=3 + q), 3 + q])
    rows.append([*rows[-1][:-1], 9])
    return [row(line, ids, trained=3 if line != 12 else 1) for line, ids in enumerate(rows, 1)]


def growing_conversation() -> list[Rendered]:
    """After each answer a row that ends there and trains all answers; the first only half of its last token."""
    ids, rows = tokens(4 * 24, seed=5), []
    for n_turns in (1, 2, 3, 4):
        weights = ([0.0] * 12 + [1.0] * 12) * n_turns
        rows.append(Rendered(n_turns, ids[: 24 * n_turns], weights, was_cut=False, full_length=24 * n_turns))
    return [replace(rows[0], weights=[0.0] * 23 + [0.5]), *rows[1:]]


def same_beginnings_and_weights_of_zero() -> list[Rendered]:
    """Equal rows, a row that is the beginning of another, and one that trains only some of what the others train."""
    ids = tokens(70, seed=6)
    whole = row(1, ids, trained=40)
    some = Rendered(4, ids, [0.0] * 45 + [1.0] * 5 + [0.0] * 10 + [0.25] * 10, was_cut=False, full_length=70)
    return [whole, row(2, ids, trained=40), row(3, ids[:50], trained=20), some, row(5, tokens(33, seed=8), trained=9)]


def long_pasts_of_many_lengths() -> list[Rendered]:
    """Longer than a block of queries, so that pasts are padded and windows cut through them."""
    ids, rows = tokens(620, seed=7), []
    for line, shared in enumerate((300, 310, 320, 560, 600), 1):
        rows.append(row(line, [*ids[:shared], *tokens(20 + line, seed=300 + line)], trained=12))
    return [*rows, row(6, ids, trained=20)]


SHAPES = {
    "shared passages": shared_passages,
    "a growing conversation": growing_conversation,
    "same beginnings and weights of zero": same_beginnings_and_weights_of_zero,
    "long pasts of many lengths": long_pasts_of_many_lengths,
}


@pytest.mark.parametrize("family", PACKED)
@pytest.mark.parametrize("shape", SHAPES)
def test_tree_and_flat_and_one_by_one_are_the_same_step(family: str, shape: str) -> None:
    model, examples = with_adapter(tiny_model(family)), SHAPES[shape]()
    tree = one_step(model, examples)
    flat = one_step(model, examples, share_prefixes=False)
    singly = one_step(model, examples, share_prefixes=False, max_tokens=1)

    assert tree.n_tokens < 0.8 * flat.n_tokens
    assert_same(tree, flat)
    assert_same(tree, singly)


@pytest.mark.parametrize("family", ["qwen3", "gemma2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_all_weights_get_the_same_gradients_too(family: str, shape: str) -> None:
    model, examples = tiny_model(family), SHAPES[shape]()

    assert_same(one_step(model, examples), one_step(model, examples, share_prefixes=False))


@pytest.mark.parametrize("family", ["qwen3", "llama", "mistral", "gemma", "phi"])
@pytest.mark.parametrize("shape", SHAPES)
def test_in_bfloat16_the_tree_is_as_near_to_float32_as_the_separate_rows_are(family: str, shape: str) -> None:
    examples = SHAPES[shape]()
    truth = one_step(with_adapter(tiny_model(family)), examples, share_prefixes=False)
    model = with_adapter(tiny_model(family).to(torch.bfloat16))
    tree, flat = one_step(model, examples), one_step(model, examples, share_prefixes=False)

    assert distance(tree.grads, truth.grads) < BFLOAT16_FACTOR * distance(flat.grads, truth.grads)
    assert tree.score.mean_loss == pytest.approx(truth.score.mean_loss, rel=1e-2)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tree_that_does_not_fit_is_cut_into_smaller_ones(shape: str) -> None:
    model, examples = with_adapter(tiny_model("qwen3")), SHAPES[shape]()
    whole = one_step(model, examples)
    split = one_step(model, examples, max_tokens=90)

    assert split.n_batches > 1
    assert_same(whole, split)


def test_rows_behind_a_long_past_do_not_fill_the_memory_with_what_they_see() -> None:
    """Each token of theirs sees the whole past, one of an ordinary row sees half of it."""
    past = tokens(400, seed=1)
    examples = [row(line, [*past, *tokens(10, seed=line, first=line)], trained=4) for line in range(3, 103)]
    n_seen = [
        sum(len(part.key_index) * part.length for part in batch.segments.blocks)
        for batch in batches(examples, max_tokens=820)
        if batch.segments is not None
    ]
    assert max(n_seen) < 1.3 * 2 * 410**2


@pytest.mark.parametrize("seed", range(3))
def test_shared_prefixes_give_the_same_bytes_every_time(seed: int) -> None:
    model, examples = with_adapter(tiny_model("qwen3", seed=seed)), shared_passages()
    random.Random(seed).shuffle(examples)

    assert torch.equal(one_step(model, examples).grads, one_step(model, list(reversed(examples))).grads)


@st.composite
def tries(draw: st.DrawFn) -> list[Rendered]:
    """Rows that each go on from some place of an earlier one, with weights of their own."""
    rows: list[list[int]] = []
    for _ in range(draw(st.integers(2, 9))):
        parent = draw(st.sampled_from(rows)) if rows else []
        kept = draw(st.integers(0, len(parent)))
        more = draw(st.integers(2 if kept < 2 else 0, 40))
        rows.append([*parent[:kept], *tokens(more, seed=draw(st.integers(0, 3)))])
    return [
        Rendered(
            line,
            ids,
            [*draw(st.lists(st.sampled_from([0.0, 0.0, 0.5, 1.0]), min_size=len(ids) - 1, max_size=len(ids) - 1)), 1.0],
            was_cut=False,
            full_length=len(ids),
        )
        for line, ids in enumerate(rows, 1)
    ]


@given(tries(), st.sampled_from(["qwen3", "gemma3"]), st.sampled_from([60, 10_000]))
@settings(max_examples=60, deadline=None)
def test_any_rows_give_the_same_step_with_and_without_sharing(
    examples: list[Rendered], family: str, max_tokens: int
) -> None:
    model = with_adapter(tiny_model(family))

    assert_same(
        one_step(model, examples, max_tokens=max_tokens), one_step(model, examples, share_prefixes=False, max_tokens=1)
    )


@dataclass(frozen=True)
class Step:
    score: sft.Score
    grads: Tensor
    n_tokens: int
    n_batches: int


def one_step(
    model: PreTrainedModel, examples: Sequence[Rendered], *, share_prefixes: bool = True, max_tokens: int = 10_000
) -> Step:
    model.zero_grad()
    score, n_tokens, n_batches = sft.Score(), 0, 0
    for batch in batches(examples, share_prefixes=share_prefixes, max_tokens=max_tokens):
        part, part_score = sft.loss(model, batch, divisor=sft.trained_weight(examples))
        part.backward()
        score += part_score
        n_tokens += batch.input_ids.numel()
        n_batches += 1
    grads = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    return Step(score, torch.cat([grad.flatten().float() for grad in grads]), n_tokens, n_batches)


def batches(
    examples: Sequence[Rendered], *, share_prefixes: bool = True, max_tokens: int = 10_000
) -> Sequence[sft.Batch]:
    return list(
        sft.micro_batches(
            examples, max_tokens=max_tokens, max_trained=10_000, packed=True, share_prefixes=share_prefixes
        )
    )


def assert_same(found: Step, expected: Step) -> None:
    assert found.score.mean_loss == pytest.approx(expected.score.mean_loss, rel=TOLERANCE)
    assert found.score.weight_sum == expected.score.weight_sum
    assert found.score.n_tokens == expected.score.n_tokens
    assert found.score.n_right == expected.score.n_right
    assert found.grads.numel() > 1000
    assert distance(found.grads, expected.grads) < TOLERANCE


def distance(found: Tensor, expected: Tensor) -> float:
    """Relative error in the Euclidean norm."""
    error = float((found.double() - expected.double()).norm() / expected.double().norm())
    print(f"relative error {error:.1e}")
    return error


def with_adapter(model: PreTrainedModel) -> PreTrainedModel:
    attach_lora(model, rank=4, alpha=8, seed=1)
    torch.manual_seed(2)
    for _, layer in lora_layers(model):
        torch.nn.init.normal_(layer.lora_B, std=0.1)
    return model


def row(line: int, ids: list[int], *, trained: int) -> Rendered:
    weights = [0.0] * (len(ids) - trained) + [1.0] * trained
    return Rendered(line, ids, weights, was_cut=False, full_length=len(ids))


def tokens(n: int, *, seed: int, first: int | None = None) -> list[int]:
    """Random, and always the same for a seed; `first` makes sure that two of them differ from the beginning."""
    chance = random.Random(seed)
    ids = [chance.randrange(3, VOCAB) for _ in range(n)]
    return ids if first is None else [first, *ids[1:]]
