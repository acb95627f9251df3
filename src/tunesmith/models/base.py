"""A checked base model folder becomes a module in memory: local files and safetensors only, no code of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from tunesmith.models.folder import check_base_folder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

transformers_logging.disable_progress_bar()  # its bars would land in logs and in the CLI's own

# What a model folder holds besides weights and config, and a tuned model needs as well.
_COMPANIONS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "generation_config.json",
)


def load_base(folder: Path, *, dtype: torch.dtype = torch.float32, attention: str | None = None) -> PreTrainedModel:
    """Load a causal language model in evaluation mode (no dropout).

    `attention` is a name known to transformers' attention interface; by default its own exact choice for the
    architecture. Raises InvalidModel if the folder is not safe to load.
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


def save_model(model: PreTrainedModel, folder: Path, *, tokenizer_from: Path, dtype: torch.dtype) -> None:
    """Write the whole model in `dtype` into an existing folder, as load_base, vLLM and llama.cpp read it."""
    rounded = {name: tensor.to(dtype) for name, tensor in model.state_dict().items()}
    model.save_pretrained(str(folder), state_dict=rounded)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = str(dtype).removeprefix("torch.")
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for name in _COMPANIONS:
        if (tokenizer_from / name).is_file():
            shutil.copyfile(tokenizer_from / name, folder / name)
    if (tokenizer_from / "additional_chat_templates").is_dir():
        shutil.copytree(tokenizer_from / "additional_chat_templates", folder / "additional_chat_templates")
