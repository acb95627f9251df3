"""Every number that was left on "auto", with its reason: derived from rows, tokens, model and method. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from tunesmith.data.auto_epochs import MAX_SEEN, MIN_SEEN, TARGET_EPOCHS, auto_epochs
from tunesmith.errors import InvalidRequest
from tunesmith.models.folder import BaseModelFacts
from tunesmith.training.reports import Resolved
from tunesmith.training.spec import AUTO, Hyperparameters, RunRequest, TrainingSpec, TrainingType

ASKED = "asked"
MAX_EPOCHS, MAX_BATCH_SIZE, MAX_RANK = 50, 256, 512

_COOKBOOK = "OpenAI cookbook, chat data preparation"

_MIN_STEPS = 100
_MAX_AUTO_BATCH = 16
_REGRET = 'Schulman et al. 2025, "LoRA Without Regret"'
_TINKER = "Tinker cookbook, hyperparam_utils"
# How fast the best rate falls as models widen, by family; other families take Qwen's gentler one.
_WIDTH_POWER = {"llama": 0.781, "mistral": 0.781, "qwen2": 0.0775, "qwen3": 0.0775}
_OWN = "measured by this project"
# Tinker's rule is calibrated from 0.6 billion parameters up. LoRA of tunesmith-nano (7 million) on the demo's 156 rows,
# validation loss by rate: 0.56 at 6e-4 (what that rule gives), 0.44 at 1.5e-3, 0.40 at 3e-3, 0.37 at 6e-3. All
# its weights: 0.32 at 3e-4, 0.16 at 1e-3.
_SMALL_MODEL_PARAMETERS = 50_000_000
_SMALL_MODEL_RATE: dict[TrainingType, float] = {"lora": 3e-3, "full": 1e-3}


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the rules need to know of the rendered training file. Lengths in tokens, after cutting."""

    n_examples: int
    longest: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the run found where it started; a resumed run keeps it, since it decides the bytes."""

    threads: int
    bf16_is_fast: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    spec: TrainingSpec
    reasons: list[Resolved]


def resolve(request: RunRequest, data: DataFacts, model: BaseModelFacts, machine: Machine) -> Resolution:
    """Decide every number of the run. Raises InvalidRequest, naming the field, for one out of range."""
    asked = request.asked
    reasons: list[Resolved] = []

    def decide(name: str, because: str, source: str, value: Any) -> Any:
        """What the user asked for, or `value`; either way with its reason on record."""
        wish = getattr(asked, name)
        resolved = Resolved(name, value, because, source) if wish == AUTO else Resolved(name, wish, "asked for", ASKED)
        reasons.append(resolved)
        return resolved.value

    check_ranges(asked, model)
    training_type: TrainingType = decide(
        "training_type",
        "an adapter learns small data sets as well as all weights do, at a third of the memory",
        _REGRET,
        "lora",
    )
    n_epochs: int = decide("n_epochs", *_auto_epochs(data.n_examples))
    batch_size: int = decide("batch_size", *_auto_batch_size(data.n_examples, n_epochs))
    max_length: int = decide("max_length", *_auto_max_length(data.longest, model.context_length))
    rate: float = decide("learning_rate", *_auto_learning_rate(model, training_type))
    multiplier: float = decide(
        "learning_rate_multiplier",
        f"it scales the derived rate, {rate:.3g}, which already fits model and method: 1 leaves it as it is",
        _OWN,
        1.0,
    )
    lora_rank: int = decide(
        "lora_rank", "enough for any file this small; the best rate does not depend on it", _TINKER, 32
    )
    lora_alpha: float = decide("lora_alpha", "the derived rate is calibrated for alpha 32 at every rank", _TINKER, 32.0)
    total_steps = n_epochs * math.ceil(data.n_examples / batch_size)
    warmup_steps: int = decide("warmup_steps", *_auto_warmup(total_steps))
    dtype: Literal["float32", "bfloat16"] = decide("dtype", *_auto_dtype(machine))
    spec = TrainingSpec(
        base_folder=request.base_folder,
        base_name=request.base_name,
        training_type=training_type,
        init_adapter=request.init_adapter,
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=rate * multiplier,
        learning_rate_multiplier=multiplier,
        lora_rank=lora_rank,
        lora_alpha=float(lora_alpha),
        max_length=max_length,
        warmup_steps=warmup_steps,
        seed=request.seed,
        style=request.style,
        dtype=dtype,
        packed=model.packs,
        threads=machine.threads,
        checkpoint_every_s=request.checkpoint_every_s,
    )
    return Resolution(spec, reasons)


def length_limit(asked: Hyperparameters, model: BaseModelFacts) -> int:
    """Beyond how many tokens an example is cut. Raises InvalidRequest if the asked limit is out of range."""
    check_ranges(asked, model)
    return model.context_length if asked.max_length == AUTO else asked.max_length


def check_ranges(asked: Hyperparameters, model: BaseModelFacts) -> None:
    """Raise InvalidRequest, naming the field, for a number that no run can use."""
    _check_whole("n_epochs", asked.n_epochs, 1, MAX_EPOCHS)
    _check_whole("batch_size", asked.batch_size, 1, MAX_BATCH_SIZE)
    _check_positive("learning_rate_multiplier", asked.learning_rate_multiplier)
    _check_positive("learning_rate", asked.learning_rate, most=1.0)
    _check_whole("lora_rank", asked.lora_rank, 1, MAX_RANK)
    _check_positive("lora_alpha", asked.lora_alpha)
    _check_whole("max_length", asked.max_length, 2, model.context_length)
    _check_whole("warmup_steps", asked.warmup_steps, 0, 1_000_000)
    _check_choice("training_type", asked.training_type, ("lora", "full"))
    _check_choice("dtype", asked.dtype, ("float32", "bfloat16"))


def _auto_epochs(n: int) -> tuple[str, str, int]:
    seen = n * TARGET_EPOCHS
    if seen < MIN_SEEN:
        because = f"{n} examples x {TARGET_EPOCHS} is under {MIN_SEEN}, so they are seen more often"
    elif seen > MAX_SEEN:
        because = f"{n:,} examples x {TARGET_EPOCHS} is over {MAX_SEEN:,}, so they are seen less often"
    else:
        because = f"{n:,} examples x {TARGET_EPOCHS} = {seen:,}, inside {MIN_SEEN}..{MAX_SEEN:,}"
    return because, _COOKBOOK, auto_epochs(n)


def _auto_batch_size(n: int, n_epochs: int) -> tuple[str, str, int]:
    largest = max(1, min(_MAX_AUTO_BATCH, n * n_epochs // _MIN_STEPS, n))
    batch_size: int = 1 << (largest.bit_length() - 1)
    steps = n_epochs * math.ceil(n / batch_size)
    why = f"the largest power of two up to {_MAX_AUTO_BATCH} that leaves {_MIN_STEPS} steps, or 1; {steps:,} steps here"
    return why, f"{_REGRET}: LoRA dislikes large batches and wants at least {_MIN_STEPS} steps", batch_size


def _auto_max_length(longest: int, context_length: int) -> tuple[str, str, int]:
    rounded = math.ceil(longest / 64) * 64
    why = f"the longest example has {longest:,} tokens, the model's context {context_length:,}"
    return why, _OWN, min(context_length, rounded)


def _auto_learning_rate(model: BaseModelFacts, training_type: TrainingType) -> tuple[str, str, float]:
    if model.n_parameters < _SMALL_MODEL_PARAMETERS:
        why = (
            f"a model of {model.n_parameters / 1e6:.1f} million parameters takes a far higher rate than the large ones"
        )
        return why, _OWN, _SMALL_MODEL_RATE[training_type]
    power = _WIDTH_POWER.get(model.model_type, _WIDTH_POWER["qwen3"])
    rate = 5e-4 * (2000 / model.hidden_size) ** power
    why = f"5e-5 x 10 x (2000 / {model.hidden_size})^{power} for width {model.hidden_size} of {model.model_type}"
    if model.model_type not in _WIDTH_POWER:
        why += " (a family the rule was not calibrated on; it takes Qwen's exponent)"
    if training_type == "full":
        return f"{why}; a tenth of it, since all weights are trained", _TINKER, rate / 10
    return why, _TINKER, rate


def _auto_warmup(total_steps: int) -> tuple[str, str, int]:
    return f"5 % of {total_steps:,} steps, at most 100", _OWN, min(100, math.ceil(0.05 * total_steps))


def _auto_dtype(machine: Machine) -> tuple[str, str, str]:
    if machine.bf16_is_fast:
        return "this processor multiplies bfloat16 twice as fast; what is trained stays float32", _OWN, "bfloat16"
    return "this processor has no bfloat16 products", _OWN, "float32"


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if value == AUTO:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _out_of_range(name, value, f"a whole number from {low} to {high:,}")


def _check_positive(name: str, value: Any, *, most: float = math.inf) -> None:
    if value == AUTO:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not 0 < value <= most:
        raise _out_of_range(name, value, "a number above 0" + (f" and up to {most:g}" if most < math.inf else ""))


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value != AUTO and value not in choices:
        raise _out_of_range(name, value, " or ".join(repr(choice) for choice in choices))


def _out_of_range(name: str, value: Any, expected: str) -> InvalidRequest:
    return InvalidRequest(
        f'{name} is {value!r}; expected {expected}, or "auto".', param=f"hyperparameters.{name}", code="invalid_value"
    )
