"""What a caller of the engine sees: lengths, stops, log-probabilities, seeds, errors, slots."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tunesmith.data.examples import Message
from tunesmith.errors import EngineUnavailable, InvalidModel, InvalidRequest
from tunesmith.serving.engine import EmbeddedEngine
from tunesmith.serving.protocol import Adapter, GenerateRequest, PromptStart, Sampling, TokenDelta

from .conftest import GREEDY, collect, collect_all, greedy, load_plain, prompts

Tiny = Callable[..., Path]
Start = Callable[..., EmbeddedEngine]
ENDLESS = {0: -100.0, 2: -100.0}  # the end-of-turn tokens, never sampled


def sampled(prompt: list[int], seed: int | None, n: int = 1, **fields: float) -> GenerateRequest:
    sampling = Sampling(max_tokens=16, seed=seed, logit_bias=ENDLESS, **fields)
    return GenerateRequest("r", prompt_token_ids=tuple(prompt), sampling=sampling, n=n)


async def test_a_seed_gives_the_same_tokens_alone_and_among_others(engine: EmbeddedEngine) -> None:
    prompt, *others = prompts(8)
    alone = (await collect(engine, sampled(prompt, 7))).token_ids()
    crowd = [sampled(prompt, 7), *(sampled(other, None, temperature=2.0) for other in others), sampled(prompt, 8)]
    together = await collect_all(engine, crowd)
    assert together[0].token_ids() == alone
    assert together[-1].token_ids() != alone


async def test_n_choices_differ_under_one_seed_and_the_first_is_that_of_n_1(engine: EmbeddedEngine) -> None:
    prompt = prompts(1)[0]
    alone = (await collect(engine, sampled(prompt, 7, temperature=2.0))).token_ids()
    three = await collect(engine, sampled(prompt, 7, n=3, temperature=2.0))
    assert three.token_ids(0) == alone
    assert len({tuple(three.token_ids(index)) for index in range(3)}) == 3
    again = await collect(engine, sampled(prompt, 7, n=3, temperature=2.0))
    assert [again.token_ids(index) for index in range(3)] == [three.token_ids(index) for index in range(3)]


async def test_a_tiny_top_p_or_temperature_is_greedy(engine: EmbeddedEngine) -> None:
    prompt = prompts(1)[0]
    sampling = Sampling(temperature=0.0, max_tokens=16, logit_bias=ENDLESS)
    expected = (await collect(engine, greedy(prompt, sampling=sampling))).token_ids()
    assert (await collect(engine, sampled(prompt, 1, top_p=1e-6))).token_ids() == expected
    for temperature in (1e-6, 1e-300):
        assert (await collect(engine, sampled(prompt, 1, temperature=temperature))).token_ids() == expected


async def test_logprobs_are_the_models_own_whatever_the_sampling(engine: EmbeddedEngine, tiny: Tiny) -> None:
    prompt = prompts(1)[0]
    sampling = Sampling(temperature=1.5, top_p=0.9, seed=3, max_tokens=8, logprobs=4, frequency_penalty=1.0)
    found = await collect(engine, GenerateRequest("r", prompt_token_ids=tuple(prompt), sampling=sampling))
    tokens = found.token_ids()
    with torch.inference_mode():
        logits = load_plain(tiny())(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 : -1]
    expected = logits.log_softmax(-1)
    assert [token.token_id for token in found.logprobs()] == tokens
    for row, token in enumerate(found.logprobs()):
        assert token.logprob == pytest.approx(expected[row, token.token_id].item(), abs=1e-4)
        assert len(token.top) == 4
        best = expected[row].topk(4).values.tolist()
        assert [other.logprob for other in token.top] == pytest.approx(best, abs=1e-4)
        assert token.token == bytes(token.bytes).decode(errors="replace")


async def test_echo_scores_the_prompt_and_zero_tokens_may_follow(engine: EmbeddedEngine, tiny: Tiny) -> None:
    prompt = prompts(1, longest=100)[0]  # longer than what one step computes
    sampling = Sampling(temperature=0.0, max_tokens=0, logprobs=2)
    found = await collect(engine, greedy(prompt, sampling=sampling, echo=True))
    with torch.inference_mode():
        expected = load_plain(tiny())(torch.tensor([prompt])).logits[0].log_softmax(-1)
    scores = found.start.prompt_logprobs
    assert found.start.prompt_tokens == len(prompt) == len(scores)
    assert scores[0].logprob is None
    assert scores[0].top == ()
    own = [expected[place, token].item() for place, token in enumerate(prompt[1:])]
    assert [token.logprob for token in scores[1:]] == pytest.approx(own, abs=1e-4)
    assert all(len(token.top) == 2 for token in scores[1:])
    assert found.start.prompt_text == engine.core.renderer.tokenizer.decode(prompt, skip_special_tokens=False)
    assert found.text() == ""
    assert found.token_ids() == []
    assert found.finish_reason() == "length"


async def test_max_tokens_ends_with_length_and_none_runs_to_the_end_of_the_context(engine_with: Start) -> None:
    engine = engine_with(max_context_length=40)
    prompt = prompts(1, longest=30)[0]
    short = await collect(engine, greedy(prompt, sampling=Sampling(max_tokens=3, logit_bias=ENDLESS)))
    assert (len(short.token_ids()), short.finish_reason()) == (3, "length")
    whole = await collect(engine, greedy(prompt, sampling=Sampling(logit_bias=ENDLESS)))
    assert (len(prompt) + len(whole.token_ids()), whole.finish_reason()) == (40, "length")


async def test_a_prompt_longer_than_the_context_is_refused_in_openais_words(engine: EmbeddedEngine) -> None:
    messages = (Message("user", "word " * 400),)
    length = len(engine.core.renderer.prompt(messages))
    with pytest.raises(InvalidRequest) as caught:
        await collect(engine, GenerateRequest("r", messages=messages))
    assert caught.value.message == (
        f"This model's maximum context length is 256 tokens. However, your messages resulted in {length} tokens. "
        "Please reduce the length of the messages."
    )
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")
    with pytest.raises(InvalidRequest, match="256 tokens") as caught:
        await collect(engine, greedy([5] * 256))
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt")


@pytest.mark.parametrize(
    ("request_", "param", "words"),
    [
        (greedy([5, 8192]), "prompt", "token id 8192 at index 1"),
        (greedy([-1]), "prompt", "token id -1 at index 0"),
        (greedy([5], sampling=Sampling(logit_bias={99999: 1.0})), "logit_bias", "99999"),
    ],
)
async def test_a_token_outside_the_vocabulary_is_named(
    engine: EmbeddedEngine, request_: GenerateRequest, param: str, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        await collect(engine, request_)
    assert caught.value.param == param


async def test_an_empty_prompt_starts_a_text(engine: EmbeddedEngine) -> None:
    for request in (greedy([]), GenerateRequest("r", prompt="", sampling=GREEDY)):
        assert (await collect(engine, request)).start.prompt_tokens == 1


async def test_bias_and_penalties_steer_the_choice(engine: EmbeddedEngine) -> None:
    prompt = prompts(1)[0]
    forced = Sampling(temperature=0.0, max_tokens=5, logit_bias={77: 100.0})
    assert (await collect(engine, greedy(prompt, sampling=forced))).token_ids() == [77] * 5
    tired = Sampling(temperature=0.0, max_tokens=5, logit_bias={77: 100.0}, frequency_penalty=2.0)
    assert (await collect(engine, greedy(prompt, sampling=tired))).token_ids() == [77] * 5
    penalised = Sampling(
        temperature=0.0, max_tokens=40, presence_penalty=2.0, frequency_penalty=2.0, logit_bias=ENDLESS
    )
    plain = Sampling(temperature=0.0, max_tokens=40, logit_bias=ENDLESS)
    varied, usual = await collect_all(engine, [greedy(prompt, sampling=one) for one in (penalised, plain)])
    assert len(set(varied.token_ids())) >= len(set(usual.token_ids()))


async def test_a_stop_string_ends_the_text_before_it(engine: EmbeddedEngine) -> None:
    prompt = prompts(1, seed=3)[0]
    sampling = Sampling(temperature=0.0, max_tokens=20, logit_bias=ENDLESS)
    whole = await collect(engine, greedy(prompt, sampling=sampling))
    text = whole.text()
    stop = text[len(text) // 2 : len(text) // 2 + 3]
    stopping = Sampling(temperature=0.0, max_tokens=20, stop=(stop, "never said"), logprobs=0, logit_bias=ENDLESS)
    stopped = await collect(engine, greedy(prompt, sampling=stopping))
    assert stopped.text() == text[: text.index(stop)]
    assert stopped.finish_reason() == "stop"
    assert stopped.token_ids() == whole.token_ids()[: len(stopped.token_ids())]


async def test_the_stream_is_the_text_of_its_tokens_and_breaks_no_character(engine: EmbeddedEngine) -> None:
    renderer = engine.core.renderer
    found = await collect_all(engine, [sampled(prompt, 1, temperature=3.0) for prompt in prompts(8)])
    for one in found:
        raw = b"".join(renderer.token_bytes(token) for token in one.token_ids() if renderer.decode([token]))
        assert one.text() == raw.decode(errors="replace")


async def test_a_broken_adapter_fails_only_its_own_requests(
    engine: EmbeddedEngine, adapters: list[Path], tmp_path: Path
) -> None:
    missing = Adapter("missing", str(tmp_path / "nowhere"))
    torn = _copy_adapter(adapters[0], tmp_path / "torn")
    (torn / "adapter_model.safetensors").write_bytes(b"\0" * 40)
    foreign = _copy_adapter(adapters[0], tmp_path / "foreign", rows=lambda a: a[:, :-1].contiguous())
    nan = _copy_adapter(adapters[0], tmp_path / "nan", rows=lambda a: a * float("nan"))
    others = [Adapter(folder.name, str(folder)) for folder in (torn, foreign, nan)]
    prompt = prompts(1)[0]
    expected = (await collect(engine, greedy(prompt))).token_ids()
    asked = [collect(engine, greedy(prompt, adapter=adapter)) for adapter in (None, missing, *others)]
    sound, *failed = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(sound, BaseException)
    assert sound.token_ids() == expected
    assert all(isinstance(one, InvalidModel) for one in failed), failed


async def test_an_adapter_whose_numbers_overflow_fails_alone_and_leaves_a_clean_slot(
    engine_with: Start, adapters: list[Path], tmp_path: Path
) -> None:
    huge = _copy_adapter(adapters[0], tmp_path / "huge", rows=lambda a: a * 1e30)
    engine = engine_with(max_num_seqs=2)
    prompt = prompts(1)[0]
    expected = (await collect(engine, greedy(prompt))).token_ids()
    beside, failed = await asyncio.gather(
        collect(engine, greedy(prompt)),
        collect(engine, greedy(prompt, adapter=Adapter("huge", str(huge)))),
        return_exceptions=True,
    )
    assert isinstance(failed, InvalidModel)
    assert "huge" in failed.message
    assert not isinstance(beside, BaseException)
    after = await collect_all(engine, [greedy(prompt), greedy(prompt)])
    assert [one.token_ids() for one in (beside, *after)] == [expected] * 3


def _copy_adapter(
    source: Path, target: Path, rows: Callable[[torch.Tensor], torch.Tensor] = lambda tensor: tensor
) -> Path:
    target.mkdir()
    tensors = load_file(source / "adapter_model.safetensors")
    changed = {name: rows(tensor) if "lora_A" in name else tensor for name, tensor in tensors.items()}
    save_file(changed, target / "adapter_model.safetensors", metadata={"format": "pt"})
    (target / "adapter_config.json").write_text(json.dumps(json.loads((source / "adapter_config.json").read_text())))
    return target


async def test_the_least_recently_used_adapter_makes_room(engine_with: Start, adapters: list[Path]) -> None:
    engine = engine_with(max_adapters=2)
    for folder in adapters:
        await collect(engine, greedy([5, 6, 7], adapter=Adapter(folder.name, str(folder))))
    assert engine.health()["adapters_loaded"] == 2


async def test_a_caller_that_leaves_frees_its_slots_and_the_next_in_line_starts(engine_with: Start) -> None:
    engine = engine_with(max_num_seqs=2, max_context_length=250)
    endless = GenerateRequest("r", prompt="once", sampling=Sampling(logit_bias=ENDLESS), n=2)
    async with aclosing(engine.generate(endless)) as leaving:
        for _ in range(4):
            await anext(leaving)
        assert engine.health()["running"] == 2
    after = await collect(engine, greedy([5, 6, 7]))
    assert after.finish_reason() is not None
    assert engine.health()["running"] == engine.health()["waiting"] == 0


async def test_more_requests_than_slots_and_queue_are_refused(engine_with: Start) -> None:
    engine = engine_with(max_num_seqs=1, max_waiting=1)
    endless = [sampled([5, 6, 7], 1), sampled([5, 6, 7], 1), sampled([5, 6, 7], 1)]
    found = await asyncio.gather(*(collect(engine, one) for one in endless), return_exceptions=True)
    assert [isinstance(one, EngineUnavailable) for one in found] == [False, False, True]


async def test_a_long_prompt_is_read_in_pieces_between_which_others_go_on(engine_with: Start) -> None:
    engine = engine_with(max_num_batched_tokens=16)
    order: list[str] = []

    async def talk() -> None:
        async for item in engine.generate(sampled([5, 6, 7], 1)):
            order.append("talk" if isinstance(item, TokenDelta) else "start")
            if order == ["start"]:
                asyncio.get_running_loop().create_task(read())

    done = asyncio.Event()

    async def read() -> None:
        async for item in engine.generate(greedy(prompts(1, longest=200)[0])):
            if isinstance(item, PromptStart):
                order.append("read")
                done.set()
                return

    await talk()
    await done.wait()
    before = order.index("read")
    assert order[:before].count("talk") >= 8, order


async def test_requests_end_with_engine_unavailable_when_the_engine_closes(engine_with: Start) -> None:
    engine = engine_with(max_context_length=250)
    running = asyncio.create_task(collect(engine, greedy([5], sampling=Sampling(logit_bias=ENDLESS))))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(engine.close)
    with pytest.raises(EngineUnavailable):
        await running
    with pytest.raises(EngineUnavailable):
        await collect(engine, greedy([5]))
