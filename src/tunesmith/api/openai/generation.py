"""From a resolved model to a running stream of tokens; shared by chat completions and completions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from tunesmith.api.services import Services
from tunesmith.api.sse import close_now
from tunesmith.control.accounts import Caller
from tunesmith.control.registry import ResolvedModel
from tunesmith.serving.protocol import Engine, GenerateRequest, PromptStart, TokenDelta

LOWEST_LOGPROB = -9999.0  # what OpenAI writes for minus infinity, which JSON lacks


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int

    def to_json(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


async def find_model(services: Services, caller: Caller, name: str) -> ResolvedModel:
    """The model of this name, whatever its style: either endpoint takes any. Raises NotFound when it is unknown."""
    return await run_in_threadpool(services.registry.resolve, caller, name)


def request_id_of(request: Request) -> str:
    return str(request.state.request_id)


class Generation:
    """One stream for each prompt; `starts` are their first items. The engine runs them side by side."""

    def __init__(self, starts: Sequence[PromptStart], streams: Sequence[AsyncGenerator[Any, None]]) -> None:
        self.starts = starts
        self._streams = streams
        self._completion_tokens = 0

    @classmethod
    async def begin(cls, engine: Engine, requests: Sequence[GenerateRequest]) -> Generation:
        """Wait until every prompt was accepted; raises what the engine raises, and then nothing runs on."""
        streams = [_closable(engine.generate(request)) for request in requests]
        try:
            starts = await asyncio.gather(*(anext(stream) for stream in streams), return_exceptions=True)
            for start in starts:
                if isinstance(start, BaseException):
                    raise start
        except BaseException:
            for stream in streams:
                await close_now(stream)
            raise
        return cls(cast("list[PromptStart]", starts), streams)

    async def deltas(self) -> AsyncGenerator[tuple[int, TokenDelta], None]:
        """(number of the prompt, delta), prompt after prompt. Closing it frees every place in the engine."""
        try:
            for number, stream in enumerate(self._streams):
                async for delta in stream:
                    self._completion_tokens += len(delta.token_ids)
                    yield number, delta
        finally:
            await self.close()

    async def close(self) -> None:
        for stream in self._streams:
            await close_now(stream)

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return Usage(sum(start.prompt_tokens for start in self.starts), self._completion_tokens)


def _closable(stream: AsyncIterator[PromptStart | TokenDelta]) -> AsyncGenerator[PromptStart | TokenDelta, None]:
    """Engines are async generators; the protocol promises no more than that closing one frees its place."""
    return cast("AsyncGenerator[PromptStart | TokenDelta, None]", stream)


def finite(logprob: float) -> float:
    return max(logprob, LOWEST_LOGPROB)
