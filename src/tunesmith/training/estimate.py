"""What a run will take before it starts: tokens, epochs and steps, time, memory, price. Nothing is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from tunesmith.data.estimate import TokenCounts, count_tokens
from tunesmith.data.examples import Style
from tunesmith.data.render import Renderer
from tunesmith.findings import Finding
from tunesmith.models.folder import check_base_folder
from tunesmith.models.precision import bf16_is_fast
from tunesmith.training.auto import DataFacts, Machine, length_limit, resolve
from tunesmith.training.memory import Memory, derive_memory
from tunesmith.training.reports import Resolved
from tunesmith.training.spec import Hyperparameters, RunRequest, TrainingSpec
from tunesmith.training.speed import Speed, measure_speed

# What the measured seconds do not hold: the machine may be busier later, or throttle when it is hot.
_SLOWER_LATER = 1.35
_FASTER_LATER = 0.85
_SAVING_SHARE = 1.01  # the loop saves checkpoints for at most 1 % of the time
_START_S = (2.0, 15.0)  # importing torch and transformers, in a process of its own
_FORWARD_SHARE = 1 / 3  # validation needs no backward pass, which costs twice the forward one


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Seconds from start to finished model. `because` names what was measured and what was added."""

    low_s: float
    high_s: float
    because: str
    because_zh: str


@dataclass(frozen=True, slots=True)
class Price:
    """What `per_million` for each million trained tokens comes to; the currency is the asker's."""

    per_million: float
    total: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """`trained_tokens` are all tokens of the rows, times the epochs: what the job will report, and what clouds bill."""

    base_name: str
    tokens: TokenCounts
    validation_tokens: TokenCounts | None
    n_epochs: int
    batch_size: int
    steps_per_epoch: int
    total_steps: int
    trained_tokens: int
    reasons: tuple[Resolved, ...]
    memory: Memory
    speed: Speed | None
    time: TimeRange | None
    price: Price | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.tokens.findings, *self.memory.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: every field by its name, findings in the house's shape."""
        return {
            **asdict(self),
            "tokens": self.tokens.to_json(),
            "validation_tokens": self.validation_tokens.to_json() if self.validation_tokens else None,
            "memory": self.memory.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
        }


def estimate(
    path: Path,
    *,
    base_folder: Path,
    base_name: str,
    name: str | None = None,
    validation_path: Path | None = None,
    asked: Hyperparameters | None = None,
    style: Style = "chat",
    seed: int = 0,
    measure: bool = True,
    measure_s: float = 10.0,
    price_per_million: float | None = None,
) -> Estimate:
    """What training this model on this file will take on this machine.

    `measure` loads the model and takes real optimizer steps on rows of the file for about `measure_s` seconds, after
    loading; a single step of a large model may take longer, and then only that one is taken. Without it no time
    is given. Raises InvalidFile, InvalidModel or InvalidRequest where the run itself would.
    """
    facts = check_base_folder(base_folder)
    asked = asked or Hyperparameters()
    renderer = Renderer.from_folder(facts.folder)
    limit = length_limit(asked, facts)
    training = count_tokens(path, renderer, name=name, style=style, max_length=limit, seed=seed)
    validation = None
    if validation_path is not None:
        validation = count_tokens(validation_path, renderer, style=style, max_length=limit, seed=seed).counts
    counts = training.counts
    request = RunRequest(
        base_folder=str(facts.folder),
        base_name=base_name,
        training_path=str(path),
        training_name=name or path.name,
        asked=asked,
        seed=seed,
        style=style,
    )
    machine = Machine(torch.get_num_threads(), bf16_is_fast())
    data = DataFacts(n_examples=counts.n_examples, longest=counts.longest_used)
    resolution = resolve(request, data, facts, machine)
    spec = resolution.spec
    steps_per_epoch = -(-counts.n_examples // spec.batch_size)
    total_steps = steps_per_epoch * spec.n_epochs
    trained_tokens = counts.tokens * spec.n_epochs
    memory = derive_memory(spec, facts, counts)
    speed = measure_speed(spec, facts, training.rendered, for_s=measure_s) if measure else None
    return Estimate(
        base_name=base_name,
        tokens=counts,
        validation_tokens=validation,
        n_epochs=spec.n_epochs,
        batch_size=spec.batch_size,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps,
        trained_tokens=trained_tokens,
        reasons=tuple(resolution.reasons),
        memory=memory,
        speed=speed,
        time=_time(spec, counts, validation, total_steps, speed) if speed else None,
        price=_price(trained_tokens, price_per_million),
    )


def _price(trained_tokens: int, per_million: float | None) -> Price | None:
    return None if per_million is None else Price(per_million, trained_tokens / 1e6 * per_million)


def _time(
    spec: TrainingSpec, counts: TokenCounts, validation: TokenCounts | None, total_steps: int, speed: Speed
) -> TimeRange:
    trained_s = counts.tokens * spec.n_epochs * speed.seconds_per_token
    validated_s = 0.0
    if validation is not None:
        small = min(spec.valid_batch_size, validation.n_examples) * validation.tokens / validation.n_examples
        passes = validation.tokens * (spec.n_epochs + 1) + small * (total_steps // spec.valid_every + 1)
        validated_s = passes * speed.seconds_per_token * _FORWARD_SHARE
    total = (trained_s + validated_s) * _SAVING_SHARE
    low = total * (1 - speed.relative_error) * _FASTER_LATER + speed.loading_s + _START_S[0]
    high = total * (1 + speed.relative_error) * _SLOWER_LATER + speed.loading_s + _START_S[1]
    return TimeRange(low, high, *_because(speed, total_steps))


def _because(speed: Speed, total_steps: int) -> tuple[str, str]:
    rate = f"{1 / speed.seconds_per_token:,.0f}"
    percent = f"{100 * speed.relative_error:.0f}"
    english = (
        f"measured here: {speed.n_steps} training steps on rows of this file at {rate} tokens/s (within {percent} %), "
        f"for {total_steps:,} steps; the range allows for a machine 15 % faster or 35 % slower later, plus loading"
    )
    chinese = (
        f"在本机实测：用本文件的数据训练了 {speed.n_steps} 步，每秒 {rate} 个词元（误差约 {percent}%），共需 "
        f"{total_steps:,} 步；范围已考虑之后机器快 15% 或慢 35%，并加上加载模型的时间"
    )
    return english, chinese
