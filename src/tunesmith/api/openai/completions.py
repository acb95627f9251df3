"""/v1/completions: plain text goes on, without a chat template, from any model."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from tunesmith.api.auth import CallerDep
from tunesmith.api.errors import error_body
from tunesmith.api.openai.generation import Generation, find_model, finite, request_id_of
from tunesmith.api.openai.sampling import SamplingParams, expected
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.api.sse import DONE, EventStream, frame, unless_disconnected
from tunesmith.api.validation import problem
from tunesmith.errors import InvalidRequest, TunesmithError
from tunesmith.serving.protocol import GenerateRequest, PromptStart, Sampling, TokenLogprob

router = APIRouter(prefix="/v1/completions", route_class=Route, tags=["Completions"])

DEFAULT_PROMPT = "<|endoftext|>"
DEFAULT_MAX_TOKENS = 16
MOST_PROMPTS = 2048
MOST_CHOICES = 128
LARGEST_TOKEN_ID = 2**31 - 1
TOKEN_IDS_SCHEMA = {"type": "array", "items": {"type": "integer", "minimum": 0}}
PROMPT_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        TOKEN_IDS_SCHEMA,
        {"type": "array", "items": TOKEN_IDS_SCHEMA},
        {"type": "null"},
    ]
}

Prompt = str | tuple[int, ...]


def _token_ids(value: list[Any]) -> tuple[int, ...]:
    for token_id in value:
        if not isinstance(token_id, int) or isinstance(token_id, bool):
            raise expected("an array of token ids", "prompt", token_id)
        if not 0 <= token_id <= LARGEST_TOKEN_ID:
            raise problem("invalid_value", f"Invalid 'prompt': {token_id} is not a token id of any model.")
    return tuple(value)


def _prompts(value: Any) -> list[Prompt]:
    """str | [str] | [int] | [[int]] -> one prompt after the other."""
    if value is None:
        return [DEFAULT_PROMPT]
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise expected("a string or an array", "prompt", value)
    if not value or value[0] == []:
        raise problem(
            "empty_array",
            "Invalid 'prompt': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        )
    if len(value) > MOST_PROMPTS and not isinstance(value[0], int):
        raise problem("array_above_max_length", f"Invalid 'prompt': more than {MOST_PROMPTS} prompts.")
    if all(isinstance(prompt, str) for prompt in value):
        return value
    if all(isinstance(prompt, list) and prompt for prompt in value):
        return [_token_ids(prompt) for prompt in value]
    return [_token_ids(value)]


class CompletionRequest(SamplingParams):
    prompt: Annotated[Any, BeforeValidator(_prompts), WithJsonSchema(PROMPT_SCHEMA), Field(validate_default=True)] = (
        None
    )
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    echo: bool | None = None
    best_of: Annotated[int, Field(ge=0, le=20)] | None = None
    suffix: str | None = None


class CompletionChoice(BaseModel):
    text: str
    index: int
    logprobs: dict[str, Any] | None
    finish_reason: Literal["stop", "length"]


class Completion(BaseModel):
    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: dict[str, Any]
    system_fingerprint: str | None = None


def choices_to_make(body: CompletionRequest) -> int:
    """How many completions of each prompt are generated; raises InvalidRequest for what does not go together."""
    n, best_of = body.n or 1, body.best_of or body.n or 1
    if body.suffix:
        raise InvalidRequest(
            "'suffix' is not supported: this model cannot fill in the middle.", param="suffix", code="unsupported_value"
        )
    if best_of < n:
        raise InvalidRequest(
            f"'best_of' must be at least 'n', but got best_of {best_of} and n {n}.",
            param="best_of",
            code="invalid_value",
        )
    if body.stream and best_of > n:
        raise InvalidRequest(
            "'stream' cannot be used when 'best_of' is above 'n': the best is known only at the end.",
            param="best_of",
            code="invalid_parameter_combination",
        )
    if len(body.prompt) * best_of > MOST_CHOICES:
        raise InvalidRequest(
            f"{len(body.prompt)} prompts with {best_of} completions each are over {MOST_CHOICES}; send fewer.",
            param="prompt",
            code="invalid_value",
        )
    return best_of


def to_generate(body: CompletionRequest, prompt: Prompt, *, request_id: str, n: int, **model: Any) -> GenerateRequest:
    text = prompt if isinstance(prompt, str) else None
    token_ids = None if isinstance(prompt, str) else prompt
    # Ranking needs log-probabilities; offsets need the text of a prompt that came as token ids.
    logprobs = 0 if body.logprobs is None and n > (body.n or 1) else body.logprobs
    return GenerateRequest(
        request_id=request_id,
        sampling=Sampling(
            max_tokens=DEFAULT_MAX_TOKENS if body.max_tokens is None else body.max_tokens,
            logprobs=logprobs,
            **body.sampling_fields(),
        ),
        prompt=text,
        prompt_token_ids=token_ids,
        n=n,
        echo=bool(body.echo) or (token_ids is not None and body.logprobs is not None),
        **model,
    )


@router.post("", response_model=Completion)
async def create_completion(
    body: CompletionRequest, request: Request, caller: CallerDep, services: ServicesDep
) -> Completion | Response:
    n_made = choices_to_make(body)
    model = await find_model(services, caller, body.model)
    asked = [
        to_generate(body, prompt, request_id=f"{request_id_of(request)}-{number}", n=n_made, adapter=model.adapter)
        for number, prompt in enumerate(body.prompt)
    ]
    answer = Answer(model.name, body)

    async def begin() -> Generation:
        return await Generation.begin(await services.engines.engine_for(model.base_folder), asked)

    if body.stream:
        return EventStream(answer.stream(await unless_disconnected(request, begin)))

    async def whole() -> Completion:
        return await answer.whole(await begin(), n_made=n_made)

    return await unless_disconnected(request, whole)


def logprobs_object(tokens: Sequence[TokenLogprob], *, offset: int, with_top: bool) -> dict[str, Any]:
    """OpenAI's four parallel lists. `offset` is where the first token's text starts, in characters."""
    offsets: list[int] = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [None if token.logprob is None else finite(token.logprob) for token in tokens],
        "top_logprobs": [_top(token) for token in tokens] if with_top else None,
        "text_offset": offsets,
    }


def _top(token: TokenLogprob) -> dict[str, float] | None:
    """The likeliest tokens, and the chosen one in any case."""
    if token.logprob is None:
        return None
    return {**{other.token: finite(other.logprob) for other in token.top}, token.token: finite(token.logprob)}


@dataclass
class _Collected:
    text: str = ""
    logprobs: list[TokenLogprob] = field(default_factory=list)
    finish_reason: Literal["stop", "length"] = "stop"

    @property
    def mean_logprob(self) -> float:
        return sum(token.logprob or 0.0 for token in self.logprobs) / max(1, len(self.logprobs))


class Answer:
    """One completion on its way to the wire: the same id and time for all of its chunks."""

    def __init__(self, model: str, body: CompletionRequest) -> None:
        self._id = f"cmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._model = model
        self._body = body
        self._n = body.n or 1

    async def whole(self, generation: Generation, *, n_made: int) -> Completion:
        made = [[_Collected() for _ in range(n_made)] for _ in generation.starts]
        async for number, delta in generation.deltas():
            one = made[number][delta.index]
            one.text += delta.text
            one.logprobs += delta.logprobs
            if delta.finish_reason is not None:
                one.finish_reason = _finish(delta.finish_reason)
        return Completion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[
                self._choice(number * self._n + k, number, start, one)
                for number, (start, ones) in enumerate(zip(generation.starts, made, strict=True))
                for k, one in enumerate(self._best(ones))
            ],
            usage=generation.usage.to_json(),
        )

    def _best(self, ones: list[_Collected]) -> list[_Collected]:
        if len(ones) == self._n:
            return ones
        return sorted(ones, key=lambda one: one.mean_logprob, reverse=True)[: self._n]

    def _choice(self, index: int, number: int, start: PromptStart, one: _Collected) -> CompletionChoice:
        echoed, echoed_logprobs, offset = self._echo(number, start)
        logprobs = None
        if self._body.logprobs is not None:
            logprobs = self._logprobs([*echoed_logprobs, *one.logprobs], offset)
        return CompletionChoice(text=echoed + one.text, index=index, logprobs=logprobs, finish_reason=one.finish_reason)

    def _echo(self, number: int, start: PromptStart) -> tuple[str, Sequence[TokenLogprob], int]:
        """The prompt's text and log-probabilities to put before a completion, and where its first token starts."""
        prompt = self._body.prompt[number]
        text = prompt if isinstance(prompt, str) else start.prompt_text or ""
        if self._body.echo:
            return text, start.prompt_logprobs, 0
        return "", (), len(text)

    def _logprobs(self, tokens: Sequence[TokenLogprob], offset: int) -> dict[str, Any]:
        return logprobs_object(tokens, offset=offset, with_top=bool(self._body.logprobs))

    async def stream(self, generation: Generation) -> AsyncGenerator[bytes, None]:
        """Frames of the whole answer; an engine that fails on the way says so in an `error` frame."""
        offsets: dict[int, int] = {}
        try:
            for number, start in enumerate(generation.starts):
                text, tokens, offset = self._echo(number, start)
                for index in range(number * self._n, (number + 1) * self._n):
                    offsets[index] = offset + len(text)
                    if text:
                        yield self._chunk(index, text, tokens, offset)
            async for number, delta in generation.deltas():
                index = number * self._n + delta.index
                yield self._chunk(index, delta.text, delta.logprobs, offsets[index], delta.finish_reason)
                offsets[index] += sum(len(token.token) for token in delta.logprobs)
            if self._body.wants_usage_chunk:
                yield frame({**self._head(), "choices": [], "usage": generation.usage.to_json()})
            yield DONE
        except TunesmithError as error:
            yield frame(error_body(error))
        finally:
            await generation.close()

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._created,
            "model": self._model,
            "system_fingerprint": None,
        }

    def _chunk(
        self, index: int, text: str, tokens: Sequence[TokenLogprob], offset: int, finish_reason: str | None = None
    ) -> bytes:
        has_logprobs = self._body.logprobs is not None and bool(tokens)
        choice = {
            "text": text,
            "index": index,
            "logprobs": self._logprobs(tokens, offset) if has_logprobs else None,
            "finish_reason": None if finish_reason is None else _finish(finish_reason),
        }
        usage = {"usage": None} if self._body.wants_usage_chunk else {}
        return frame({**self._head(), "choices": [choice], **usage})


def _finish(reason: str) -> Literal["stop", "length"]:
    return "length" if reason == "length" else "stop"
