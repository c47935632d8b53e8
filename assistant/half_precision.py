"""Multiplying in bfloat16, where the processor does that itself; others emulate it, slowly."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any


def multiplies_halves() -> bool:
    """Whether the processor itself multiplies numbers in bfloat16."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def in_halves(wanted: bool) -> AbstractContextManager[Any]:
    """Within it torch multiplies in bfloat16 if ``wanted``, else as always."""
    if not wanted:
        return nullcontext()
    import torch

    context: AbstractContextManager[Any] = torch.autocast("cpu", dtype=torch.bfloat16)
    return context
