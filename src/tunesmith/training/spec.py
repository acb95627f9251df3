"""A run's numbers: what the user asked for, and the frozen TrainingSpec in which every one is decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from tunesmith.data.examples import Style

Auto = Literal["auto"]
AUTO: Auto = "auto"
TrainingType = Literal["lora", "full"]


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What the user asked for: OpenAI's three, and ours. "auto" leaves the choice to training/auto.py."""

    n_epochs: int | Auto = AUTO
    batch_size: int | Auto = AUTO
    learning_rate_multiplier: float | Auto = AUTO
    learning_rate: float | Auto = AUTO
    training_type: TrainingType | Auto = AUTO
    lora_rank: int | Auto = AUTO
    lora_alpha: float | Auto = AUTO
    max_length: int | Auto = AUTO
    warmup_steps: int | Auto = AUTO
    dtype: Literal["float32", "bfloat16", "auto"] = AUTO

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        return cls(**content)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run: which model learns which file. `init_adapter` is the folder of an adapter to go on from."""

    base_folder: str
    base_name: str
    training_path: str
    training_name: str
    validation_path: str | None = None
    validation_name: str | None = None
    asked: Hyperparameters = field(default_factory=Hyperparameters)
    seed: int = 0
    style: Style = "chat"
    init_adapter: str | None = None
    checkpoint_every_s: float = 180.0

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        return cls(**{**content, "asked": Hyperparameters.from_json(content["asked"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec:
    """Every number of a run, decided. Saved with its checkpoints; equal specs on equal files give equal bytes.

    Lengths are in tokens. `learning_rate` is the peak actually used, multiplier included. `micro_batch_tokens` and
    `micro_batch_logits` bound what is in memory at once and do not change the result beyond rounding, nor does
    `share_prefixes`. `rows_per_group` rows that begin alike are taken by the same step; 1 means at random.
    """

    base_folder: str
    base_name: str
    training_type: TrainingType
    n_epochs: int
    batch_size: int
    learning_rate: float
    learning_rate_multiplier: float
    max_length: int
    warmup_steps: int
    seed: int
    style: Style = "chat"
    init_adapter: str | None = None
    lora_rank: int = 32
    lora_alpha: float = 32.0
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    weight_decay: float = 0.0
    adam_beta2: float = 0.999
    max_grad_norm: float = 1.0
    dtype: Literal["float32", "bfloat16"] = "float32"
    packed: bool = True
    share_prefixes: bool = False
    rows_per_group: int = 1
    micro_batch_tokens: int = 4096
    micro_batch_logits: int = 1 << 26
    valid_every: int = 10
    valid_batch_size: int = 8
    checkpoint_every_s: float = 180.0
    keep_epoch_checkpoints: int = 3
    threads: int = 1

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        return cls(**content)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
