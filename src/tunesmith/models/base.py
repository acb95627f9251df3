"""A checked base model folder becomes a module in memory. Local files only, safetensors only, no code of the model's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from transformers import AutoModelForCausalLM

from tunesmith.models.folder import BaseModel, BaseModelFacts, check_base_folder, find_base

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["BaseModel", "BaseModelFacts", "check_base_folder", "find_base", "load_base"]


def load_base(folder: Path, *, dtype: torch.dtype = torch.float32, attention: str | None = None) -> PreTrainedModel:
    """Load a causal language model in evaluation mode (no dropout). Raises InvalidModel if the folder is not safe to load.

    `attention` is a name known to transformers' attention interface; by default its own exact choice for the architecture.
    """
    facts = check_base_folder(folder)
    model = AutoModelForCausalLM.from_pretrained(
        str(facts.folder),
        dtype=dtype,
        attn_implementation=attention,
        local_files_only=True,
        use_safetensors=True,
    )
    return cast("PreTrainedModel", model.eval())
