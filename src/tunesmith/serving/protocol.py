"""What a caller and an engine say to each other. No torch here: the API process imports it.

The dataclasses are also the wire between the API process and an engine process: `to_json` and `from_json` give and
take plain JSON values, one item of a stream per line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tunesmith.data.examples import Message

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens, in OpenAI's words and with its defaults.

    `max_tokens` None means up to the end of the context. `logprobs` is the number of alternatives to report beside each
    token's own log-probability: 0 reports only its own, None reports nothing. `temperature` 0 is greedy.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int | None = None
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "stop": list(self.stop),
            "seed": self.seed,
            "logprobs": self.logprobs,
            "frequency_penalty": self.frequency_penalty,
            "presence_penalty": self.presence_penalty,
            "logit_bias": {str(token_id): bias for token_id, bias in self.logit_bias.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Sampling:
        bias = {int(token_id): float(amount) for token_id, amount in value["logit_bias"].items()}
        return cls(**{**value, "stop": tuple(value["stop"]), "logit_bias": bias})


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter in PEFT's files: `name` for messages, `folder` for the weights and as its identity."""

    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One prompt, answered `n` times. Exactly one of `messages`, `prompt` and `prompt_token_ids` is given.

    `echo` asks for the log-probabilities of the prompt's own tokens in `PromptStart`, if `sampling.logprobs` is set.
    """

    request_id: str
    sampling: Sampling = field(default_factory=Sampling)
    adapter: Adapter | None = None
    messages: tuple[Message, ...] | None = None
    tools: tuple[dict[str, Any], ...] = ()
    prompt: str | None = None
    prompt_token_ids: tuple[int, ...] | None = None
    n: int = 1
    echo: bool = False

    def to_json(self) -> dict[str, Any]:
        messages = None if self.messages is None else [_message_to_json(message) for message in self.messages]
        return {
            "request_id": self.request_id,
            "sampling": self.sampling.to_json(),
            "adapter": self.adapter and {"name": self.adapter.name, "folder": self.adapter.folder},
            "messages": messages,
            "tools": list(self.tools),
            "prompt": self.prompt,
            "prompt_token_ids": self.prompt_token_ids and list(self.prompt_token_ids),
            "n": self.n,
            "echo": self.echo,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GenerateRequest:
        messages, adapter, token_ids = value["messages"], value["adapter"], value["prompt_token_ids"]
        return cls(
            request_id=value["request_id"],
            sampling=Sampling.from_json(value["sampling"]),
            adapter=None if adapter is None else Adapter(**adapter),
            messages=None if messages is None else tuple(_message_from_json(message) for message in messages),
            tools=tuple(value["tools"]),
            prompt=value["prompt"],
            prompt_token_ids=None if token_ids is None else tuple(token_ids),
            n=value["n"],
            echo=value["echo"],
        )


@dataclass(frozen=True, slots=True)
class TopLogprob:
    """One alternative for a position: its text, its bytes and its log-probability in nats."""

    token: str
    bytes: tuple[int, ...] | None
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and how likely the model itself found it, before temperature, penalties and bias.

    `logprob` is None only for a prompt's first token, which nothing predicts. `token` may hold U+FFFD where the token
    is a piece of a character; `bytes` are always exact (None for a token with no bytes of its own).
    """

    token: str
    token_id: int
    logprob: float | None
    bytes: tuple[int, ...] | None
    top: tuple[TopLogprob, ...] = ()

    def to_json(self) -> list[Any]:
        top = [[other.token, other.bytes and list(other.bytes), other.logprob] for other in self.top]
        return [self.token, self.token_id, self.logprob, None if self.bytes is None else list(self.bytes), top]

    @classmethod
    def from_json(cls, value: list[Any]) -> TokenLogprob:
        token, token_id, logprob, raw, top = value
        others = tuple(TopLogprob(text, _as_bytes(data), chance) for text, data, chance in top)
        return cls(token, token_id, logprob, _as_bytes(raw), others)


@dataclass(frozen=True, slots=True)
class PromptStart:
    """The first item of every stream: the prompt was accepted and read.

    `prompt_text` and `prompt_logprobs` are filled only for `echo`.
    """

    prompt_tokens: int
    prompt_text: str | None = None
    prompt_logprobs: tuple[TokenLogprob, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "prompt",
            "prompt_tokens": self.prompt_tokens,
            "prompt_text": self.prompt_text,
            "prompt_logprobs": [token.to_json() for token in self.prompt_logprobs],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PromptStart:
        logprobs = tuple(TokenLogprob.from_json(token) for token in value["prompt_logprobs"])
        return cls(value["prompt_tokens"], value["prompt_text"], logprobs)


@dataclass(frozen=True, slots=True)
class TokenDelta:
    """More text of choice `index`. `text` never ends inside a character and never shows a part of a stop string.

    `token_ids` are the sampled tokens this delta accounts for (the token that ends a turn is not among them); their
    number is the usage. The last delta of a choice carries `finish_reason`, and `tool_calls` in OpenAI's shape
    `{"id", "type": "function", "function": {"name", "arguments"}}` if the model called tools.
    """

    index: int
    text: str
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    finish_reason: FinishReason | None = None
    tool_calls: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "delta",
            "index": self.index,
            "text": self.text,
            "token_ids": list(self.token_ids),
            "logprobs": [token.to_json() for token in self.logprobs],
            "finish_reason": self.finish_reason,
            "tool_calls": list(self.tool_calls),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TokenDelta:
        return cls(
            index=value["index"],
            text=value["text"],
            token_ids=tuple(value["token_ids"]),
            logprobs=tuple(TokenLogprob.from_json(token) for token in value["logprobs"]),
            finish_reason=value["finish_reason"],
            tool_calls=tuple(value["tool_calls"]),
        )


class Engine(Protocol):
    """Something that turns a request into a stream: one `PromptStart`, then `TokenDelta`s until every choice finished.

    Before the first item: `errors.InvalidRequest` (code `context_length_exceeded` for a prompt that does not fit),
    `errors.InvalidModel` (a broken adapter) or `errors.EngineUnavailable` (starting, overloaded or gone). Later only
    `errors.EngineUnavailable`. Closing the iterator frees the request's place at once.
    """

    def generate(self, request: GenerateRequest) -> AsyncIterator[PromptStart | TokenDelta]: ...


def item_from_json(value: Mapping[str, Any]) -> PromptStart | TokenDelta:
    """One line of an engine's stream, read back."""
    return PromptStart.from_json(value) if value["kind"] == "prompt" else TokenDelta.from_json(value)


def _as_bytes(value: list[int] | None) -> tuple[int, ...] | None:
    return None if value is None else tuple(value)


def _message_to_json(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": message.content,
        "name": message.name,
        "tool_calls": list(message.tool_calls),
        "tool_call_id": message.tool_call_id,
        "weight": message.weight,
    }


def _message_from_json(value: Mapping[str, Any]) -> Message:
    return Message(**{**value, "tool_calls": tuple(value["tool_calls"])})
