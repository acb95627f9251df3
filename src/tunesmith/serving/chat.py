"""Between messages and tokens: prompts in, streamed text, stop strings and tool calls out."""

from __future__ import annotations

import codecs
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunesmith.errors import InvalidRequest
from tunesmith.serving.protocol import FinishReason, GenerateRequest, TokenDelta, TokenLogprob, TopLogprob

if TYPE_CHECKING:
    from tunesmith.data.render import Renderer
    from tunesmith.serving.sampling import Likelihood

_CALL_START, _CALL_END = "<tool_call>", "</tool_call>"


def prompt_token_ids(renderer: Renderer, request: GenerateRequest) -> list[int]:
    """The request's prompt as tokens. An empty prompt is a text that just begins.

    Raises InvalidRequest for token ids that the vocabulary lacks.
    """
    if request.messages is not None:
        return renderer.prompt(request.messages, request.tools)
    if request.prompt is not None:
        return renderer.text_prompt(request.prompt)
    token_ids = list(request.prompt_token_ids or ()) or renderer.text_prompt("")
    for place, token_id in enumerate(token_ids):
        if not 0 <= token_id < renderer.vocab_size:
            raise InvalidRequest(
                f"Invalid token id {token_id} at index {place} of 'prompt': the model's vocabulary has "
                f"{renderer.vocab_size} tokens, from 0 to {renderer.vocab_size - 1}.",
                param="prompt",
                code="invalid_value",
            )
    return token_ids


class Vocabulary:
    """What each token looks like, remembered, for many streams at once."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        added = renderer.tokenizer.get_added_tokens_decoder()
        self._silent = {token_id for token_id in added if not renderer.decode([token_id])}
        self._bytes: dict[int, bytes] = {}
        self._texts: dict[int, str] = {}

    def is_silent(self, token_id: int) -> bool:
        """Whether it is a mark of the template, which is not part of what the model says."""
        return token_id in self._silent

    def bytes_of(self, token_id: int) -> bytes:
        if token_id not in self._bytes:
            self._bytes[token_id] = self._renderer.token_bytes(token_id)
        return self._bytes[token_id]

    def text_of(self, token_id: int) -> str:
        if token_id not in self._texts:
            self._texts[token_id] = self._renderer.token_text(token_id)
        return self._texts[token_id]

    def text(self, token_ids: Sequence[int]) -> str:
        """Everything the tokens say, marks included."""
        return b"".join(map(self.bytes_of, token_ids)).decode("utf-8", errors="replace")

    def logprob(self, token_id: int, likelihood: Likelihood | None) -> TokenLogprob:
        """`likelihood` is None only for a prompt's first token."""
        top = () if likelihood is None else likelihood.top
        return TokenLogprob(
            token=self.text_of(token_id),
            token_id=token_id,
            logprob=None if likelihood is None else likelihood.own,
            bytes=tuple(self.bytes_of(token_id)),
            top=tuple(TopLogprob(self.text_of(other), tuple(self.bytes_of(other)), chance) for other, chance in top),
        )


@dataclass(frozen=True, slots=True)
class _Pending:
    """A token whose text, characters start..end of everything said so far, is not wholly out yet."""

    token_id: int
    likelihood: Likelihood | None
    start: int
    end: int


