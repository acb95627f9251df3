"""Tiny models of every family, made on the spot, with the embedded model's tokenizer, and engines over them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tunesmith.models.nano import nano_folder
from tunesmith.serving.engine import EmbeddedEngine
from tunesmith.serving.limits import EngineLimits
from tunesmith.serving.protocol import GenerateRequest, PromptStart, Sampling, TokenDelta

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")
GREEDY = Sampling(temperature=0.0, max_tokens=24)


class Collected:
    """A whole stream, per choice."""

    def __init__(self, items: Sequence[PromptStart | TokenDelta]) -> None:
        assert isinstance(items[0], PromptStart)
        self.start = items[0]
        self.deltas = [item for item in items[1:] if isinstance(item, TokenDelta)]
        assert len(self.deltas) == len(items) - 1

    def of(self, index: int) -> list[TokenDelta]:
        return [delta for delta in self.deltas if delta.index == index]

    def token_ids(self, index: int = 0) -> list[int]:
        return [token for delta in self.of(index) for token in delta.token_ids]

    def text(self, index: int = 0) -> str:
        return "".join(delta.text for delta in self.of(index))

    def logprobs(self, index: int = 0) -> list[Any]:
        return [token for delta in self.of(index) for token in delta.logprobs]

    def finish_reason(self, index: int = 0) -> str | None:
        reasons = [delta.finish_reason for delta in self.of(index)]
        assert all(reason is None for reason in reasons[:-1])
        return reasons[-1]


async def collect(engine: Any, request: GenerateRequest) -> Collected:
    return Collected([item async for item in engine.generate(request)])


async def collect_all(engine: Any, requests: Sequence[GenerateRequest]) -> list[Collected]:
    return list(await asyncio.gather(*(collect(engine, request) for request in requests)))


def greedy(prompt: Sequence[int], **fields: Any) -> GenerateRequest:
    fields.setdefault("sampling", GREEDY)
    return GenerateRequest("r", prompt_token_ids=tuple(prompt), **fields)


def prompts(count: int, *, longest: int = 60, vocab_size: int = 1000, seed: int = 0) -> list[list[int]]:
    """Random prompts of 1 to `longest` tokens, the first of them the longest."""
    generator = torch.Generator().manual_seed(seed)
    lengths = [longest, *torch.randint(1, longest + 1, (count - 1,), generator=generator).tolist()]
    return [torch.randint(3, vocab_size, (length,), generator=generator).tolist() for length in lengths]


def transformers_greedy(model: Any, prompts: Sequence[Sequence[int]], max_new_tokens: int = 24) -> list[list[int]]:
    """What `generate` gives, one prompt at a time, without the end-of-turn token."""
    found = []
    for prompt in prompts:
        output = model.generate(
            torch.tensor([list(prompt)]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=0,
            eos_token_id=[0, 2],
        )
        new = output[0, len(prompt) :].tolist()
        found.append(next((new[:place] for place, token in enumerate(new) if token in (0, 2)), new))
    return found


def tiny_config(family: str, **changes: Any) -> Any:
    """A configuration with every trait of the family that an engine must respect, at toy size."""
    import transformers

    common: dict[str, Any] = {
        "vocab_size": json.loads((nano_folder() / "config.json").read_text())["vocab_size"],
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 256,
        "initializer_range": 0.3,
        "bos_token_id": None,
        "eos_token_id": [2, 0],
        "pad_token_id": 0,
        "tie_word_embeddings": False,
    }
    sliding = {"sliding_window": 16}
    traits: dict[str, tuple[str, dict[str, Any]]] = {
        "qwen2": ("Qwen2Config", {}),
        "qwen3": ("Qwen3Config", {}),
        "qwen3_sliding": ("Qwen3Config", {"use_sliding_window": True, "max_window_layers": 1, **sliding}),
        "llama": ("LlamaConfig", {"attention_bias": True}),
        "mistral": ("MistralConfig", sliding),
        "gemma": ("GemmaConfig", {"num_key_value_heads": 1}),
        "gemma2": ("Gemma2Config", {"query_pre_attn_scalar": 24, **sliding}),
        "gemma3": ("Gemma3TextConfig", {"query_pre_attn_scalar": 16, **sliding}),
        "phi": ("PhiConfig", {}),
        "phi3": ("Phi3Config", sliding),
        "granite": ("GraniteConfig", {"attention_multiplier": 0.3, "logits_scaling": 2.0, "residual_multiplier": 0.5}),
        "gpt_neox": ("GPTNeoXConfig", {}),
        "cohere": ("CohereConfig", {}),
        "olmo2": ("Olmo2Config", {}),
        "smollm3": ("SmolLM3Config", {"no_rope_layers": [1, 0]}),
        "starcoder2": ("Starcoder2Config", sliding),
        "stablelm": ("StableLmConfig", {}),
        "glm": ("GlmConfig", {}),
        "glm4": ("Glm4Config", {}),
        "apertus": ("ApertusConfig", {}),
        "arcee": ("ArceeConfig", {}),
        "cohere2": ("Cohere2Config", {"layer_types": ["sliding_attention", "full_attention"], **sliding}),
        "ernie4_5": ("Ernie4_5Config", {}),
        "exaone4": ("Exaone4Config", {"layer_types": ["sliding_attention", "full_attention"], **sliding}),
        "hunyuan_v1_dense": ("HunYuanDenseV1Config", {}),
        "ministral": ("MinistralConfig", sliding),
        "olmo": ("OlmoConfig", {}),
        "olmo3": ("Olmo3Config", {"layer_types": ["sliding_attention", "full_attention"], **sliding}),
        "opt": ("OPTConfig", {"ffn_dim": 96, "word_embed_proj_dim": 64, "dropout": 0.0}),
        "seed_oss": ("SeedOssConfig", {}),
        "nemotron": ("NemotronConfig", {}),
    }
    name, own = traits[family]
    return getattr(transformers, name)(**{**common, **own, **changes})


def save_tiny(folder: Path, family: str, **changes: Any) -> Path:
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config(family, **changes))
    model.save_pretrained(folder)
    for name in TOKENIZER_FILES:
        shutil.copy(nano_folder() / name, folder / name)
    return folder


def load_plain(folder: Path) -> Any:
    """The oracle: transformers' own loading and attention."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """tiny(family) -> a folder with that tiny model, made once."""
    made: dict[str, Path] = {}

    def make(family: str = "qwen3", **changes: Any) -> Path:
        key = family + json.dumps(changes, sort_keys=True)
        if key not in made:
            made[key] = save_tiny(tmp_path_factory.mktemp(family), family, **changes)
        return made[key]

    return make


