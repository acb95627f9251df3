"""Engine processes as the API process sees them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx2
import pytest

from tunesmith.data.examples import Message
from tunesmith.errors import EngineUnavailable, InvalidModel, InvalidRequest
from tunesmith.models.nano import nano_folder
from tunesmith.serving.pool import EnginePool, EngineProcess
from tunesmith.serving.protocol import GenerateRequest, PromptStart, Sampling

from .conftest import collect, greedy

ENDLESS = Sampling(logit_bias={0: -100.0, 2: -100.0})


@pytest.fixture
async def pool() -> AsyncIterator[EnginePool]:
    pool = EnginePool(max_num_seqs=4, threads=1, max_engines=1, idle_timeout_s=2.0)
    yield pool
    await pool.close()


async def engine_of(pool: EnginePool) -> EngineProcess:
    engine = await pool.engine_for(nano_folder())
    assert isinstance(engine, EngineProcess)
    return engine


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


async def until_gone(pid: int) -> None:
    """Wait at most ten seconds for the system to report what was asked of it."""
    async with asyncio.timeout(10):
        while is_running(pid):
            await asyncio.sleep(0.02)


async def test_one_process_serves_all_who_ask_and_is_started_again_after_a_crash(pool: EnginePool) -> None:
    engines = await asyncio.gather(*(engine_of(pool) for _ in range(3)))
    assert len({engine.pid for engine in engines}) == 1
    engine = engines[0]
    messages = (Message("user", "你好"),)
    sampling = Sampling(temperature=0.0, max_tokens=5, logprobs=1)
    found = await collect(engine, GenerateRequest("r", messages=messages, sampling=sampling))
    assert isinstance(found.start, PromptStart)
    assert len(found.token_ids()) == len(found.logprobs()) <= 5
    with pytest.raises(InvalidRequest, match="maximum context length is 2048") as caught:
        await collect(engine, greedy([5] * 3000))
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt")
    prompt = "one\u2028two\x85three\n"
    echoed = await collect(engine, GenerateRequest("r", prompt=prompt, echo=True, sampling=Sampling(max_tokens=0)))
    assert echoed.start.prompt_text == prompt
    async with aclosing(engine.generate(GenerateRequest("r", prompt="on and on", sampling=ENDLESS))) as leaving:
        for _ in range(3):
            await anext(leaving)
        assert (await engine.health())["running"] == 1
    async with asyncio.timeout(5):
        while (await engine.health())["running"]:
            await asyncio.sleep(0.01)
    await a_killed_engine_fails_its_requests_and_the_next_request_starts_another(pool, engine)


async def a_killed_engine_fails_its_requests_and_the_next_request_starts_another(
    pool: EnginePool, engine: EngineProcess
) -> None:
    stream = engine.generate(GenerateRequest("r", prompt="on and on", sampling=ENDLESS))
    await anext(stream)
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(EngineUnavailable):
        async for _ in stream:
            pass
    again = await engine_of(pool)
    assert again.pid != engine.pid
    # Nothing asks this one for as long as the pool allows, so it leaves.
    assert (await collect(again, greedy([5, 6]))).finish_reason() is not None
    await until_gone(again.pid)
    await pool.close()
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await engine_of(pool)


async def test_a_folder_that_is_no_model_is_refused_with_the_reason(pool: EnginePool, tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match=r"config\.json"):
        await pool.engine_for(tmp_path)


async def test_the_engine_answers_nobody_without_its_key_and_dies_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, url = (await asyncio.to_thread(parent.stdout.readline)).split()
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
            for method, path in (("GET", "/health"), ("POST", "/generate"), ("GET", "/other")):
                assert (await client.request(method, path, headers=headers)).status_code == 401
    parent.kill()
    parent.communicate()
    await until_gone(int(pid))


PARENT = """
import asyncio, sys
from tunesmith.models.nano import nano_folder
from tunesmith.serving.pool import EnginePool

async def main():
    pool = EnginePool(threads=1)
    engine = await pool.engine_for(nano_folder())
    assert not {"torch", "transformers"} & set(sys.modules)
    print(engine.pid, engine.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