class TextStream:
    """One choice's tokens as they come, as text that is safe to show: whole characters, no part of a stop string.

    With tools, text from the first `<tool_call>` on is held until the end and parsed.
    """

    def __init__(self, vocabulary: Vocabulary, request: GenerateRequest, index: int) -> None:
        self._vocabulary = vocabulary
        self._index = index
        self._stops = request.sampling.stop
        self._has_logprobs = request.sampling.logprobs is not None
        self._marks = (*self._stops, _CALL_START) if request.tools else self._stops
        self._has_tools = bool(request.tools)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._said = 0  # characters decoded so far
        self._shown = 0  # of these, already given out
        self._held = ""  # the rest
        self._pending: list[_Pending] = []

    def push(self, token_id: int, likelihood: Likelihood | None) -> TokenDelta | None:
        """What can be shown after this token, if anything; it has a `finish_reason` if a stop string is complete."""
        raw = b"" if self._vocabulary.is_silent(token_id) else self._vocabulary.bytes_of(token_id)
        text = self._decoder.decode(raw)
        self._pending.append(_Pending(token_id, likelihood, self._said, self._said + len(text)))
        self._said += len(text)
        self._held += text
        stop = self._find_stop()
        if stop is not None:
            return self._close(self._held[:stop], "stop")
        safe = len(self._held) - self._unsafe_length()
        if safe == 0:
            return None
        shown, self._held = self._held[:safe], self._held[safe:]
        self._shown += safe
        return self._delta(shown, self._take(self._shown))

    def finish(self, reason: FinishReason) -> TokenDelta:
        """What was held back, and the end: `reason` is stop for an end-of-turn token, length for the limit."""
        self._held += self._decoder.decode(b"", final=True)
        stop = self._find_stop()
        if stop is not None:
            return self._close(self._held[:stop], "stop")
        return self._close(self._held, reason)

    def _find_stop(self) -> int | None:
        places = [place for stop in self._stops if stop and (place := self._held.find(stop)) >= 0]
        return min(places, default=None)

    def _unsafe_length(self) -> int:
        """How much of the held text's end may yet become a mark (or, after a tool call began, all from there)."""
        if self._has_tools and (place := self._held.find(_CALL_START)) >= 0:
            return len(self._held) - place
        longest = max((len(mark) - 1 for mark in self._marks), default=0)
        for length in range(min(longest, len(self._held)), 0, -1):
            tail = self._held[-length:]
            if any(mark.startswith(tail) for mark in self._marks):
                return length
        return 0

    def _close(self, text: str, reason: FinishReason) -> TokenDelta:
        calls: tuple[dict[str, Any], ...] = ()
        end = self._shown + len(text)
        if self._has_tools and reason == "stop":
            text, calls = split_tool_calls(text)
        taken = self._take(end)
        rest, self._pending = self._pending, []
        delta = self._delta(text, taken)
        return TokenDelta(
            index=self._index,
            text=text,
            token_ids=delta.token_ids + tuple(token.token_id for token in rest),
            logprobs=delta.logprobs + self._logprobs([token for token in rest if token.start < end]),
            finish_reason="tool_calls" if calls else reason,
            tool_calls=calls,
        )

    def _take(self, end: int) -> list[_Pending]:
        """The pending tokens whose text is wholly before `end`, removed."""
        count = 0
        while count < len(self._pending) and self._pending[count].end <= end:
            count += 1
        # A token that only began a character goes out with the token that ends it.
        while count and count == len(self._pending) and self._decoder.getstate()[0] and self._is_piece(count - 1):
            count -= 1
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def _is_piece(self, place: int) -> bool:
        return self._pending[place].start == self._pending[place].end

    def _delta(self, text: str, tokens: Sequence[_Pending]) -> TokenDelta:
        return TokenDelta(self._index, text, tuple(token.token_id for token in tokens), self._logprobs(tokens))

    def _logprobs(self, tokens: Sequence[_Pending]) -> tuple[TokenLogprob, ...]:
        if not self._has_logprobs:
            return ()
        return tuple(self._vocabulary.logprob(token.token_id, token.likelihood) for token in tokens)


def split_tool_calls(text: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    """Text with `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` parts -> (the text before them, the calls).

    The calls are in OpenAI's shape. If any part is not such JSON, everything stays text.
    """
    before, *parts = text.split(_CALL_START)
    calls = []
    for part in parts:
        call = _parse_call(part.partition(_CALL_END)[0])
        if call is None:
            return text, ()
        calls.append(call)
    return (before.rstrip() if calls else before), tuple(calls)


def _parse_call(text: str) -> dict[str, Any] | None:
    try:
        call = json.loads(text)
    except ValueError:  # the model wrote something else between the marks, which is then its answer
        return None
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return None
    arguments = call.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    function = {"name": call["name"], "arguments": arguments}
    return {"id": f"call_{secrets.token_hex(12)}", "type": "function", "function": function}
