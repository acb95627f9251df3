"""Packed batches, our attention and our adapters against transformers and peft on the same padded batch, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from families import PACKED, PADDED, random_examples, tiny_model
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import PreTrainedModel

from tunesmith.data.render import Rendered
from tunesmith.models.base import load_base, save_model
from tunesmith.models.folder import PACKED_ARCHITECTURES, PADDED_ARCHITECTURES, check_base_folder
from tunesmith.models.lora import attach_lora, lora_layers
from tunesmith.models.nano import nano_folder
from tunesmith.training import sft

LENGTHS = [300, 12, 37, 41, 9, 280]
TOLERANCE = 1e-5


@pytest.mark.parametrize("family", PACKED)
def test_full_training_equals_transformers_on_the_padded_batch(family: str) -> None:
    ours, theirs = tiny_model(family), tiny_model(family, implementation="eager")
    examples = random_examples(LENGTHS)
    our = packed_pass(ours, examples)
    their = padded_pass(theirs, examples)
    assert_equal_passes(our, their, theirs.named_parameters(), dict(ours.named_parameters()))


@pytest.mark.parametrize("family", PACKED)
def test_lora_training_equals_peft_on_the_padded_batch(family: str) -> None:
    ours, theirs = tiny_model(family), tiny_model(family, implementation="eager")
    attach_lora(ours, rank=4, alpha=8, seed=1)
    peft_model = get_peft_model(theirs, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear"))
    adapters = {}
    for name, layer in lora_layers(ours):
        torch.nn.init.normal_(layer.lora_B, std=0.1)
        adapters[f"base_model.model.{name}.lora_A.default.weight"] = layer.lora_A
        adapters[f"base_model.model.{name}.lora_B.default.weight"] = layer.lora_B
    trained = {name: p for name, p in peft_model.named_parameters() if p.requires_grad}
    assert trained.keys() == adapters.keys()
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(adapters[name])
    examples = random_examples(LENGTHS)
    our = packed_pass(ours, examples)
    their = padded_pass(peft_model, examples)
    assert_equal_passes(our, their, trained.items(), adapters)


@pytest.mark.parametrize("family", PADDED)
def test_families_that_cannot_be_packed_are_exact_on_padded_batches(family: str) -> None:
    ours, theirs = (tiny_model(family, implementation="eager") for _ in range(2))
    examples = random_examples(LENGTHS)
    our = packed_pass(ours, examples, packed=False)
    their = padded_pass(theirs, examples)
    assert_equal_passes(our, their, theirs.named_parameters(), dict(ours.named_parameters()))


def test_every_architecture_that_is_let_in_is_proved_here() -> None:
    for families, let_in in ((PACKED, PACKED_ARCHITECTURES), (PADDED, PADDED_ARCHITECTURES)):
        assert {type(tiny_model(family)).__name__ for family in families} == let_in


@pytest.mark.parametrize("family", PACKED | PADDED)
def test_a_tuned_model_of_each_family_is_saved_and_loaded_as_it_was(family: str, tmp_path: Path) -> None:
    model = tiny_model(family, implementation="eager")
    save_model(model, tmp_path, tokenizer_from=nano_folder(), dtype=torch.float32)
    reread = load_base(tmp_path)
    assert dict(reread.named_parameters()).keys() == dict(model.named_parameters()).keys()
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), reread.parameters(), strict=True))
    n_parameters = sum(p.numel() for p in model.parameters())
    assert check_base_folder(tmp_path).n_parameters == pytest.approx(n_parameters, rel=1e-3)  # some store buffers too


@pytest.mark.parametrize("family", ["qwen3", "gemma2"])
def test_the_padded_path_and_small_micro_batches_give_the_same_step(family: str) -> None:
    examples = random_examples(LENGTHS)
    whole, padded = tiny_model(family), tiny_model(family, implementation="eager")
    our = packed_pass(whole, examples)
    split = packed_pass(padded, examples, packed=False, max_tokens=320)
    assert_equal_passes(our, split, padded.named_parameters(), dict(whole.named_parameters()), logits=False)


def packed_pass(
    model: PreTrainedModel, examples: Sequence[Rendered], *, packed: bool = True, max_tokens: int = 10_000
) -> SimpleNamespace:
    divisor = sft.trained_weight(examples)
    loss, logits, score = torch.zeros(()), [], sft.Score()
    for batch in sft.micro_batches(examples, max_tokens=max_tokens, max_trained=10_000, packed=packed):
        part, part_score = sft.loss(model, batch, divisor=divisor)
        part.backward()
        loss, score = loss + part.detach(), score + part_score
        with torch.no_grad():
            logits.append(sft.trained_logits(model, batch))
    return SimpleNamespace(
        loss=loss, logits=torch.cat(logits), accuracy=score.mean_token_accuracy, mean=score.mean_loss
    )


def padded_pass(model: torch.nn.Module, examples: Sequence[Rendered]) -> SimpleNamespace:
    """What a textbook loop does: pad, mask, score everything, weigh. Rows in our micro-batches' order."""
    rows = sorted(examples, key=lambda e: (-(max(i for i, w in enumerate(e.weights) if w) + 1), e.line))
    longest = max(len(e.input_ids) for e in rows)
    ids = torch.tensor([e.input_ids + [0] * (longest - len(e.input_ids)) for e in rows])
    mask = torch.tensor([[1] * len(e.input_ids) + [0] * (longest - len(e.input_ids)) for e in rows])
    weights = torch.tensor([e.weights[1:] + [0.0] * (longest - len(e.input_ids)) for e in rows])
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    nll = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    loss = (nll * weights.flatten()).sum() / weights.sum()
    loss.backward()
    trained = weights > 0
    accuracy = (logits.argmax(-1) == ids[:, 1:])[trained].float().mean().item()
    return SimpleNamespace(loss=loss.detach(), logits=logits[trained].detach(), accuracy=accuracy, mean=loss.item())


def assert_equal_passes(our, their, their_named, our_named, *, logits: bool = True) -> None:  # type: ignore[no-untyped-def]
    assert distance(our.loss, their.loss) < TOLERANCE
    assert our.mean == pytest.approx(their.mean, rel=TOLERANCE)
    assert our.accuracy == pytest.approx(their.accuracy, rel=1e-6)
    if logits:
        assert distance(our.logits, their.logits) < TOLERANCE
    their_named = list(their_named)
    ours = torch.cat([our_named[name].grad.flatten() for name, p in their_named if p.grad is not None])
    theirs = torch.cat([p.grad.flatten() for _, p in their_named if p.grad is not None])
    assert ours.numel() > 1000
    assert distance(ours, theirs) < TOLERANCE


def distance(found: Tensor, expected: Tensor) -> float:
    """Relative error in the Euclidean norm."""
    error = float((found.double() - expected.double()).norm() / expected.double().norm())
    print(f"relative error {error:.1e}")
    return error
