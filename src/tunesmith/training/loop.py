"""The training loop: forward, backward, step, validate, report, checkpoint, stop. The only one."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import torch
from torch import Tensor, nn

from tunesmith.data.packing import epoch_batches, grouped_epoch_batches
from tunesmith.data.prefix_tree import Node, prefix_tree
from tunesmith.errors import TrainingFailed
from tunesmith.models.checkpoints import Checkpoint, checkpoint_folder, prune_checkpoints, save_checkpoint
from tunesmith.models.precision import use_fast_exact_fp32
from tunesmith.training import diagnosis, sft
from tunesmith.training.optimizer import adamw, learning_rate_at, optimizer_tensors, restore_optimizer
from tunesmith.training.reports import CheckpointReport, Report, StepReport, from_json, to_json
from tunesmith.training.spec import TrainingSpec

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tunesmith.data.render import Rendered

StopRequest = Literal["pause", "cancel"]
_RNG = "rng.torch"
_OPTIMIZER = "optimizer."
NON_FINITE = "non_finite_loss"

SOONEST_CHECKPOINT_S = 5.0
"""Where saving is cheap a killed run loses seconds: saving is due when it costs 1 % of the time since the last one."""
SAVING_SHARE = 0.01

MIN_FAMILY_TOKENS = 16
"""Rows are a family if they share this many tokens more than with others, and this part of a row."""
MIN_FAMILY_SHARE = 0.1


class TrainingData(Protocol):
    """Which examples each optimizer step takes: a function of the step alone, which so is the whole data position."""

    @property
    def steps_per_epoch(self) -> int: ...

    def examples_of(self, *, epoch: int, index: int) -> Sequence[Rendered]:
        """The examples of step `index` (from 0) of `epoch` (from 0). None without a trained token."""
        ...


class ShuffledExamples:
    """Examples in memory, in a new order each epoch; with `rows_per_group`, in groups of so many that begin alike."""

    def __init__(self, rendered: Sequence[Rendered], *, batch_size: int, seed: int, rows_per_group: int = 1) -> None:
        self.rendered = rendered
        self.batch_size = batch_size
        self.seed = seed
        self.rows_per_group = rows_per_group
        self._order: tuple[int, list[list[int]]] = (-1, [])

    @classmethod
    def of(cls, rendered: Sequence[Rendered], spec: TrainingSpec) -> Self:
        return cls(rendered, batch_size=spec.batch_size, seed=spec.seed, rows_per_group=spec.rows_per_group)

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.rendered) / self.batch_size)

    def examples_of(self, *, epoch: int, index: int) -> Sequence[Rendered]:
        if self._order[0] != epoch:
            self._order = (epoch, self._batches(epoch))
        return [self.rendered[i] for i in self._order[1][index]]

    def _batches(self, epoch: int) -> list[list[int]]:
        batch_size, seed = self.batch_size, self.seed
        if self.rows_per_group == 1:
            return epoch_batches(len(self.rendered), batch_size=batch_size, seed=seed, epoch=epoch)
        return grouped_epoch_batches(
            self._families, rows_per_group=self.rows_per_group, batch_size=batch_size, seed=seed, epoch=epoch
        )

    @cached_property
    def _families(self) -> list[Node]:
        """The rows as a tree of what they share, as far as it is worth giving up some of the mixing for it."""
        sequences = [example.input_ids for example in self.rendered]
        mean_length = sum(map(len, sequences)) / len(sequences)
        return prefix_tree(sequences, min_shared=max(MIN_FAMILY_TOKENS, round(MIN_FAMILY_SHARE * mean_length)))


@dataclass(slots=True)
class RunState:
    """What a checkpoint brings back, besides the weights: steps done, tokens seen, and every report made so far."""

    step: int = 0
    trained_tokens: int = 0
    journal: list[Report] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> RunState:
        state = checkpoint.state
        journal = [from_json(report) for report in state["journal"]]
        return cls(checkpoint.step, state["trained_tokens"], journal, checkpoint.tensors())


@dataclass(frozen=True, slots=True)
class LoopEnd:
    status: Literal["succeeded", "paused", "cancelled"]
    step: int
    trained_tokens: int


def train(
    model: PreTrainedModel,
    trained: Sequence[nn.Parameter],
    data: TrainingData,
    *,
    spec: TrainingSpec,
    state: RunState,
    checkpoints: Path,
    write_model: Callable[[Path], None],
    validation: Sequence[Rendered] = (),
    report: Callable[[Report], None] = lambda _: None,
    should_stop: Callable[[], StopRequest | None] = lambda: None,
) -> LoopEnd:
    """Train `trained`, the model's parameters that require a gradient, from `state` to the end of the last epoch.

    Raises TrainingFailed, before anything is updated, when a loss or gradient is not a finite number.
    """
    optimizer = adamw(trained, weight_decay=spec.weight_decay, beta2=spec.adam_beta2)
    _restore(optimizer, state)
    total_steps = data.steps_per_epoch * spec.n_epochs
    small_validation = _small_batch(validation, spec)
    last_saved_step, last_saved_at, saving_s = state.step, time.monotonic(), 0.0

    def save(*, is_epoch_end: bool) -> None:
        nonlocal last_saved_step, last_saved_at, saving_s
        began = time.monotonic()
        save_checkpoint(
            checkpoints,
            step=state.step,
            is_epoch_end=is_epoch_end,
            write_model=write_model,
            tensors=_resume_tensors(optimizer),
            state={
                "trained_tokens": state.trained_tokens,
                "journal": [to_json(r) for r in state.journal],
                "spec": spec.to_json(),
            },
        )
        prune_checkpoints(checkpoints, newest_step=state.step, keep_epochs=spec.keep_epoch_checkpoints)
        last_saved_step, last_saved_at = state.step, time.monotonic()
        saving_s = last_saved_at - began

    while state.step < total_steps:
        stop = should_stop()
        if stop is not None:
            if stop == "pause" and last_saved_step != state.step:
                save(is_epoch_end=False)
            return LoopEnd("paused" if stop == "pause" else "cancelled", state.step, state.trained_tokens)

        started_at = time.monotonic()
        epoch, index = divmod(state.step, data.steps_per_epoch)
        examples = data.examples_of(epoch=epoch, index=index)
        rate = learning_rate_at(
            state.step,
            peak=spec.learning_rate,
            warmup_steps=spec.warmup_steps,
            total_steps=total_steps,
            schedule=spec.schedule,
        )
        score, grad_norm = take_step(model, trained, optimizer, examples, spec=spec, learning_rate=rate)
        state.step += 1
        n_tokens = sum(len(example.input_ids) for example in examples)
        state.trained_tokens += n_tokens
        is_epoch_end = index + 1 == data.steps_per_epoch

        step_report = StepReport(
            step=state.step,
            total_steps=total_steps,
            epoch=epoch + 1,
            train_loss=score.mean_loss,
            train_mean_token_accuracy=score.mean_token_accuracy,
            learning_rate=rate,
            grad_norm=grad_norm,
            tokens_per_s=n_tokens / (time.monotonic() - started_at),
            trained_tokens=state.trained_tokens,
        )
        if small_validation and (state.step % spec.valid_every == 0 or state.step == total_steps):
            valid = validate(model, small_validation, spec=spec)
            step_report = replace(
                step_report, valid_loss=valid.mean_loss, valid_mean_token_accuracy=valid.mean_token_accuracy
            )
        if validation and is_epoch_end:
            valid = validate(model, validation, spec=spec)
            step_report = replace(
                step_report, full_valid_loss=valid.mean_loss, full_valid_mean_token_accuracy=valid.mean_token_accuracy
            )
        state.journal.append(step_report)
        report(step_report)
        for found in diagnosis.news(state.journal):
            state.journal.append(found)
            report(found)

        if is_epoch_end:
            checkpoint_report = _checkpoint_report(step_report, checkpoints)
            state.journal.append(checkpoint_report)
            save(is_epoch_end=True)
            report(checkpoint_report)
        elif time.monotonic() - last_saved_at >= min(
            spec.checkpoint_every_s, max(SOONEST_CHECKPOINT_S, saving_s / SAVING_SHARE)
        ):
            save(is_epoch_end=False)
    return LoopEnd("succeeded", state.step, state.trained_tokens)


def take_step(
    model: PreTrainedModel,
    trained: Sequence[nn.Parameter],
    optimizer: torch.optim.Optimizer,
    examples: Sequence[Rendered],
    *,
    spec: TrainingSpec,
    learning_rate: float,
) -> tuple[sft.Score, float]:
    """One optimizer step on all the examples, in as many micro-batches as memory needs; (score, gradient norm)."""
    optimizer.zero_grad(set_to_none=True)
    divisor = sft.trained_weight(examples)
    score = sft.Score()
    for batch in _micro_batches(model, examples, spec):
        with _compute_dtype(spec):
            part, part_score = sft.loss(model, batch, divisor=divisor)
        part.backward()  # type: ignore[no-untyped-call]
        score += part_score
    grad_norm = float(nn.utils.clip_grad_norm_(trained, spec.max_grad_norm))
    if not (math.isfinite(score.loss_sum) and math.isfinite(grad_norm)):
        lines = sorted(set(score.not_finite_lines or [example.line for example in examples]))
        what = f"loss is {score.mean_loss}" if score.not_finite_lines else f"gradient's norm is {grad_norm}"
        raise TrainingFailed(
            f"The {what}, not a finite number, on line(s) {', '.join(map(str, lines[:20]))} of the training file. "
            "Nothing was updated by this step. Look at those rows, or use a smaller learning_rate_multiplier.",
            code=NON_FINITE,
        )
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return score, grad_norm


@torch.no_grad()
def validate(model: PreTrainedModel, examples: Sequence[Rendered], *, spec: TrainingSpec) -> sft.Score:
    """The score on all the examples, nothing learnt. Raises TrainingFailed if it is not finite."""
    score = sft.Score()
    for batch in _micro_batches(model, examples, spec):
        with _compute_dtype(spec):
            score += sft.loss(model, batch, divisor=1.0)[1]
    if not math.isfinite(score.loss_sum):
        lines = ", ".join(str(line) for line in score.not_finite_lines[:20])
        raise TrainingFailed(
            f"The validation loss is {score.mean_loss}, not a finite number, on line(s) {lines} of that file. "
            "Use a smaller learning_rate_multiplier.",
            code=NON_FINITE,
        )
    return score


@contextlib.contextmanager
def repeatable(*, seed: int, threads: int) -> Iterator[None]:
    """Run the block so that it gives the same bytes every time on this machine, and leave torch as it was."""
    threads_before = torch.get_num_threads()
    strict_before = torch.are_deterministic_algorithms_enabled()
    filling_before = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    use_fast_exact_fp32()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads_before)
        torch.use_deterministic_algorithms(strict_before)
        torch.utils.deterministic.fill_uninitialized_memory = filling_before  # type: ignore[attr-defined]


def _micro_batches(model: PreTrainedModel, examples: Sequence[Rendered], spec: TrainingSpec) -> Iterator[sft.Batch]:
    max_trained = max(1, spec.micro_batch_logits // int(model.config.vocab_size))
    return sft.micro_batches(
        examples,
        max_tokens=spec.micro_batch_tokens,
        max_trained=max_trained,
        packed=spec.packed,
        share_prefixes=spec.share_prefixes,
    )


def _compute_dtype(spec: TrainingSpec) -> contextlib.AbstractContextManager[Any]:
    """bfloat16 products: a LoRA run's frozen weights are bfloat16 already, a full run's are rounded on the way."""
    if spec.training_type == "full" and spec.dtype == "bfloat16":
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()


def _small_batch(validation: Sequence[Rendered], spec: TrainingSpec) -> list[Rendered]:
    """The same few validation examples each time, so that their losses can be compared."""
    if not validation:
        return []
    chosen = epoch_batches(len(validation), batch_size=spec.valid_batch_size, seed=spec.seed, epoch=0)[0]
    return [validation[i] for i in chosen]


def _checkpoint_report(step: StepReport, checkpoints: Path) -> CheckpointReport:
    metrics = {
        "step": float(step.step),
        "train_loss": step.train_loss,
        "train_mean_token_accuracy": step.train_mean_token_accuracy,
        "valid_loss": step.valid_loss,
        "valid_mean_token_accuracy": step.valid_mean_token_accuracy,
        "full_valid_loss": step.full_valid_loss,
        "full_valid_mean_token_accuracy": step.full_valid_mean_token_accuracy,
    }
    folder = checkpoint_folder(checkpoints, step.step)
    known = {name: value for name, value in metrics.items() if value is not None}
    return CheckpointReport(step=step.step, epoch=step.epoch, folder=str(folder), metrics=known)


def _resume_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    moments = {f"{_OPTIMIZER}{name}": tensor for name, tensor in optimizer_tensors(optimizer).items()}
    return {_RNG: torch.get_rng_state(), **moments}


def _restore(optimizer: torch.optim.Optimizer, state: RunState) -> None:
    if state.tensors:
        torch.set_rng_state(state.tensors[_RNG])
        moments = {name.removeprefix(_OPTIMIZER): t for name, t in state.tensors.items() if name.startswith(_OPTIMIZER)}
        restore_optimizer(optimizer, moments)
        state.tensors = {}
