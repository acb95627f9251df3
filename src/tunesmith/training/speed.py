"""How fast this machine trains this model on these rows: real steps, timed, and thrown away."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from tunesmith.models.folder import BaseModelFacts
from tunesmith.training.loop import ShuffledExamples, repeatable, take_step
from tunesmith.training.optimizer import adamw
from tunesmith.training.run import load_trainable
from tunesmith.training.spec import TrainingSpec

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tunesmith.data.render import Rendered

_MOST_STEPS = 200
_ENOUGH_STEPS = 30  # if they agree to within _LEAST_ERROR
_CONFIDENT = 2.0  # standard errors on either side
_LEAST_ERROR = 0.1  # ten seconds do not show what the machine does in the next hour
_FEW_STEPS_ERROR = 0.5  # one or two steps say little about the others


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured over whole optimizer steps. `peak_bytes` is the most memory this process ever held."""

    seconds_per_token: float
    relative_error: float
    n_steps: int
    n_tokens: int
    measured_s: float
    loading_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class _Timed:
    n_tokens: int
    seconds: float


def measure_speed(
    spec: TrainingSpec, facts: BaseModelFacts, examples: Sequence[Rendered], *, for_s: float = 10.0
) -> Speed:
    """Train a copy in memory on `examples` in the order of the run's first epochs, for about `for_s` seconds.

    The first step, on the shortest row, is not counted (it allocates and compiles), unless it takes half of the time.
    A step that would not fit into the time left is taken with fewer of its rows if it is the first, and otherwise
    not at all.
    """
    with repeatable(seed=spec.seed, threads=spec.threads):
        began = time.monotonic()
        model, trained = load_trainable(spec, facts)
        loaded = time.monotonic()
        timed = _steps(model, trained, examples, spec, until=loaded + for_s)
    ended = time.monotonic()
    n_tokens, seconds = sum(step.n_tokens for step in timed), sum(step.seconds for step in timed)
    return Speed(
        seconds_per_token=seconds / n_tokens,
        relative_error=_relative_error(timed),
        n_steps=len(timed),
        n_tokens=n_tokens,
        measured_s=ended - loaded,
        loading_s=loaded - began,
        peak_bytes=_peak_bytes(),
    )


def _steps(
    model: PreTrainedModel,
    trained: Sequence[nn.Parameter],
    examples: Sequence[Rendered],
    spec: TrainingSpec,
    *,
    until: float,
) -> list[_Timed]:
    optimizer = adamw(trained, weight_decay=spec.weight_decay, beta2=spec.adam_beta2)

    def timed(batch: Sequence[Rendered]) -> _Timed:
        began = time.monotonic()
        take_step(model, trained, optimizer, batch, spec=spec, learning_rate=spec.learning_rate / 100)
        return _Timed(sum(len(example.input_ids) for example in batch), time.monotonic() - began)

    shortest = min(examples, key=lambda example: len(example.input_ids))
    began = time.monotonic()
    first = timed([shortest])
    if first.seconds > (until - began) / 2:
        return [first]
    rate = first.seconds / first.n_tokens
    steps: list[_Timed] = []
    for batch in _batches(examples, spec):
        left = until - time.monotonic()
        if not steps:
            batch = _fitting(batch, n_tokens=left / rate)
        elif sum(len(example.input_ids) for example in batch) * rate > left:
            break
        steps.append(timed(batch))
        if len(steps) >= _ENOUGH_STEPS and _relative_error(steps) <= _LEAST_ERROR:
            break
        rate = sum(step.seconds for step in steps) / sum(step.n_tokens for step in steps)
    return steps


def _batches(examples: Sequence[Rendered], spec: TrainingSpec) -> Iterator[Sequence[Rendered]]:
    data = ShuffledExamples.of(examples, spec)
    for step in range(_MOST_STEPS):
        epoch, index = divmod(step, data.steps_per_epoch)
        yield data.examples_of(epoch=epoch, index=index)


def _fitting(batch: Sequence[Rendered], *, n_tokens: float) -> Sequence[Rendered]:
    """The first rows of the batch that stay within `n_tokens`, and at least one."""
    kept, total = 1, len(batch[0].input_ids)
    while kept < len(batch) and total + len(batch[kept].input_ids) <= n_tokens:
        total += len(batch[kept].input_ids)
        kept += 1
    return batch[:kept]


def _relative_error(timed: Sequence[_Timed]) -> float:
    """Of seconds per token as a ratio of sums (Cochran 1977, 6.4), with a floor."""
    n = len(timed)
    if n < 3:
        return _FEW_STEPS_ERROR
    seconds, n_tokens = sum(step.seconds for step in timed), sum(step.n_tokens for step in timed)
    rate = seconds / n_tokens
    squares = sum((step.seconds - rate * step.n_tokens) ** 2 for step in timed)
    error = _CONFIDENT * math.sqrt(n * squares / (n - 1)) / seconds
    return min(_FEW_STEPS_ERROR, max(_LEAST_ERROR, error))


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
