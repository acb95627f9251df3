"""From tokens to text that may be shown: characters, stop strings, tool calls."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tunesmith.data.render import Renderer
from tunesmith.models.nano import nano_folder
from tunesmith.serving.chat import TextStream, Vocabulary
from tunesmith.serving.protocol import GenerateRequest, Sampling, TokenDelta
from tunesmith.serving.sampling import Likelihood

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer.from_folder(nano_folder())


def single_bytes(renderer: Renderer, text: str) -> list[int]:
    """The text in one-byte tokens, as a model may well say it."""
    by_bytes = {renderer.token_bytes(token): token for token in range(renderer.vocab_size - 1, -1, -1)}
    return [by_bytes[bytes([byte])] for byte in text.encode()]


def stream(
    renderer: Renderer, tokens: Sequence[int], *, stop: tuple[str, ...] = (), tools: tuple[dict[str, object], ...] = ()
) -> list[TokenDelta]:
    request = GenerateRequest("r", sampling=Sampling(stop=stop, logprobs=0), tools=tools)
    text = TextStream(Vocabulary(renderer), request, 0)
    deltas = []
    for token in tokens:
        delta = text.push(token, Likelihood(-1.0, ()))
        deltas += [] if delta is None else [delta]
        if delta is not None and delta.finish_reason:
            return deltas
    return [*deltas, text.finish("stop")]


def test_a_character_appears_only_when_its_last_byte_has_come(renderer: Renderer) -> None:
    deltas = stream(renderer, single_bytes(renderer, "a你😀b"))
    assert [delta.text for delta in deltas] == ["a", "你", "😀", "b", ""]
    assert [len(delta.token_ids) for delta in deltas] == [1, 3, 4, 1, 0]
    assert [len(delta.logprobs) for delta in deltas] == [1, 3, 4, 1, 0]


def test_half_a_character_at_the_end_shows_as_the_replacement_character(renderer: Renderer) -> None:
    deltas = stream(renderer, single_bytes(renderer, "a你")[:-1])
    assert "".join(delta.text for delta in deltas) == "a\ufffd"
    assert sum(len(delta.token_ids) for delta in deltas) == 3


def test_a_stop_string_across_tokens_is_never_shown_in_part(renderer: Renderer) -> None:
    deltas = stream(renderer, single_bytes(renderer, "one EN END two"), stop=("END",))
    assert [delta.text for delta in deltas] == ["o", "n", "e", " ", "EN ", ""]
    assert deltas[-1].finish_reason == "stop"
    assert sum(len(delta.token_ids) for delta in deltas) == len("one EN END")
    assert sum(len(delta.logprobs) for delta in deltas) == len("one EN ")


def test_what_looked_like_a_stop_string_is_shown_at_the_end(renderer: Renderer) -> None:
    deltas = stream(renderer, single_bytes(renderer, "one EN"), stop=("END",))
    assert "".join(delta.text for delta in deltas) == "one EN"


def test_of_two_stop_strings_the_first_to_appear_ends_the_text(renderer: Renderer) -> None:
    deltas = stream(renderer, renderer.text_prompt("abc\n\ndef"), stop=("def", "\n\n"))
    assert "".join(delta.text for delta in deltas) == "abc"


def test_tool_calls_are_parsed_and_the_text_before_them_streams(renderer: Renderer) -> None:
    said = 'Let me look.\n<tool_call>{"name": "weather", "arguments": {"city": "北京"}}</tool_call>\n<tool_call>\n'
    said += '{"name": "weather", "arguments": "{}"}\n</tool_call>'
    deltas = stream(renderer, renderer.text_prompt(said), tools=(TOOL,))
    assert "".join(delta.text for delta in deltas).rstrip() == "Let me look."
    assert len(deltas) > 2, "the text before the call must not wait for it"
    last = deltas[-1]
    assert last.finish_reason == "tool_calls"
    assert [call["function"]["name"] for call in last.tool_calls] == ["weather", "weather"]
    assert json.loads(last.tool_calls[0]["function"]["arguments"]) == {"city": "北京"}
    assert last.tool_calls[1]["function"]["arguments"] == "{}"
    assert all(call["type"] == "function" and call["id"].startswith("call_") for call in last.tool_calls)
    assert len({call["id"] for call in last.tool_calls}) == 2


@pytest.mark.parametrize(
    "said", ['<tool_call>{"name": broken</tool_call>', "a <tool_call>", '<tool_call>{"x": 1}</tool_call>']
)
def test_a_tool_call_that_is_not_json_stays_text(renderer: Renderer, said: str) -> None:
    deltas = stream(renderer, renderer.text_prompt(said), tools=(TOOL,))
    assert "".join(delta.text for delta in deltas) == said
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].tool_calls == ()


def test_without_tools_a_tool_call_is_text(renderer: Renderer) -> None:
    said = '<tool_call>{"name": "weather", "arguments": {}}</tool_call>'
    deltas = stream(renderer, renderer.text_prompt(said))
    assert "".join(delta.text for delta in deltas) == said
    assert deltas[-1].finish_reason == "stop"
