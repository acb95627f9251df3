"""Causal attention over sequences laid end to end, each seeing only itself, for transformers' attention interface.

Sequences of similar length are gathered into one block (padding exists only here, at the end, where causality hides it)
and attended with batched products and a written-out backward. In bfloat16 on CPU this is 3 to 8 times faster than
torch's scaled_dot_product_attention on sequences of some hundred tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

NAME = "tunesmith_segments"
_QUERY_BLOCK = 256  # queries per product: enough for full speed, few enough to skip most of what causality hides
_SAME_BLOCK = 0.75  # a sequence joins a block if it is at least this part of the block's longest


@dataclass(frozen=True, slots=True)
class Block:
    """`n` sequences of at most `length` tokens: where their tokens lie in the row (padding points at token 0)."""

    n: int
    length: int
    index: Tensor
    is_real: Tensor | None  # (n * length, 1, 1) of 0 and 1; None without padding


@dataclass(frozen=True, slots=True)
class Segments:
    """How a row of T tokens divides into sequences; `inverse` (T,) finds each token in the concatenated blocks."""

    blocks: tuple[Block, ...]
    inverse: Tensor

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Segments:
        starts = torch.tensor([0, *lengths]).cumsum(0).tolist()
        order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
        groups: list[list[int]] = []
        for i in order:
            if groups and lengths[i] >= _SAME_BLOCK * lengths[groups[-1][0]]:
                groups[-1].append(i)
            else:
                groups.append([i])
        blocks, inverse, offset = [], torch.empty(starts[-1], dtype=torch.long), 0
        for group in groups:
            longest = lengths[group[0]]
            index = torch.zeros(len(group), longest, dtype=torch.long)
            is_real = torch.zeros(len(group), longest)
            for row, i in enumerate(group):
                index[row, : lengths[i]] = torch.arange(starts[i], starts[i] + lengths[i])
                is_real[row, : lengths[i]] = 1
                inverse[starts[i] : starts[i] + lengths[i]] = torch.arange(lengths[i]) + offset + row * longest
            offset += index.numel()
            padded = bool((is_real == 0).any())
            blocks.append(Block(len(group), longest, index.flatten(), is_real.view(-1, 1, 1) if padded else None))
        return cls(tuple(blocks), inverse)


def segment_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: Segments,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **_: Any,  # what other implementations need: dropout (0, we never train with the model's own), is_causal, ...
) -> tuple[Tensor, None]:
    """query (1, H, T, D), key and value (1, KV, T, D) -> (1, T, H, D)."""
    if attention_mask is not None or s_aux is not None or query.shape[0] != 1:
        raise ValueError("segment_attention takes one row of sequences end to end, no mask and no attention sinks")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    dtype = value.dtype
    with torch.autocast("cpu", enabled=False):
        inputs = (query.to(dtype), key.to(dtype), value)
        out: Tensor = _SegmentAttention.apply(*inputs, segments, scale, sliding_window, softcap)  # type: ignore[no-untyped-call]
    return out, None


class _SegmentAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        segments: Segments,
        scale: float,
        window: int | None,
        softcap: float | None,
    ) -> Tensor:
        n_kv_heads = ctx.n_kv_heads = key.shape[1]
        ctx.segments, ctx.scale, ctx.softcap = segments, scale, softcap
        saved, outputs = [], []
        for block in segments.blocks:
            q = _gather(query, block, n_kv_heads).mul_(scale)
            k, v = _gather(key, block, n_kv_heads).squeeze(1), _gather(value, block, n_kv_heads).squeeze(1)
            out = torch.empty_like(q)
            parts = []
            for start, end, first_key in _query_blocks(block.length, window):
                scores = _rows(q, start, end) @ k[:, first_key:end].transpose(1, 2)
                if softcap is not None:
                    scores = scores.div_(softcap).tanh_().mul_(softcap)
                capped = scores.clone() if softcap is not None else None
                masked = scores.view(*q.shape[:2], end - start, end - first_key).add_(
                    _mask(start, end, first_key, window, q.dtype)
                )
                probabilities = torch.softmax(masked, -1).view_as(scores)
                out[:, :, start:end] = (probabilities @ v[:, first_key:end]).view(*q.shape[:2], end - start, -1)
                parts.append((start, end, first_key, probabilities, capped))
            saved.append((q, k, v, out, parts))
            outputs.append(_ungroup(out, block))
        ctx.saved = saved
        return torch.cat(outputs).index_select(0, segments.inverse)[None]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        n_kv_heads = ctx.n_kv_heads
        grad_out = grads[0].transpose(1, 2)
        grad_queries, grad_keys, grad_values = [], [], []
        for block, (q, k, v, out, parts) in zip(ctx.segments.blocks, ctx.saved, strict=True):
            grad = _gather(grad_out, block, n_kv_heads, zero_padding=True)
            overlap = (grad * out).sum(-1, keepdim=True)
            grad_q, grad_k, grad_v = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
            for start, end, first_key, probabilities, capped in parts:
                grad_rows, seen = _rows(grad, start, end), slice(first_key, end)
                grad_v[:, seen].baddbmm_(probabilities.transpose(1, 2), grad_rows)
                grad_scores = grad_rows @ v[:, seen].transpose(1, 2)
                grad_scores.sub_(_rows(overlap, start, end)).mul_(probabilities)
                if capped is not None:
                    grad_scores.mul_(1 - (capped / ctx.softcap).square_())
                grad_q[:, :, start:end] = (grad_scores @ k[:, seen]).view(*q.shape[:2], end - start, -1)
                grad_k[:, seen].baddbmm_(grad_scores.transpose(1, 2), _rows(q, start, end))
            grad_queries.append(_ungroup(grad_q.mul_(ctx.scale), block))
            grad_keys.append(_ungroup(grad_k[:, None], block))
            grad_values.append(_ungroup(grad_v[:, None], block))
        inverse = ctx.segments.inverse
        inputs = (
            torch.cat(g).index_select(0, inverse).transpose(0, 1)[None] for g in (grad_queries, grad_keys, grad_values)
        )
        return (*inputs, None, None, None, None)


def _gather(x: Tensor, block: Block, n_kv_heads: int, *, zero_padding: bool = False) -> Tensor:
    """(1, heads, T, D) -> (n * KV, heads / KV, length, D), contiguous."""
    rows = x[0].transpose(0, 1).index_select(0, block.index)
    if zero_padding and block.is_real is not None:
        rows = rows.mul_(block.is_real.to(rows.dtype))
    rows = rows.view(block.n, block.length, n_kv_heads, -1, x.shape[-1])
    return rows.permute(0, 2, 3, 1, 4).reshape(block.n * n_kv_heads, -1, block.length, x.shape[-1]).contiguous()


def _ungroup(x: Tensor, block: Block) -> Tensor:
    """The way back of _gather: (n * KV, rep, length, D) -> (n * length, KV * rep, D)."""
    by_token = x.view(block.n, -1, *x.shape[1:]).permute(0, 3, 1, 2, 4)
    return by_token.reshape(block.n * block.length, -1, x.shape[-1])


def _rows(x: Tensor, start: int, end: int) -> Tensor:
    """(n, rep, length, D) -> (n, rep * (end - start), D): some queries of all heads that share keys."""
    return x[:, :, start:end].reshape(x.shape[0], -1, x.shape[-1])


def _query_blocks(length: int, window: int | None) -> list[tuple[int, int, int]]:
    """(first query, end, first key that any of them sees)."""
    starts = range(0, length, _QUERY_BLOCK)
    return [(s, min(s + _QUERY_BLOCK, length), 0 if window is None else max(0, s - window + 1)) for s in starts]


def _mask(start: int, end: int, first_key: int, window: int | None, dtype: torch.dtype) -> Tensor:
    """0 where a query sees a key, -inf where not: a key is neither later nor `window` or more tokens earlier."""
    distance = torch.arange(start, end)[:, None] - torch.arange(first_key, end)
    hidden = distance < 0 if window is None else (distance < 0) | (distance >= window)
    return torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, float("-inf"))


def register() -> None:
    """Make `NAME` an attention implementation of transformers: no masks, the segments travel as an argument."""
    AttentionInterface.register(NAME, segment_attention)
    AttentionMaskInterface.register(NAME, lambda *_, **__: None)
