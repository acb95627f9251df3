"""How attention reads the slots: an implementation for transformers' attention interface over one flat batch.

The rows of a step lie one after another in a single sequence of T tokens: first sequences that add one token each
(read together, whole runs of neighbouring slots at a time, without copying the cache), then longer stretches of
prompts, one call each. So every architecture that goes through the interface batches continuously, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface

from tunesmith.serving.kv_cache import KvCache

NAME = "tunesmith_slots"

# Padding that one call may read before a second call (some 30 microseconds on a CPU) is the cheaper way.
MAX_WASTED_POSITIONS = 1024


@dataclass(frozen=True, slots=True)
class Span:
    """Positions start..end of one sequence, whose keys and values live in `slot`."""

    slot: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows from `row` on, one new token each, in neighbouring slots from `slot` on; `lengths` include that token."""

    row: int
    slot: int
    lengths: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.lengths)


@dataclass(slots=True)
class SlotBatch:
    """One step's rows for the attention layers: where each is written and what it may see."""

    cache: KvCache
    slots: Tensor
    positions: Tensor
    runs: list[_Run]
    stretches: list[tuple[int, Span]]
    _masks: dict[tuple[int, int | None], Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, cache: KvCache, spans: Sequence[Span], device: torch.device) -> SlotBatch:
        """`spans` in the order of the rows: single tokens first, in the order of their slots, then the longer ones."""
        slots = [span.slot for span in spans for _ in range(span.start, span.end)]
        positions = [position for span in spans for position in range(span.start, span.end)]
        singles = [span for span in spans if span.end - span.start == 1]
        stretches, row = [], len(singles)
        for span in spans[len(singles) :]:
            stretches.append((row, span))
            row += span.end - span.start
        where = torch.tensor([slots, positions], device=device)
        return cls(cache, where[0], where[1], _runs(singles), stretches)

    def run_mask(self, run: _Run, window: int | None) -> Tensor:
        """(count, 1, 1, longest), zero where a row may look and -inf where not."""
        key = (run.row, window)
        if key not in self._masks:
            ends = torch.tensor(run.lengths, device=self.slots.device)[:, None]
            places = torch.arange(max(run.lengths), device=self.slots.device)[None, :]
            hidden = places >= ends
            if window is not None:
                hidden |= places < ends - window
            mask = torch.zeros(hidden.shape, device=hidden.device).masked_fill_(hidden, float("-inf"))
            self._masks[key] = mask[:, None, None, :]
        return self._masks[key]

    def stretch_mask(self, row: int, span: Span, window: int | None) -> Tensor:
        """(rows, end), zero where a row of the stretch may look and -inf where not."""
        key = (row, window)
        if key not in self._masks:
            queries = torch.arange(span.start, span.end, device=self.slots.device)[:, None]
            places = torch.arange(span.end, device=self.slots.device)[None, :]
            hidden = places > queries
            if window is not None:
                hidden |= places <= queries - window
            mask = torch.zeros(hidden.shape, device=hidden.device).masked_fill_(hidden, float("-inf"))
            self._masks[key] = mask
        return self._masks[key]


def _runs(singles: Sequence[Span]) -> list[_Run]:
    """Neighbouring slots together, as long as the shorter ones do not pay too much for the longest."""
    runs: list[_Run] = []
    lengths: list[int] = []
    for row, span in enumerate(singles):
        if lengths:
            longest = max(*lengths, span.end)
            wasted = longest * (len(lengths) + 1) - sum(lengths) - span.end
            if span.slot != singles[row - 1].slot + 1 or wasted > MAX_WASTED_POSITIONS:
                first = row - len(lengths)
                runs.append(_Run(first, singles[first].slot, tuple(lengths)))
                lengths = []
        lengths.append(span.end)
    if lengths:
        first = len(singles) - len(lengths)
        runs.append(_Run(first, singles[first].slot, tuple(lengths)))
    return runs