@pytest.fixture(scope="session")
def engine(tiny: Callable[..., Path]) -> Iterator[EmbeddedEngine]:
    """One tiny engine for tests that need no special limits."""
    engine = EmbeddedEngine.load(tiny(), EngineLimits(max_num_seqs=20, max_num_batched_tokens=48))
    yield engine
    engine.close()


@pytest.fixture
def engine_with(tiny: Callable[..., Path]) -> Iterator[Callable[..., EmbeddedEngine]]:
    """engine_with(folder, **limits) -> an engine that is closed after the test."""
    started: list[EmbeddedEngine] = []

    def start(folder: Path | None = None, **limits: Any) -> EmbeddedEngine:
        started.append(EmbeddedEngine.load(folder or tiny(), EngineLimits(**limits)))
        return started[-1]

    yield start
    for engine in started:
        engine.close()


def save_adapter(folder: Path, base: Path, *, rank: int, seed: int, scale: float = 1.0, **options: Any) -> Path:
    """An adapter with random A and B, written by PEFT itself."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", init_lora_weights=False, **options)
    model = get_peft_model(load_plain(base), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.mul_(scale)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def adapters(tiny: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four adapters of different ranks for the tiny engine."""
    root = tmp_path_factory.mktemp("adapters")
    return [save_adapter(root / str(rank), tiny(), rank=rank, seed=rank) for rank in (2, 4, 8, 16)]
