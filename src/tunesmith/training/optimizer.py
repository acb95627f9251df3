"""AdamW and the learning rate's course, with a state that fits a safetensors file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Schedule = Literal["linear", "cosine", "constant"]
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def adamw(parameters: Sequence[nn.Parameter], *, weight_decay: float, beta2: float) -> torch.optim.AdamW:
    """AdamW over the parameters in this order; matrices decay, vectors (norms, biases) do not.

    Source: Loshchilov and Hutter 2019 (arXiv:1711.05101).
    """
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=0.0, betas=(0.9, beta2), eps=1e-8, fused=True)


def learning_rate_at(step: int, *, peak: float, warmup_steps: int, total_steps: int, schedule: Schedule) -> float:
    """The rate of optimizer step `step`, counted from 0: up to `peak`, then down towards 0."""
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if schedule == "constant":
        return peak
    left = (total_steps - step) / max(1, total_steps - warmup_steps)
    return peak * left if schedule == "linear" else peak * 0.5 * (1 - math.cos(math.pi * left))


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state as named tensors; empty before the first step."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": values[name].contiguous() for index, values in state.items() for name in _MOMENTS}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of optimizer_tensors, on an optimizer built from the same parameters."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
