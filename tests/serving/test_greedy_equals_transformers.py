"""The engine's greedy tokens are those of `transformers.generate`, token for token, in float32."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.data.examples import Message
from tunesmith.models.folder import PACKED_ARCHITECTURES, PADDED_ARCHITECTURES
from tunesmith.models.nano import nano_folder
from tunesmith.serving.engine import EmbeddedEngine
from tunesmith.serving.protocol import Adapter, Sampling

from .conftest import (
    Collected,
    collect,
    collect_all,
    greedy,
    load_plain,
    prompts,
    save_adapter,
    tiny_config,
    transformers_greedy,
)

FAMILIES = [
    *("qwen2", "qwen3", "qwen3_sliding", "llama", "mistral", "gemma", "gemma2", "gemma3", "phi", "phi3"),
    *("granite", "gpt_neox", "cohere", "olmo2", "smollm3", "starcoder2", "stablelm", "glm", "glm4"),
    *("apertus", "arcee", "cohere2", "ernie4_5", "exaone4", "hunyuan_v1_dense", "ministral", "olmo", "olmo3", "opt"),
    *("seed_oss", "nemotron"),
]
Tiny = Callable[..., Path]
Start = Callable[..., EmbeddedEngine]


@pytest.mark.parametrize("family", FAMILIES)
async def test_every_family_gives_the_tokens_of_generate(family: str, tiny: Tiny, engine_with: Start) -> None:
    asked = prompts(4)
    expected = transformers_greedy(load_plain(tiny(family)), asked, 8)
    engine = engine_with(tiny(family), max_num_batched_tokens=24)
    sampling = Sampling(temperature=0.0, max_tokens=8)
    found = await collect_all(engine, [greedy(prompt, sampling=sampling) for prompt in asked])
    assert [one.token_ids() for one in found] == expected


def test_every_architecture_that_is_let_in_is_among_the_families() -> None:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    proved = {MODEL_FOR_CAUSAL_LM_MAPPING[type(tiny_config(family))].__name__ for family in FAMILIES}
    assert proved >= PACKED_ARCHITECTURES | PADDED_ARCHITECTURES


async def test_adapters_of_different_ranks_in_one_batch_give_the_tokens_of_peft(
    tiny: Tiny, engine: EmbeddedEngine, adapters: list[Path]
) -> None:
    from peft import PeftModel

    asked = prompts(4)
    expected = transformers_greedy(load_plain(tiny()), asked)
    requests = [greedy(prompt) for prompt in asked]
    for folder in adapters:
        expected += transformers_greedy(PeftModel.from_pretrained(load_plain(tiny()), folder), asked)
        requests += [greedy(prompt, adapter=Adapter(folder.name, str(folder))) for prompt in asked]
    found = await collect_all(engine, requests)
    assert [one.token_ids() for one in found] == expected
    assert len({str(tokens) for tokens in expected}) > 12, "the adapters must matter for this to prove anything"


async def test_the_next_turn_and_a_second_answer_share_a_prefix_and_change_no_token(
    tiny: Tiny, engine: EmbeddedEngine
) -> None:
    model = load_plain(tiny())
    first = prompts(1, seed=5)[0]
    [answer] = transformers_greedy(model, [first])
    assert (await collect(engine, greedy(first))).token_ids() == answer
    longer = first + answer + prompts(1, longest=9, seed=6)[0]
    found = await collect(engine, greedy(longer, n=3))
    assert [found.token_ids(index) for index in range(3)] == transformers_greedy(model, [longer]) * 3


async def test_fifty_prompts_on_the_embedded_model_alone_and_among_sixteen_requests_on_four_adapters(
    tmp_path: Path, engine_with: Start
) -> None:
    from peft import PeftModel

    engine = engine_with(nano_folder(), max_num_seqs=20)
    asked = [
        engine.core.renderer.prompt([Message("user", text)])
        for topic in ("weather", "music", "天气", "数学", "a cat", "Paris", "1 + 1", "红色", "the sea", "火车")
        for text in (
            f"What do you know about {topic}?",
            f"请介绍一下{topic}。",
            f"Translate to Chinese: {topic}",
            f'Answer with JSON {{"topic": "{topic}"}}.',
            f"{topic}，是正面还是负面？",
        )
    ]
    sampling = Sampling(temperature=0.0, max_tokens=40)
    folders = [save_adapter(tmp_path / str(n), nano_folder(), rank=4 << n, seed=n, scale=0.3) for n in range(4)]
    tuned = [Adapter(str(folder.name), str(folder)) for folder in folders]
    base = load_plain(nano_folder())
    expected = transformers_greedy(base, asked, 40)
    requests = [greedy(prompt, sampling=sampling) for prompt in asked]
    for number, folder in enumerate(folders):
        some = asked[number::12]
        expected += transformers_greedy(PeftModel.from_pretrained(load_plain(nano_folder()), folder), some, 40)
        requests += [greedy(prompt, sampling=sampling, adapter=tuned[number]) for prompt in some]
    alone = [(await collect(engine, request)).token_ids() for request in requests]
    assert alone == expected

    async def crowd(number: int) -> None:
        while True:
            sampling = Sampling(max_tokens=30, logit_bias={2: -100.0})
            await collect(engine, greedy(asked[number], adapter=tuned[number % 4], sampling=sampling))

    others = [asyncio.create_task(crowd(number)) for number in range(16)]
    crowded: list[Collected] = []
    for start in range(0, len(requests), 4):
        crowded += await collect_all(engine, requests[start : start + 4])
    for other in others:
        other.cancel()
    assert [one.token_ids() for one in crowded] == expected
