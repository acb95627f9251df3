"""How numbers are multiplied on this machine: which precision is fast here, and exact float32 by the faster library."""

from __future__ import annotations

import functools
from pathlib import Path

import torch


def bf16_is_fast() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512_BF16 or AMX); elsewhere it is emulated and slow."""
    flags = _cpu_flags()
    return "avx512_bf16" in flags or "amx_bf16" in flags


@functools.cache
def use_fast_exact_fp32() -> bool:
    """Send float32 matrix products to oneDNN where that is faster and still exact; say whether that was done.

    torch's default on AMD is MKL's slow path, 2.2 times below oneDNN. The switch that reroutes them *allows* oneDNN to
    round to bfloat16, which it does only where AMX exists; so we ask only on AMD without AMX, and only if a product
    proves exact.
    """
    flags = _cpu_flags()
    if "authenticamd" not in flags or any(flag.startswith("amx") for flag in flags):
        return False
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"  # type: ignore[attr-defined]
    if _float32_product_is_exact():
        return True
    torch.backends.mkldnn.matmul.fp32_precision = "ieee"  # type: ignore[attr-defined]
    return False


def _float32_product_is_exact() -> bool:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(256, 512, generator=generator)
    b = torch.randn(512, 256, generator=generator)
    truth = a.double() @ b.double()
    return bool(((a @ b).double() - truth).norm() / truth.norm() < 1e-5)


@functools.cache
def _cpu_flags() -> frozenset[str]:
    """The words of the first processor's entry, lower case; empty where the system does not tell (macOS)."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return frozenset()
    return frozenset(cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0].lower().split())
