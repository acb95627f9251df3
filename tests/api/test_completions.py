from __future__ import annotations

import openai
import pytest


@pytest.fixture
def service(shared_service):
    """The shared one, with an engine that has forgotten everything."""
    shared_service.engine.__init__()
    return shared_service


# OpenAI's stream says `finish_reason: null` until the end, which the client's own strict schema does not know.
@pytest.fixture
def lenient(service) -> openai.OpenAI:
    return service.client(_strict_response_validation=False)


def complete(client: openai.OpenAI, **options):
    return client.completions.create(**{"model": "babbage-002", "prompt": "one two", **options})


def test_a_prompt_is_completed(service, client) -> None:
    answer = complete(client)
    assert answer.id.startswith("cmpl-")
    assert (answer.object, answer.model) == ("text_completion", "babbage-002")
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("Hello!", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 3)
    assert service.engine.asked[0].sampling.max_tokens == 16


def test_prompts_times_n_are_numbered_prompt_by_prompt(service, client, lenient) -> None:
    answer = complete(client, prompt=["a", "b"], n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert [asked.prompt for asked in service.engine.asked] == ["a", "b"]
    texts = [""] * 4
    for chunk in complete(lenient, prompt=["a", "b"], n=2, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == ["Hello!"] * 4


@pytest.mark.parametrize(("prompt", "asked_ids"), [([1, 2, 3], [(1, 2, 3)]), ([[1, 2], [3]], [(1, 2), (3,)])])
def test_prompts_may_be_token_ids(service, client, prompt: list, asked_ids: list) -> None:
    complete(client, prompt=prompt)
    assert [asked.prompt_token_ids for asked in service.engine.asked] == asked_ids
    assert {asked.prompt for asked in service.engine.asked} == {None}


def test_without_a_prompt_a_text_is_begun(service) -> None:
    service.http.post("/v1/completions", json={"model": "babbage-002"})
    service.http.post("/v1/completions", json={"model": "babbage-002", "prompt": None})
    assert [asked.prompt for asked in service.engine.asked] == ["<|endoftext|>"] * 2


def test_echo_puts_the_prompt_and_its_logprobs_first(service, client) -> None:
    body = {"model": "babbage-002", "prompt": "one two", "echo": True, "logprobs": 1, "max_tokens": 0}
    choice = service.http.post("/v1/completions", json=body).json()["choices"][0]
    assert choice["text"] == "one twoHello!"
    logprobs = choice["logprobs"]
    assert logprobs["tokens"][:2] == ["one", "two"]
    assert logprobs["token_logprobs"][:2] == [None, -1.0]
    assert logprobs["top_logprobs"][0] is None
    assert logprobs["top_logprobs"][2] == {"alt0": -0.5, "Hel": -0.25}
    assert logprobs["text_offset"][0] == 0
    assert service.engine.asked[0].sampling.max_tokens == 0


def test_text_offsets_count_from_the_start_of_the_prompt(client, lenient) -> None:
    logprobs = complete(client, logprobs=2).choices[0].logprobs
    assert logprobs.tokens == ["Hel", "lo", "!"]
    assert logprobs.text_offset == [7, 10, 12]
    streamed = [chunk.choices[0].logprobs for chunk in complete(lenient, logprobs=2, stream=True)]
    assert [offset for piece in streamed if piece for offset in piece.text_offset] == [7, 10, 12]


def test_best_of_returns_the_likeliest_n(service, client) -> None:
    answer = complete(client, n=1, best_of=3)
    assert len(answer.choices) == 1
    assert answer.choices[0].logprobs is None
    assert service.engine.asked[0].n == 3
    assert answer.usage.completion_tokens == 9


def test_usage_comes_last_when_asked_for(lenient) -> None:
    chunks = list(complete(lenient, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 5


def test_a_chat_model_continues_plain_text_too(service, client) -> None:
    complete(client, model="gpt-4o-mini", prompt="Once upon")
    assert service.engine.asked[-1].prompt == "Once upon"
    assert service.engine.asked[-1].messages is None


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"prompt": []}, "empty_array", "prompt"),
        ({"prompt": 5}, "invalid_type", "prompt"),
        ({"prompt": ["a", 1]}, "invalid_type", "prompt"),
        ({"prompt": [-1]}, "invalid_value", "prompt"),
        ({"prompt": [2**40]}, "invalid_value", "prompt"),
        ({"logprobs": 6}, "integer_above_max_value", "logprobs"),
        ({"max_tokens": -1}, "integer_below_min_value", "max_tokens"),
        ({"n": 2, "best_of": 1}, "invalid_value", "best_of"),
        ({"best_of": 3, "stream": True}, "invalid_parameter_combination", "best_of"),
        ({"suffix": "end"}, "unsupported_value", "suffix"),
        ({"echo": "yes"}, "invalid_type", "echo"),
    ],
)
def test_a_bad_field_is_400_with_its_code_and_name(shared_service, options: dict, code: str, param: str) -> None:
    answer = shared_service.http.post("/v1/completions", json={"model": "babbage-002", "prompt": "a", **options})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param), error
