"""Tiny random models of each family, made on the spot: every shape that makes families differ, nothing to download."""

from __future__ import annotations

import random
from typing import Any

import torch
import transformers as hf
from transformers import AutoModelForCausalLM, PreTrainedModel

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
_NARROW_HEADS = {**_GROUPED, "head_dim": 16}
_WINDOW = {**_GROUPED, "sliding_window": 24}
_ALTERNATING = {**_WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
PACKED = {
    "apertus": lambda: hf.ApertusConfig(**_GROUPED),
    "arcee": lambda: hf.ArceeConfig(**_GROUPED),
    "cohere": lambda: hf.CohereConfig(**_GROUPED),
    "cohere2": lambda: hf.Cohere2Config(**_ALTERNATING),
    "ernie4_5": lambda: hf.Ernie4_5Config(**_NARROW_HEADS),
    "exaone4": lambda: hf.Exaone4Config(**_ALTERNATING),
    "gemma": lambda: hf.GemmaConfig(**{**_NARROW_HEADS, "num_key_value_heads": 1}),
    "gemma2": lambda: hf.Gemma2Config(
        **_WINDOW, head_dim=16, query_pre_attn_scalar=16, attn_logit_softcapping=5.0, final_logit_softcapping=8.0
    ),
    "gemma3": lambda: hf.Gemma3TextConfig(**_ALTERNATING, head_dim=16),
    "glm": lambda: hf.GlmConfig(**_NARROW_HEADS),
    "glm4": lambda: hf.Glm4Config(**_NARROW_HEADS),
    "gpt_neox": lambda: hf.GPTNeoXConfig(**_SHAPE),
    "granite": lambda: hf.GraniteConfig(**_GROUPED, logits_scaling=2.0),
    "hunyuan_v1_dense": lambda: hf.HunYuanDenseV1Config(**_NARROW_HEADS),
    "llama": lambda: hf.LlamaConfig(**_GROUPED, attention_bias=True),
    "ministral": lambda: hf.MinistralConfig(**_WINDOW, head_dim=16),
    "mistral": lambda: hf.MistralConfig(**_WINDOW),
    "olmo": lambda: hf.OlmoConfig(**_GROUPED),
    "olmo2": lambda: hf.Olmo2Config(**_GROUPED),
    "olmo3": lambda: hf.Olmo3Config(**_ALTERNATING),
    "opt": lambda: hf.OPTConfig(**_SHAPE, ffn_dim=96, word_embed_proj_dim=48, dropout=0.0),
    "phi": lambda: hf.PhiConfig(**_SHAPE, qk_layernorm=True),
    "phi3": lambda: hf.Phi3Config(**_WINDOW),
    "qwen2": lambda: hf.Qwen2Config(**_WINDOW, use_sliding_window=True, max_window_layers=1),
    "qwen3": lambda: hf.Qwen3Config(**_NARROW_HEADS, tie_word_embeddings=True),
    "seed_oss": lambda: hf.SeedOssConfig(**_NARROW_HEADS),
    "smollm3": lambda: hf.SmolLM3Config(**_GROUPED),
    "starcoder2": lambda: hf.Starcoder2Config(**_WINDOW),
}
PADDED = {
    "nemotron": lambda: hf.NemotronConfig(**_NARROW_HEADS),
    "stablelm": lambda: hf.StableLmConfig(**_GROUPED, partial_rotary_factor=0.5),
}
_CONFIGS = PACKED | PADDED


def tiny_model(
    family: str, *, implementation: str = attention.NAME, seed: int = 0, vocab_size: int = VOCAB
) -> PreTrainedModel:
    """In float32 and evaluation mode. Weights are large enough for attention to matter and equal for equal seeds."""
    attention.register()
    torch.manual_seed(seed)
    config = _CONFIGS[family]()
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
