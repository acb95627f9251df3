"""What one engine may use of the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineLimits:
    """`max_num_seqs` answers are generated at once, `max_waiting` more requests may wait, and further ones are refused.

    A step computes about `max_num_batched_tokens` tokens, which bounds how long a long prompt can hold up the others.
    `cache_bytes` is for keys and values, taken as it fills; `max_adapters` and `adapter_bytes` bound the adapters kept
    for their next use.
    `max_context_length` None is the model's own. `threads` 0 leaves their number to torch.
    """

    max_num_seqs: int = 32
    max_waiting: int = 256
    max_num_batched_tokens: int = 256
    cache_bytes: int = 2 << 30
    max_adapters: int = 64
    adapter_bytes: int = 1 << 30
    max_context_length: int | None = None
    threads: int = 0
