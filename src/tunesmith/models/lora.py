"""Low-rank adapters: attach them to a model, write them as PEFT writes them, read what PEFT wrote.

y = x W' + scaling (x A') B', W frozen, A (rank, in) and B (out, rank) trained in float32, scaling = alpha / rank.
Source: Hu et al. 2021 (arXiv:2106.09685); every linear layer but the head: Schulman et al. 2025, "LoRA Without Regret".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tunesmith.errors import InvalidModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
# Kinds of adapter that PEFT can write and that are more than A and B: each with the value that means "not used".
_UNUSED = {"use_dora": False, "bias": "none", "lora_bias": False, "fan_in_fan_out": False, "use_qalora": False}
_EMPTY = (
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "layer_replication",
    "trainable_token_indices",
    "target_parameters",
)


@dataclass(frozen=True, slots=True)
class AdapterWeights:
    """An adapter in memory: module name in the base model -> (A of (rank, in), B of (out, rank)), both as stored."""

    weights: dict[str, tuple[Tensor, Tensor]]
    scaling: float
    rank: int
    alpha: float
    base_name: str | None


class LoraLinear(nn.Module):
    """A frozen linear layer and its trained low-rank correction."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, *, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(linear.weight.detach(), requires_grad=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.scaling = alpha / rank
        bound = 1 / math.sqrt(linear.in_features)  # PEFT's kaiming_uniform_(a=sqrt(5))
        self.lora_A = nn.Parameter(torch.empty(rank, linear.in_features).uniform_(-bound, bound, generator=generator))
        self.lora_B = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = _LoraProduct.apply(x, self.weight, self.bias, self.lora_A, self.lora_B, self.scaling)  # type: ignore[no-untyped-call]
        return y


class _LoraProduct(torch.autograd.Function):
    """The layer in the dtype of its input, adapters rounded to it, their gradients returned in float32.

    Written out because autograd's version keeps more activations and multiplies thin matrices in float32, which
    takes 1.4 times as long.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        a, b = a.to(x.dtype), (b * scaling).to(x.dtype)
        u = rows @ a.t()
        y = rows @ weight.t() if bias is None else torch.addmm(bias, rows, weight.t())
        y.addmm_(u, b.t())
        ctx.save_for_backward(rows, weight, a, b, u)
        ctx.scaling, ctx.input_shape = scaling, x.shape
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight, a, b, u = ctx.saved_tensors
        grad = grads[0].reshape(-1, grads[0].shape[-1])
        grad_u = grad @ b
        grad_b = (grad.t() @ u).float() * ctx.scaling
        grad_a = (grad_u.t() @ rows).float()
        grad_x = (grad @ weight).addmm_(grad_u, a).view(ctx.input_shape) if ctx.needs_input_grad[0] else None
        return grad_x, None, None, grad_a, grad_b, None


def attach_lora(model: PreTrainedModel, *, rank: int, alpha: float, seed: int) -> list[nn.Parameter]:
    """Freeze the model, put an adapter beside every linear layer but the head, return what is to be trained.

    The order is that of the modules. B starts at zero, so the model's answers are unchanged until the first step.
    """
    generator = torch.Generator().manual_seed(seed)
    model.requires_grad_(False)
    head = model.get_output_embeddings()
    targets = [
        (name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear) and module is not head
    ]
    for name, linear in targets:
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, LoraLinear(linear, rank=rank, alpha=alpha, generator=generator))
    return [parameter for _, layer in lora_layers(model) for parameter in (layer.lora_A, layer.lora_B)]


def lora_layers(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    for name, module in model.named_modules():
        if isinstance(module, LoraLinear):
            yield name, module


def adapter_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The adapter's tensors under PEFT's names."""
    tensors: dict[str, Tensor] = {}
    for name, layer in lora_layers(model):
        tensors[f"{_PREFIX}{name}.lora_A.weight"] = layer.lora_A.detach().contiguous()
        tensors[f"{_PREFIX}{name}.lora_B.weight"] = layer.lora_B.detach().contiguous()
    return tensors


