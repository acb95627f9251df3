"""/v1/chat/completions"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tunesmith.api.auth import CallerDep
from tunesmith.api.errors import error_body
from tunesmith.api.openai.chat_messages import ChatMessageParam, plain_text, turns
from tunesmith.api.openai.generation import Generation, find_model, finite, request_id_of
from tunesmith.api.openai.sampling import SamplingParams
from tunesmith.api.route import Route
from tunesmith.api.services import ServicesDep
from tunesmith.api.sse import DONE, EventStream, frame, unless_disconnected
from tunesmith.data.examples import Style
from tunesmith.errors import InvalidRequest, TunesmithError
from tunesmith.serving.protocol import GenerateRequest, Sampling, TokenDelta, TokenLogprob

router = APIRouter(prefix="/v1/chat/completions", route_class=Route, tags=["Chat"])


class FunctionParam(BaseModel):
    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolParam(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["function"]
    function: FunctionParam


class ResponseFormat(BaseModel):
    model_config = ConfigDict(strict=True)

    type: Literal["text", "json_object", "json_schema"]


class ChatCompletionRequest(SamplingParams):
    messages: Annotated[list[ChatMessageParam], Field(min_length=1)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    tools: Annotated[list[ToolParam], Field(max_length=128)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    modalities: list[str] | None = None
    functions: list[Any] | None = None
    function_call: str | dict[str, Any] | None = None
    audio: Any = None
    web_search_options: Any = None


class Choice(BaseModel):
    index: int
    message: dict[str, Any]
    logprobs: dict[str, Any] | None
    finish_reason: Literal["stop", "length", "tool_calls"]


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: dict[str, Any]
    system_fingerprint: str | None = None
    service_tier: Literal["default"] = "default"


def _unsupported(param: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, param=param, code="unsupported_value")


def refuse_unsupported(body: ChatCompletionRequest) -> None:
    """What would change the answer and cannot be done yet is refused, never ignored."""
    if body.response_format is not None and body.response_format.type != "text":
        kind = body.response_format.type
        raise _unsupported(
            "response_format.type", f"'response_format' of type '{kind}' is not supported by this service; use 'text'."
        )
    if body.tool_choice not in (None, "auto", "none"):
        raise _unsupported("tool_choice", "'tool_choice' must be 'auto' or 'none'; a call cannot be forced here.")
    if body.functions or body.function_call:
        raise _unsupported("functions", "'functions' and 'function_call' are not supported; use 'tools'.")
    if body.audio is not None or any(kind != "text" for kind in body.modalities or ()):
        raise _unsupported("modalities", "This service answers with text only; leave out 'audio' and 'modalities'.")
    if body.web_search_options is not None:
        raise _unsupported("web_search_options", "This service does not search the web; leave out this parameter.")
    if body.max_tokens is not None and body.max_completion_tokens is not None:
        raise InvalidRequest(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            param="max_tokens",
            code="invalid_parameter_combination",
        )
    if body.top_logprobs is not None and not body.logprobs:
        raise InvalidRequest(
            "'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs", code="invalid_parameter_combination"
        )


def to_generate(body: ChatCompletionRequest, *, request_id: str, style: Style, **model: Any) -> GenerateRequest:
    """A model of the text style was trained without a template, so it reads the messages as plain text too."""
    has_tools = bool(body.tools) and body.tool_choice != "none"
    messages = turns(body.messages)
    return GenerateRequest(
        request_id=request_id,
        sampling=Sampling(
            max_tokens=body.max_completion_tokens or body.max_tokens,
            logprobs=(body.top_logprobs or 0) if body.logprobs else None,
            **body.sampling_fields(),
        ),
        messages=messages if style == "chat" else None,
        prompt=plain_text(messages) if style == "text" else None,
        tools=tuple(tool.model_dump(exclude_none=True) for tool in body.tools or ()) if has_tools else (),
        n=body.n or 1,
        **model,
    )


@router.post("", response_model=ChatCompletion)
async def create_chat_completion(
    body: ChatCompletionRequest, request: Request, caller: CallerDep, services: ServicesDep
) -> ChatCompletion | Response:
    refuse_unsupported(body)
    model = await find_model(services, caller, body.model)
    asked = to_generate(body, request_id=request_id_of(request), style=model.style, adapter=model.adapter)
    answer = Answer(model.name, n=asked.n, single_call=body.parallel_tool_calls is False)

    async def begin() -> Generation:
        engine = await services.engines.engine_for(model.base_folder)
        return await Generation.begin(engine, [asked])

    if body.stream:
        generation = await unless_disconnected(request, begin)
        return EventStream(answer.stream(generation, with_usage=body.wants_usage_chunk))

    async def whole() -> ChatCompletion:
        return await answer.whole(await begin())

    return await unless_disconnected(request, whole)


def logprobs_object(tokens: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    if not tokens:
        return None
    content = [
        {
            **_token(token.token, token.logprob or 0.0, token.bytes),
            "top_logprobs": [_token(other.token, other.logprob, other.bytes) for other in token.top],
        }
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def _token(text: str, logprob: float, raw: tuple[int, ...] | None) -> dict[str, Any]:
    return {"token": text, "logprob": finite(logprob), "bytes": None if raw is None else list(raw)}


@dataclass
class _Collected:
    text: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: Literal["stop", "length", "tool_calls"] = "stop"


class Answer:
    """One completion on its way to the wire: the same id and time for all of its chunks."""

    def __init__(self, model: str, *, n: int, single_call: bool) -> None:
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._model = model
        self._n = n
        self._single_call = single_call

    async def whole(self, generation: Generation) -> ChatCompletion:
        choices = [_Collected() for _ in range(self._n)]
        async for _, delta in generation.deltas():
            choice = choices[delta.index]
            choice.text.append(delta.text)
            choice.logprobs += delta.logprobs
            choice.tool_calls += self._calls(delta)
            choice.finish_reason = delta.finish_reason or choice.finish_reason
        return ChatCompletion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[self._choice(index, choice) for index, choice in enumerate(choices)],
            usage=generation.usage.to_json(),
        )

    def _choice(self, index: int, choice: _Collected) -> Choice:
        text = "".join(choice.text)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        if choice.tool_calls:
            message |= {"content": text or None, "tool_calls": choice.tool_calls}
        return Choice(
            index=index,
            message=message,
            logprobs=logprobs_object(choice.logprobs),
            finish_reason=choice.finish_reason,
        )

    async def stream(self, generation: Generation, *, with_usage: bool) -> AsyncGenerator[bytes, None]:
        """Frames of the whole answer; an engine that fails on the way says so in an `error` frame."""
        usage: dict[str, Any] = {"usage": None} if with_usage else {}
        try:
            for index in range(self._n):
                yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None}, **usage)
            async for _, delta in generation.deltas():
                for part in self._parts(delta):
                    yield self._chunk(delta.index, **part, **usage)
            if with_usage:
                yield frame({**self._head(), "choices": [], "usage": generation.usage.to_json()})
            yield DONE
        except TunesmithError as error:
            yield frame(error_body(error))
        finally:
            await generation.close()

    def _parts(self, delta: TokenDelta) -> Iterator[dict[str, Any]]:
        """What this delta becomes on the wire: text, then tool calls, then the reason why it ended."""
        if delta.text or delta.logprobs:
            yield {"delta": {"content": delta.text}, "logprobs": logprobs_object(delta.logprobs)}
        for number, call in enumerate(self._calls(delta)):
            head = {**call, "function": {**call["function"], "arguments": ""}}
            yield {"delta": {"tool_calls": [{"index": number, **head}]}}
            arguments = {"arguments": call["function"]["arguments"]}
            yield {"delta": {"tool_calls": [{"index": number, "function": arguments}]}}
        if delta.finish_reason is not None:
            yield {"delta": {}, "finish_reason": delta.finish_reason}

    def _calls(self, delta: TokenDelta) -> tuple[dict[str, Any], ...]:
        return delta.tool_calls[:1] if self._single_call else delta.tool_calls

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "system_fingerprint": None,
            "service_tier": "default",
        }

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        *,
        logprobs: dict[str, Any] | None = None,
        finish_reason: str | None = None,
        **usage: Any,
    ) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        return frame({**self._head(), "choices": [choice], **usage})
