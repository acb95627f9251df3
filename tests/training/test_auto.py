"""Numbers left on "auto": the published rules, the reasons given, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from tunesmith.control.hyperparameters import CHOICES, RANGES
from tunesmith.errors import InvalidRequest
from tunesmith.models.folder import BaseModelFacts
from tunesmith.training.auto import DataFacts, Machine, Resolution, check_ranges, resolve
from tunesmith.training.spec import Hyperparameters, RunRequest

MODEL = BaseModelFacts(
    folder=Path("/models/m"),
    architecture="Qwen3ForCausalLM",
    model_type="qwen3",
    hidden_size=1024,
    n_layers=28,
    vocab_size=1000,
    context_length=2048,
    n_parameters=600_000_000,
    dtype="BF16",
    weight_files=("model.safetensors",),
)
MACHINE = Machine(threads=2, bf16_is_fast=True)


def resolved(n_examples: int = 100, longest: int = 90, model: BaseModelFacts = MODEL, **asked: Any) -> Resolution:
    request = RunRequest("/models/m", "m", "t.jsonl", "t.jsonl", asked=Hyperparameters(**asked))
    return resolve(request, DataFacts(n_examples, longest), model, MACHINE)


@pytest.mark.parametrize(
    ("n", "epochs"), [(1, 25), (10, 10), (20, 5), (33, 3), (100, 3), (8333, 3), (8334, 2), (10_000, 2), (12_501, 1)]
)
def test_auto_epochs_follow_openais_published_rule(n: int, epochs: int) -> None:
    assert resolved(n).spec.n_epochs == epochs


@pytest.mark.parametrize(("n", "batch_size"), [(1, 1), (10, 1), (100, 2), (300, 8), (2500, 16), (100_000, 16)])
def test_auto_batch_size_is_a_power_of_two_that_leaves_a_hundred_steps(n: int, batch_size: int) -> None:
    assert resolved(n).spec.batch_size == batch_size


@pytest.mark.parametrize(("batch_size", "rows"), [(1, 1), (3, 1), (4, 2), (8, 4), (16, 4), (256, 4)])
def test_a_step_takes_two_groups_of_rows_that_begin_alike_or_more(batch_size: int, rows: int) -> None:
    assert resolved(batch_size=batch_size).spec.rows_per_group == rows


def test_a_family_that_is_not_packed_shares_nothing() -> None:
    padded = dataclasses.replace(MODEL, architecture="StableLmForCausalLM")
    spec = resolved(batch_size=16, model=padded).spec
    assert (spec.share_prefixes, spec.rows_per_group) == (False, 1)


@pytest.mark.parametrize(
    ("family", "width", "rate"),
    [("qwen3", 1024, 5.3e-4), ("qwen3", 4096, 4.7e-4), ("llama", 2048, 4.9e-4), ("llama", 4096, 2.9e-4)],
)
def test_auto_learning_rate_gives_tinkers_published_values(family: str, width: int, rate: float) -> None:
    model = dataclasses.replace(MODEL, model_type=family, hidden_size=width)
    assert resolved(model=model).spec.learning_rate == pytest.approx(rate, rel=0.02)


def test_a_small_model_takes_the_rate_measured_on_the_embedded_one() -> None:
    small = dataclasses.replace(MODEL, n_parameters=7_000_000)
    assert resolved(model=small).spec.learning_rate == pytest.approx(3e-3)
    assert resolved(model=small, training_type="full").spec.learning_rate == pytest.approx(1e-3)
    assert resolved(model=small, learning_rate_multiplier=2).spec.learning_rate == pytest.approx(6e-3)


def test_training_all_weights_takes_a_tenth_of_the_rate() -> None:
    lora, full = resolved(), resolved(training_type="full")
    assert full.spec.learning_rate == pytest.approx(lora.spec.learning_rate / 10)


def test_the_multiplier_scales_the_derived_rate() -> None:
    assert resolved(learning_rate_multiplier=0.3).spec.learning_rate == pytest.approx(
        0.3 * resolved().spec.learning_rate
    )
    assert resolved().spec.learning_rate_multiplier == 1.0


def test_the_longest_example_decides_the_length_up_to_the_context() -> None:
    assert resolved(longest=90).spec.max_length == 128
    assert resolved(longest=5000).spec.max_length == 2048


def test_every_number_has_a_reason_and_what_was_asked_stays_as_asked() -> None:
    resolution = resolved(n_epochs=7)
    by_name = {reason.name: reason for reason in resolution.reasons}
    assert (by_name["n_epochs"].value, by_name["n_epochs"].source) == (7, "asked")
    assert all(reason.because and reason.source for reason in resolution.reasons)
    assert by_name["learning_rate_multiplier"].value == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_epochs", 0),
        ("n_epochs", 51),
        ("n_epochs", 2.5),
        ("n_epochs", True),
        ("batch_size", 257),
        ("learning_rate_multiplier", 0),
        ("learning_rate_multiplier", float("nan")),
        ("learning_rate_multiplier", float("inf")),
        ("learning_rate", 1.5),
        ("lora_rank", 0),
        ("lora_alpha", -1),
        ("max_length", 4096),
        ("training_type", "qlora"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        resolved(**{name: value})
    assert refusal.value.param == f"hyperparameters.{name}"
    assert name in refusal.value.message


def test_what_the_api_lets_in_is_not_refused_by_the_run() -> None:
    roomy = dataclasses.replace(MODEL, context_length=2_000_000)
    for name, wanted in RANGES.items():
        for edge in (wanted.low, wanted.high):
            if math.isfinite(edge) and not (wanted.is_open and edge == wanted.low):
                check_ranges(Hyperparameters(**{name: wanted.check(edge, param=name)}), roomy)
    for name, choices in CHOICES.items():
        for choice in choices:
            check_ranges(Hyperparameters(**{name: choice}), roomy)


def test_a_request_survives_json() -> None:
    request = RunRequest("/m", "m", "t", "t", asked=Hyperparameters(n_epochs=2, learning_rate_multiplier=0.5), seed=3)
    assert RunRequest.from_json(request.to_json()) == request
