"""Where keys and values lie: one slot of the full context per running sequence, allocated once, bounded."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

# Shorter common prefixes cost more to look for and copy than to compute again.
MIN_SHARED_PREFIX = 16


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What one attention layer stores per token: `num_kv_heads` keys of `key_dim` and values of `value_dim` numbers."""

    num_kv_heads: int
    key_dim: int
    value_dim: int

    @property
    def numbers_per_token(self) -> int:
        return self.num_kv_heads * (self.key_dim + self.value_dim)


@dataclass(frozen=True, slots=True)
class CacheSize:
    """`num_slots` sequences of at most `context_length` tokens."""

    num_slots: int
    context_length: int


def fit(
    layers: Sequence[LayerShape], *, dtype: torch.dtype, max_num_seqs: int, context_length: int, budget_bytes: int
) -> CacheSize:
    """The largest cache within the budget: full contexts first, then as many of them as fit, then a shorter context."""
    token_bytes = sum(layer.numbers_per_token for layer in layers) * dtype.itemsize
    num_slots = min(max_num_seqs, budget_bytes // (token_bytes * context_length))
    if num_slots >= 1:
        return CacheSize(num_slots, context_length)
    return CacheSize(1, max(1, budget_bytes // token_bytes))


@dataclass(slots=True)
class _Slot:
    """What a slot holds: `tokens` are those whose keys and values are written, read through `adapter`."""

    tokens: list[int] = field(default_factory=list)
    adapter: str | None = None
    in_use: bool = False


class KvCache:
    """Keys and values per layer, each (S, num_kv_heads, context, dim) with S slots.

    A freed slot keeps its content, so that a prompt which starts like an earlier one (the next turn of a conversation,
    another of `n` answers) does not compute that part again.
    """

    def __init__(
        self, layers: Sequence[LayerShape], size: CacheSize, *, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.context_length = size.context_length
        self.num_slots = size.num_slots
        # Zeros, not empty memory: masked positions are multiplied by zero, and zero times a stray NaN is NaN.
        self.keys = [self._zeros(layer.num_kv_heads, layer.key_dim, dtype, device) for layer in layers]
        self.values = [self._zeros(layer.num_kv_heads, layer.value_dim, dtype, device) for layer in layers]
        self._slots = [_Slot() for _ in range(size.num_slots)]
        self._free = list(range(size.num_slots))

    def _zeros(self, heads: int, dim: int, dtype: torch.dtype, device: torch.device) -> Tensor:
        return torch.zeros(self.num_slots, heads, self.context_length, dim, dtype=dtype, device=device)

    @property
    def num_free(self) -> int:
        return len(self._free)

    def allocate(self, tokens: Sequence[int], adapter: str | None, *, share: bool) -> tuple[int, int]:
        """Take a free slot: (slot, how many leading tokens are already in it). The last token is never among them.

        `adapter` names the weights that will read the tokens; only a prefix read through the same ones can be shared.
        """
        source, shared = self._longest_prefix(tokens, adapter) if share else (-1, 0)
        if shared < MIN_SHARED_PREFIX:
            slot, shared = heapq.heappop(self._free), 0
        elif self._slots[source].in_use:
            slot = heapq.heappop(self._free)
            self._copy(source, slot, shared)
        else:
            slot = source
            self._free.remove(slot)
            heapq.heapify(self._free)
        self._slots[slot] = _Slot(list(tokens[:shared]), adapter, in_use=True)
        return slot, shared

    def note_written(self, slot: int, tokens: Sequence[int]) -> None:
        self._slots[slot].tokens.extend(tokens)

    def release(self, slot: int) -> None:
        self._slots[slot].in_use = False
        heapq.heappush(self._free, slot)

    def wipe(self, slot: int) -> None:
        """Forget a slot's content, as after numbers that are not finite, which would spoil its next user."""
        for layer in (*self.keys, *self.values):
            layer[slot].zero_()
        self._slots[slot].tokens.clear()

    def write(self, layer: int, slots: Tensor, positions: Tensor, key: Tensor, value: Tensor) -> None:
        """Store `key` and `value`, (T, num_kv_heads, dim), at T places given by `slots` and `positions`."""
        self.keys[layer][slots, :, positions] = key
        self.values[layer][slots, :, positions] = value

    def _longest_prefix(self, tokens: Sequence[int], adapter: str | None) -> tuple[int, int]:
        best, best_length = -1, 0
        for slot, held in enumerate(self._slots):
            if held.adapter == adapter and len(held.tokens) > best_length:
                length = _common_prefix(held.tokens, tokens)
                if length > best_length:
                    best, best_length = slot, length
        return best, min(best_length, len(tokens) - 1)

    def _copy(self, source: int, target: int, length: int) -> None:
        for layer in (*self.keys, *self.values):
            layer[target, :, :length] = layer[source, :, :length]


def _common_prefix(held: Sequence[int], tokens: Sequence[int]) -> int:
    for index, (left, right) in enumerate(zip(held, tokens, strict=False)):
        if left != right:
            return index
    return min(len(held), len(tokens))
