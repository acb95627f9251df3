"""How much memory a run needs, derived part by part from the model's shapes and the longest rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

from tunesmith.data.estimate import TokenCounts
from tunesmith.findings import Finding
from tunesmith.models.folder import BaseModelFacts
from tunesmith.training.spec import TrainingSpec

# Python, torch and transformers, loaded and idle (measured: 340 MB resident on Linux x86-64).
_PROCESS_BYTES = 350 * 10**6
# What oneDNN prepares for every new shape of a product, and memory that the allocator does not give back: beyond the
# other parts, tunesmith-nano held 0.3 GB more after 10 steps, 0.8 and 1.3 GB more at the end of two runs.
_CACHES_BYTES = 1300 * 10**6
# A token id and its weight in Python's lists: two pointers and an integer object.
_ROW_BYTES_PER_TOKEN = 44
_QUERY_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is held; `because` is the multiplication it came from."""

    name: str
    size_bytes: int
    because: str
    because_zh: str


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak bytes of the training process, as a sum of parts; `free_bytes` is what this machine has free now."""

    parts: tuple[Part, ...]
    n_trained_parameters: int
    free_bytes: int | None

    @property
    def peak_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    @property
    def findings(self) -> tuple[Finding, ...]:
        if self.free_bytes is None or self.peak_bytes <= self.free_bytes:
            return ()
        needed, free = self.peak_bytes / 1e9, self.free_bytes / 1e9
        message = (
            f"training would need about {needed:.1f} GB and {free:.1f} GB are free: use a smaller model, training_type "
            "lora, or a smaller max_length"
        )
        chinese = (
            f"训练约需 {needed:.1f} GB 内存，现在只剩 {free:.1f} GB：请换小一些的模型、用 training_type lora，或减小 "
            "max_length"
        )
        facts = {"peak_bytes": self.peak_bytes, "free_bytes": self.free_bytes}
        return (Finding("not_enough_memory", "warning", message, facts=facts, message_zh=chinese),)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "peak_bytes": self.peak_bytes}


@dataclass(frozen=True, slots=True)
class _Shape:
    """Widths of one layer: `query` and `key` over all heads, `inner` of the feed-forward part."""

    layers: int
    hidden: int
    query: int
    key: int
    inner: int
    heads: int
    vocab: int


def derive_memory(spec: TrainingSpec, facts: BaseModelFacts, counts: TokenCounts) -> Memory:
    """No weight is loaded: parameters are counted on a model without storage."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(str(facts.folder)))
    n_trained = _n_trained(model, spec)
    parts = (*_parameter_parts(spec, facts, n_trained), *_batch_parts(spec, _shape(model.config), counts))
    process = Part("process", _PROCESS_BYTES, "Python and torch themselves", "Python 与 torch 本身")
    caches = Part(
        "caches",
        _CACHES_BYTES,
        "products prepared for each new shape, up to this much (measured)",
        "为每种新形状准备的计算缓存，最多约这么多（实测）",
    )
    return Memory((*parts, process, caches), n_trained, free_memory_bytes())


