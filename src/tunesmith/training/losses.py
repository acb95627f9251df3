"""The cross-entropy of trained tokens, with its gradient worked out in one pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS_AT_ONCE = 256  # keeps a float32 slice of the logits in the processor's cache


def token_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """sum(weight * nll) to call backward on; nll (N,) in nats; whether the likeliest token is the target (N,).

    logits (N, V) of any float type, targets (N,), weights (N,) in float32. Softmax and sums are in float32. Divide
    `weights` by the global weight of the step: the sum over all micro-batches is then the step's mean.
    """
    loss, nll, is_right = _TokenLoss.apply(logits, targets, weights)  # type: ignore[no-untyped-call]
    return loss, nll, is_right


class _TokenLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        wants_grad = ctx.needs_input_grad[0]
        nll = torch.empty(len(targets))
        is_right = torch.empty(len(targets), dtype=torch.bool)
        grad = torch.empty_like(logits) if wants_grad else None
        for start in range(0, len(targets), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            scores, target = logits[rows].float(), targets[rows, None]
            is_right[rows] = scores.argmax(-1) == target[:, 0]
            log_total = scores.logsumexp(-1, keepdim=True)
            nll[rows] = (log_total - scores.gather(1, target))[:, 0]
            if grad is not None:
                # scores may still share memory with the float32 logits, which must stay as they are
                slopes = torch.exp(scores - log_total)
                slopes.scatter_add_(1, target, torch.full_like(log_total, -1.0))
                grad[rows] = slopes.mul_(weights[rows, None])
        ctx.grad = grad
        ctx.mark_non_differentiable(nll, is_right)
        return (nll * weights).sum(), nll, is_right

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.grad.mul_(grads[0]), None, None
