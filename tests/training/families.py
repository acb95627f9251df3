"""Tiny random models of each family, made on the spot: every shape that makes families differ, nothing to download."""

from __future__ import annotations

import random
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PhiConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

from tunesmith.data.render import Rendered
from tunesmith.training import attention

VOCAB = 160
_SHAPE: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "max_position_embeddings": 1024,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GROUPED = {**_SHAPE, "num_key_value_heads": 2}
CONFIGS = {
    "qwen2": lambda: Qwen2Config(**_GROUPED, use_sliding_window=True, sliding_window=24, max_window_layers=1),
    "qwen3": lambda: Qwen3Config(**_GROUPED, head_dim=16, tie_word_embeddings=True),
    "llama": lambda: LlamaConfig(**_GROUPED, attention_bias=True),
    "mistral": lambda: MistralConfig(**_GROUPED, sliding_window=24),
    "gemma": lambda: GemmaConfig(**{**_GROUPED, "num_key_value_heads": 1}, head_dim=16),
    "gemma2": lambda: Gemma2Config(
        **_GROUPED, head_dim=16, sliding_window=24, query_pre_attn_scalar=16, attn_logit_softcapping=5.0
    ),
    "gemma3": lambda: Gemma3TextConfig(
        **_GROUPED, head_dim=16, sliding_window=24, layer_types=["sliding_attention", "full_attention"]
    ),
    "phi": lambda: PhiConfig(**_SHAPE, qk_layernorm=True),
    "phi3": lambda: Phi3Config(**_GROUPED, sliding_window=24),
}


def tiny_model(
    family: str, *, implementation: str = attention.NAME, seed: int = 0, vocab_size: int = VOCAB
) -> PreTrainedModel:
    """In float32 and evaluation mode. Weights are large enough for attention to matter and equal for equal seeds."""
    attention.register()
    torch.manual_seed(seed)
    config = CONFIGS[family]()
    config.vocab_size = vocab_size
    model = AutoModelForCausalLM.from_config(config, attn_implementation=implementation, dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.15 if parameter.ndim > 1 else 0.05))
    return model.eval()


def random_examples(lengths: list[int], *, seed: int = 0, vocab: int = VOCAB) -> list[Rendered]:
    """Prompts of half the length, then trained tokens with a hole and different weights."""
    chance = random.Random(seed)
    examples = []
    for line, length in enumerate(lengths, 1):
        weights = [0.0] * (length // 2) + [chance.choice([1.0, 1.0, 0.5, 0.0]) for _ in range(length - length // 2 - 3)]
        weights = [*weights, 1.0, 1.0, 0.0]
        ids = [chance.randrange(3, vocab) for _ in range(length)]
        examples.append(Rendered(line, ids, weights, was_cut=False, full_length=length))
    return examples