def free_memory_bytes(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What new processes can use now, within a container's limit; None where the system does not tell (macOS)."""
    meminfo = proc / "meminfo"
    if not meminfo.is_file():
        return None
    lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    limit = cgroup / "memory.max"
    if limit.is_file() and (most := limit.read_text(encoding="ascii").strip()).isdecimal():
        free = min(free, max(0, int(most) - _held_bytes(cgroup)))
    return free


def _held_bytes(cgroup: Path) -> int:
    """What the container uses, without cached files that make room when asked."""
    statistics = dict(line.split(" ", 1) for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
    used = int((cgroup / "memory.current").read_text(encoding="ascii"))
    return used - int(statistics.get("inactive_file", 0))


def _n_trained(model: nn.Module, spec: TrainingSpec) -> int:
    """What attach_lora would train: A and B beside every linear layer but the head; or everything."""
    if spec.training_type == "full":
        return sum(parameter.numel() for parameter in model.parameters())
    head = model.get_output_embeddings()  # type: ignore[operator]
    linears = [module for module in model.modules() if isinstance(module, nn.Linear) and module is not head]
    return sum(spec.lora_rank * (linear.in_features + linear.out_features) for linear in linears)


def _parameter_parts(spec: TrainingSpec, facts: BaseModelFacts, n_trained: int) -> tuple[Part, ...]:
    is_full = spec.training_type == "full"
    width = 4 if is_full or spec.dtype == "float32" else 2
    n = facts.n_parameters
    parts = [_product("weights", n, width, f"{n:,} parameters x {width} bytes", f"{n:,} 个参数 x {width} 字节")]
    if not is_full:
        parts.append(
            _product(
                "adapter",
                n_trained,
                4,
                f"rank {spec.lora_rank}: {n_trained:,} trained numbers x 4 bytes",
                f"秩 {spec.lora_rank}：{n_trained:,} 个可训练的数 x 4 字节",
            )
        )
    elif spec.dtype == "bfloat16":
        parts.append(
            _product("rounded_weights", n, 2, f"bfloat16 copies: {n:,} x 2 bytes", f"bfloat16 副本：{n:,} x 2 字节")
        )
    return (
        *parts,
        _product("gradients", n_trained, 4, f"{n_trained:,} x 4 bytes", f"{n_trained:,} x 4 字节"),
        _product(
            "optimizer",
            n_trained,
            8,
            f"AdamW's two moments: {n_trained:,} x 8 bytes",
            f"AdamW 的两个动量：{n_trained:,} x 8 字节",
        ),
    )


def _batch_parts(spec: TrainingSpec, shape: _Shape, counts: TokenCounts) -> tuple[Part, ...]:
    """What the largest micro-batch of a step holds, and the rows themselves."""
    longest = counts.longest_used
    n_tokens = max(longest, min(spec.micro_batch_tokens, spec.batch_size * longest))
    width = 4 if spec.dtype == "float32" else 2
    per_layer = _activation_bytes(shape, longest, width, rank=spec.lora_rank if spec.training_type == "lora" else 0)
    activations = n_tokens * shape.layers * per_layer
    n_trained = min(n_tokens, max(1, spec.micro_batch_logits // shape.vocab))
    logits = 2 * n_trained * shape.vocab * width
    rows = counts.tokens * _ROW_BYTES_PER_TOKEN
    return (
        Part(
            "activations",
            activations,
            f"largest batch: {n_tokens:,} tokens x {shape.layers} layers x {per_layer:,} bytes",
            f"最大的批次：{n_tokens:,} 个词元 x {shape.layers} 层 x {per_layer:,} 字节",
        ),
        Part(
            "logits",
            logits,
            f"at most {n_trained:,} trained tokens x {shape.vocab:,} words x {width} bytes, and their gradient",
            f"最多 {n_trained:,} 个训练词元 x {shape.vocab:,} 个词 x {width} 字节，以及同样大小的梯度",
        ),
        Part(
            "rows",
            rows,
            f"the tokenised file: {counts.tokens:,} tokens x {_ROW_BYTES_PER_TOKEN} bytes",
            f"分词后的文件：{counts.tokens:,} 个词元 x {_ROW_BYTES_PER_TOKEN} 字节",
        ),
    )


def _activation_bytes(shape: _Shape, longest: int, width: int, *, rank: int) -> int:
    """Bytes kept for the backward pass, per token and layer.

    Two norms in float32 (input and scaled, 16 h) and their outputs; queries, keys, values, the attention's output and
    its copy for the last product; gate, up, their product and its activation; seven rows of `rank`; and the
    probabilities over the keys that a query may see, half of the row on average plus half a block.
    """
    attention = 3 * shape.query + 2 * shape.key
    numbers = 2 * shape.hidden + attention + 4 * shape.inner + 7 * rank
    seen = min(longest, longest // 2 + _QUERY_BLOCK // 2)
    return 16 * shape.hidden + width * (numbers + shape.heads * seen)


def _shape(config: Any) -> _Shape:
    heads = int(config.num_attention_heads)
    head_width = int(getattr(config, "head_dim", None) or config.hidden_size // heads)
    n_key_heads = int(getattr(config, "num_key_value_heads", None) or heads)
    inner = getattr(config, "intermediate_size", None) or getattr(config, "ffn_dim", None) or 4 * config.hidden_size
    return _Shape(
        layers=int(config.num_hidden_layers),
        hidden=int(config.hidden_size),
        query=heads * head_width,
        key=n_key_heads * head_width,
        inner=int(inner),
        heads=heads,
        vocab=int(config.vocab_size),
    )


def _product(name: str, n: int, width: int, because: str, because_zh: str) -> Part:
    return Part(name, n * width, because, because_zh)
