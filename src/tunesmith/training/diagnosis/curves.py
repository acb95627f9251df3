"""The numbers of a run as the doctor reads them: built from its reports alone, so that equal journals read equally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from tunesmith.training.reports import BaseValidReport, Report, ResolvedReport, StepReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Losses in nats per trained token. `train_loss`, `grad_norm` and `learning_rate` hold one value per step done.

    `valid` holds (step, loss) on a few validation rows, always the same; `full_valid` (epoch, step, loss) on all of
    them. `failed_step` is the step, counted from 1, whose loss or gradient was not a finite number.
    """

    total_steps: int
    steps_per_epoch: int
    n_examples: int
    n_validation_examples: int
    tokens_per_epoch: int
    hyperparameters: Mapping[str, Any]
    asked: tuple[str, ...] = ()
    base_valid_loss: float | None = None
    train_loss: tuple[float, ...] = ()
    grad_norm: tuple[float, ...] = ()
    learning_rate: tuple[float, ...] = ()
    valid: tuple[tuple[int, float], ...] = ()
    full_valid: tuple[tuple[int, int, float], ...] = ()
    failed_step: int | None = None

    @classmethod
    def of(cls, journal: Sequence[Report], *, failed_step: int | None = None) -> Self:
        """What the journal of a run holds so far. It begins with the run's ResolvedReport."""
        resolved = next(report for report in journal if isinstance(report, ResolvedReport))
        steps = [report for report in journal if isinstance(report, StepReport)]
        base = next((report.full_valid_loss for report in journal if isinstance(report, BaseValidReport)), None)
        return cls(
            total_steps=resolved.total_steps,
            steps_per_epoch=resolved.steps_per_epoch,
            n_examples=resolved.n_examples,
            n_validation_examples=resolved.n_validation_examples,
            tokens_per_epoch=resolved.tokens_per_epoch,
            hyperparameters=resolved.hyperparameters,
            asked=tuple(reason.name for reason in resolved.reasons if reason.source == "asked"),
            base_valid_loss=base,
            train_loss=tuple(one.train_loss for one in steps),
            grad_norm=tuple(one.grad_norm for one in steps),
            learning_rate=tuple(one.learning_rate for one in steps),
            valid=tuple((one.step, one.valid_loss) for one in steps if one.valid_loss is not None),
            full_valid=tuple(
                (one.epoch, one.step, one.full_valid_loss) for one in steps if one.full_valid_loss is not None
            ),
            failed_step=failed_step,
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        pairs = {name: tuple(tuple(one) for one in content[name]) for name in ("valid", "full_valid")}
        rows = {name: tuple(content[name]) for name in ("asked", "train_loss", "grad_norm", "learning_rate")}
        return cls(**{**content, **pairs, **rows})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def until(self, step: int) -> Self:
        """What was known right after `step`."""
        return replace(
            self,
            train_loss=self.train_loss[:step],
            grad_norm=self.grad_norm[:step],
            learning_rate=self.learning_rate[:step],
            valid=tuple(one for one in self.valid if one[0] <= step),
            full_valid=tuple(one for one in self.full_valid if one[1] <= step),
            failed_step=self.failed_step if self.failed_step is not None and self.failed_step <= step + 1 else None,
        )

    @property
    def step(self) -> int:
        """How many steps are done."""
        return len(self.train_loss)

    @property
    def n_epochs(self) -> int:
        return int(self.hyperparameters["n_epochs"])

    @property
    def epochs_done(self) -> int:
        return self.step // self.steps_per_epoch

    @property
    def is_over(self) -> bool:
        """Whether no step follows."""
        return self.step >= self.total_steps or self.failed_step is not None
