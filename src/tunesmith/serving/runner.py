"""How a step is computed: rows of any number of sequences through an unchanged transformers model, logits out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from tunesmith.errors import InvalidModel
from tunesmith.models.base import load_base
from tunesmith.models.precision import use_fast_exact_fp32
from tunesmith.serving import attention
from tunesmith.serving.adapters import LoadedAdapter, LoraRows
from tunesmith.serving.attention import SlotBatch, Span
from tunesmith.serving.kv_cache import KvCache, LayerShape


@dataclass(frozen=True, slots=True)
class Rows:
    """The tokens of one sequence to compute now, where they go, and from which of them on logits are wanted."""

    span: Span
    token_ids: Sequence[int]
    adapter: LoadedAdapter | None
    first_logit: int


class ModelRunner:
    """A base model whose attention reads the slots of a KvCache and whose linear layers know adapters."""

    def __init__(self, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
        """Raises InvalidModel if the folder is not safe to load or the model cannot be served."""
        use_fast_exact_fp32()
        self.model: Any = load_base(folder, dtype=dtype, attention=attention.NAME)
        self.dtype = dtype
        self.device: torch.device = next(self.model.parameters()).device
        self.vocab_size: int = self.model.get_output_embeddings().weight.shape[0]
        self.context_length = _context_length(self.model.config)
        self.linears = {name: module for name, module in self.model.named_modules() if isinstance(module, nn.Linear)}
        self._lora = LoraRows(self.linears, self.model.get_output_embeddings())
        self.layers = self._measure_layers()

    @torch.inference_mode()
    def forward(self, rows: Sequence[Rows], cache: KvCache) -> Tensor:
        """Compute the rows, single tokens first in the order of their slots -> logits (R, V), float32, where wanted."""
        batch = SlotBatch.of(cache, [row.span for row in rows], self.device)
        wanted: list[int] = []
        adapters: list[LoadedAdapter | None] = []
        offset = 0
        for row in rows:
            length = len(row.token_ids)
            wanted += range(offset + row.first_logit - row.span.start, offset + length)
            adapters += [row.adapter] * length
            offset += length
        if not wanted:
            wanted = [offset - 1]
        self._lora.begin(adapters, wanted)
        token_ids = torch.tensor([[token for row in rows for token in row.token_ids]], device=self.device)
        with attention.attending(batch):
            output = self.model(
                input_ids=token_ids,
                position_ids=batch.positions[None],
                use_cache=False,
                logits_to_keep=torch.tensor(wanted, device=self.device),
            )
        logits: Tensor = output.logits[0].float()
        return logits

    def _measure_layers(self) -> list[LayerShape]:
        """What each attention layer stores, seen by sending one token through."""
        probe = _Probe()
        zero = torch.zeros(1, 1, dtype=torch.long, device=self.device)
        with torch.inference_mode(), attention.attending(cast(SlotBatch, probe)):
            self.model(input_ids=zero, position_ids=zero, use_cache=False)
        return [probe.shapes[layer] for layer in sorted(probe.shapes)]


class _Probe:
    """Stands where a SlotBatch and its cache stand, and notes the shapes that would be written."""

    def __init__(self) -> None:
        self.shapes: dict[int, LayerShape] = {}
        self.slots = self.positions = torch.zeros(1, dtype=torch.long)
        self.runs: list[Any] = []
        self.stretches: list[Any] = []
        self.cache = self
        self.keys: dict[int, Tensor] = {}
        self.values: dict[int, Tensor] = {}

    def write(self, layer: int, _slots: Tensor, _positions: Tensor, key: Tensor, value: Tensor) -> None:
        self.shapes[layer] = LayerShape(key.shape[1], key.shape[2], value.shape[2])
        self.keys[layer], self.values[layer] = key, value


def _context_length(config: Any) -> int:
    """The longest sequence all rows can share: position codes that change with the longest row stop at the change."""
    length: int = config.max_position_embeddings
    for rope in _rope_parameters(config):
        if rope.get("rope_type") in ("longrope", "dynamic"):
            length = min(length, rope.get("original_max_position_embeddings") or length)
    if length < 1:
        raise InvalidModel("The model's configuration gives no context length (max_position_embeddings).")
    return length


def _rope_parameters(config: Any) -> list[dict[str, Any]]:
    parameters = getattr(config, "rope_parameters", None) or {}
    nested = [value for value in parameters.values() if isinstance(value, dict) and "rope_type" in value]
    return nested or [parameters]