# Not an argument: some architectures do not hand their extra arguments on to the attention layers.
CURRENT_BATCH: ContextVar[SlotBatch] = ContextVar("slot_batch")


def slot_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    softcap: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Write the new keys and values, then attend. query (1, H, T, D), key and value (1, KV, T, D) -> (1, T, H, D)."""
    for name in ("s_aux", "position_bias"):
        if kwargs.get(name) is not None:
            raise NotImplementedError(f"attention with {name} is not served")
    slot_batch = CURRENT_BATCH.get()
    layer: int = module.layer_idx  # type: ignore[assignment]
    cache = slot_batch.cache
    cache.write(layer, slot_batch.slots, slot_batch.positions, key[0].transpose(0, 1), value[0].transpose(0, 1))
    keys, values = cache.keys[layer], cache.values[layer]
    rows = (query[0] * (query.shape[-1] ** -0.5 if scaling is None else scaling)).transpose(0, 1)
    out = torch.empty(*rows.shape[:2], values.shape[-1], dtype=value.dtype, device=value.device)
    for run in slot_batch.runs:
        longest, upto, last = max(run.lengths), run.row + run.count, run.slot + run.count
        seen = (keys[run.slot : last, :, :longest], values[run.slot : last, :, :longest])
        mask = slot_batch.run_mask(run, _binding(sliding_window, longest))
        out[run.row : upto] = _attend_singles(rows[run.row : upto], *seen, mask, softcap)
    for row, span in slot_batch.stretches:
        upto = row + span.end - span.start
        seen = (keys[span.slot, :, : span.end], values[span.slot, :, : span.end])
        mask = slot_batch.stretch_mask(row, span, _binding(sliding_window, span.end))
        out[row:upto] = _attend_stretch(rows[row:upto].transpose(0, 1), *seen, mask, softcap).transpose(0, 1)
    return out[None], None


def _binding(window: int | None, length: int) -> int | None:
    """A window that hides something at this length, so that all layers share one mask while none does."""
    return window if window is not None and window < length else None


def _attend_singles(rows: Tensor, keys: Tensor, values: Tensor, mask: Tensor, softcap: float | None) -> Tensor:
    """rows (B, H, D), one per slot; keys, values (B, KV, L, D); mask (B, 1, 1, L) -> (B, H, D)."""
    b, h, d = rows.shape
    kv = keys.shape[1]
    scores = torch.matmul(rows.reshape(b, kv, h // kv, d), keys.transpose(2, 3))
    weights = _cap(scores, softcap).add_(mask).softmax(-1)
    return torch.matmul(weights, values).view(b, h, -1)


def _attend_stretch(rows: Tensor, keys: Tensor, values: Tensor, mask: Tensor, softcap: float | None) -> Tensor:
    """rows (H, T, D); keys, values (KV, L, D); mask (T, L) -> (H, T, D)."""
    if softcap is None:
        out = functional.scaled_dot_product_attention(
            rows[None], keys[None], values[None], attn_mask=mask, scale=1.0, enable_gqa=rows.shape[0] != keys.shape[0]
        )
        return out[0]
    h, t, d = rows.shape
    kv = keys.shape[0]
    grouped = rows.reshape(kv, h // kv * t, d)
    scores = _cap(torch.matmul(grouped, keys.transpose(1, 2)), softcap).view(kv, h // kv, t, -1)
    weights = scores.add_(mask).softmax(-1).view(kv, h // kv * t, -1)
    return torch.matmul(weights, values).view(h, t, -1)


def _cap(scores: Tensor, softcap: float | None) -> Tensor:
    return scores if softcap is None else torch.tanh(scores / softcap) * softcap


@contextmanager
def attending(batch: SlotBatch) -> Iterator[None]:
    """Inside, the attention layers work on this batch."""
    token = CURRENT_BATCH.set(batch)
    try:
        yield
    finally:
        CURRENT_BATCH.reset(token)


AttentionInterface.register(NAME, slot_attention)