def save_adapter(model: nn.Module, folder: Path, *, base_name: str) -> None:
    """Write the model's adapter into an existing folder, in the two files that PEFT, vLLM and our engine read."""
    layers = dict(lora_layers(model))
    first = next(iter(layers.values()))
    rank = first.lora_A.shape[0]
    config: dict[str, Any] = {
        "alpha_pattern": {},
        "auto_mapping": None,
        "base_model_name_or_path": base_name,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "lora_alpha": _plain_number(first.scaling * rank),
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": rank,
        "rank_pattern": {},
        "target_modules": sorted({name.rpartition(".")[2] for name in layers}),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(adapter_tensors(model), folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})


def read_adapter(folder: Path) -> AdapterWeights:
    """Read an adapter written by us or by PEFT. Raises InvalidModel for one that is more than plain As and Bs."""
    config = _read_config(folder)
    rank, alpha = int(config["r"]), float(config["lora_alpha"])
    try:
        tensors = load_file(folder / ADAPTER_WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise InvalidModel(f"{folder / ADAPTER_WEIGHTS} cannot be read: {error}. Copy the adapter again.") from error
    halves: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        name, _, half = key.removeprefix(_PREFIX).removesuffix(".weight").rpartition(".")
        if not key.startswith(_PREFIX) or half not in ("lora_A", "lora_B"):
            raise InvalidModel(f"{folder / ADAPTER_WEIGHTS} holds {key!r}, which is not the A or B of a linear layer.")
        halves.setdefault(name, {})[half] = tensor
    for name, pair in halves.items():
        if len(pair) != 2 or pair["lora_A"].shape[0] != rank or pair["lora_B"].shape[-1] != rank:
            raise InvalidModel(f"{folder / ADAPTER_WEIGHTS}: {name} does not have an A and a B of rank {rank}.")
    return AdapterWeights(
        weights={name: (pair["lora_A"], pair["lora_B"]) for name, pair in halves.items()},
        scaling=alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank,
        rank=rank,
        alpha=alpha,
        base_name=config.get("base_model_name_or_path"),
    )


def load_adapter(model: nn.Module, folder: Path) -> None:
    """Copy a stored adapter into the attached one. Raises InvalidModel unless layers, rank and scaling are the same."""
    stored = read_adapter(folder)
    layers = dict(lora_layers(model))
    if stored.weights.keys() != layers.keys():
        difference = sorted(stored.weights.keys() ^ layers.keys())
        raise InvalidModel(
            f"The adapter in {folder} was made for another model or other layers: {len(difference)} differ, "
            f"such as {difference[0]}."
        )
    with torch.no_grad():
        for name, layer in layers.items():
            a, b = stored.weights[name]
            if a.shape != layer.lora_A.shape or b.shape != layer.lora_B.shape or stored.scaling != layer.scaling:
                raise InvalidModel(
                    f"The adapter in {folder} has rank {stored.rank} and scaling {stored.scaling:g} at {name}; "
                    f"expected rank {layer.lora_A.shape[0]} and scaling {layer.scaling:g} for a layer of "
                    f"{layer.in_features} to {layer.out_features}."
                )
            layer.lora_A.copy_(a)
            layer.lora_B.copy_(b)


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / ADAPTER_CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidModel(
            f"{path} cannot be read: {error}. An adapter folder holds {ADAPTER_CONFIG} and {ADAPTER_WEIGHTS}."
        ) from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise InvalidModel(f"{path} does not describe a LoRA adapter (peft_type LORA).")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, int | float) or alpha <= 0:
        raise InvalidModel(
            f"{path} has r={rank!r} and lora_alpha={alpha!r}; a whole number and a number above 0 are needed."
        )
    extras = [name for name, unused in _UNUSED.items() if config.get(name, unused) != unused]
    extras += [name for name in _EMPTY if config.get(name)]
    if extras:
        raise InvalidModel(f"{path} uses {', '.join(extras)}; only plain LoRA on linear layers can be read.")
    return config


def _plain_number(value: float) -> int | float:
    return int(value) if value == int(value) else value
