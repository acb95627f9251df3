from __future__ import annotations

import time

import openai
import pytest

from tunesmith import errors

HELLO = [{"role": "user", "content": "say hello"}]
TOOLS = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": '{"zone":"utc"}'}}


@pytest.fixture
def service(shared_service):
    """The shared one, with an engine that has forgotten everything."""
    shared_service.engine.__init__()
    return shared_service


def chat(client: openai.OpenAI, **options):
    return client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": HELLO, **options})


def test_a_chat_is_answered(client) -> None:
    answer = chat(client)
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", "gpt-4o-mini")
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hello!", "stop")
    assert (choice.logprobs, choice.message.refusal, choice.message.tool_calls) == (None, None, None)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (2, 3, 5)


def test_the_engine_is_asked_for_what_the_client_asked(service, client) -> None:
    chat(
        client,
        temperature=0.5,
        top_p=0.9,
        max_completion_tokens=7,
        stop="\n",
        seed=3,
        frequency_penalty=1,
        presence_penalty=-1,
        logit_bias={"5": -100},
        n=2,
    )
    asked = service.engine.asked[0]
    sampling = asked.sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop) == (0.5, 0.9, 7, ("\n",))
    assert (sampling.seed, sampling.frequency_penalty, sampling.presence_penalty) == (3, 1, -1)
    assert (sampling.logit_bias, sampling.logprobs, asked.n) == ({5: -100}, None, 2)


def test_nulls_mean_the_defaults(service) -> None:
    names = ["temperature", "top_p", "n", "stop", "seed", "max_tokens", "logit_bias", "tools", "stream", "user"]
    names += ["stream_options", "response_format", "tool_choice", "logprobs", "top_logprobs", "frequency_penalty"]
    body = {"model": "gpt-4o-mini", "messages": HELLO, "vendor_extra": 1, **dict.fromkeys(names)}
    assert service.http.post("/v1/chat/completions", json=body).status_code == 200
    sampling = service.engine.asked[0].sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 1.0, None)


def test_content_parts_are_joined_and_every_role_is_read(service, client) -> None:
    chat(
        client,
        messages=[
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "content": "noon", "tool_call_id": "call_1"},
        ],
    )
    messages = service.engine.asked[0].messages
    assert [message.role for message in messages] == ["developer", "user", "assistant", "tool"]
    assert messages[1].content == "ab"
    assert messages[2].tool_calls == (CALL,)
    assert messages[3].tool_call_id == "call_1"


def test_a_stream_has_one_id_a_role_first_and_a_reason_last(client) -> None:
    chunks = list(chat(client, stream=True))
    assert len({(chunk.id, chunk.created) for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello!"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 4 + ["stop"]
    assert chunks[-1].choices[0].delta.model_dump(exclude_none=True) == {}


def test_the_frames_are_exactly_openais(shared_service) -> None:
    body = {"model": "gpt-4o-mini", "messages": HELLO, "stream": True}
    answer = shared_service.http.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = answer.text.split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert all(frame.startswith('data: {"id":"chatcmpl-') for frame in frames[:-2])


def test_usage_comes_last_when_asked_for(client) -> None:
    chunks = list(chat(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 5
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_stream_options_without_a_stream_pass(client) -> None:
    assert chat(client, stream_options={"include_usage": True}).choices[0].message.content == "Hello!"


def test_several_choices_keep_their_index(client) -> None:
    answer = chat(client, n=3)
    assert [(c.index, c.message.content) for c in answer.choices] == [(0, "Hello!"), (1, "Hello!"), (2, "Hello!")]
    assert answer.usage.completion_tokens == 9
    texts = ["", ""]
    for chunk in chat(client, n=2, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == ["Hello!", "Hello!"]


def test_logprobs_come_with_bytes_and_alternatives(client) -> None:
    logprobs = chat(client, logprobs=True, top_logprobs=2).choices[0].logprobs
    assert [token.token for token in logprobs.content] == ["Hel", "lo", "!"]
    first = logprobs.content[0]
    assert (first.logprob, first.bytes) == (-0.25, list(b"Hel"))
    assert [top.token for top in first.top_logprobs] == ["alt0", "alt1"]
    assert logprobs.refusal is None
    streamed = [chunk.choices[0].logprobs for chunk in chat(client, logprobs=True, stream=True)]
    assert [token.token for piece in streamed if piece for token in piece.content] == ["Hel", "lo", "!"]


def test_tools_reach_the_model_and_its_calls_come_back(service, client) -> None:
    service.engine.script, service.engine.tool_calls = [], (CALL, {**CALL, "id": "call_2"})
    choice = chat(client, tools=TOOLS).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert [call.id for call in choice.message.tool_calls] == ["call_1", "call_2"]
    assert service.engine.asked[0].tools == tuple(TOOLS)
    assert len(chat(client, tools=TOOLS, parallel_tool_calls=False).choices[0].message.tool_calls) == 1
    chat(client, tools=TOOLS, tool_choice="none")
    assert service.engine.asked[-1].tools == ()


def test_streamed_tool_calls_are_assembled_by_the_client(service, client) -> None:
    service.engine.script, service.engine.tool_calls = [], (CALL,)
    with client.chat.completions.stream(model="gpt-4o-mini", messages=HELLO, tools=TOOLS) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "now", '{"zone":"utc"}')


@pytest.mark.parametrize("model", ["gpt-9", "ft:gpt-4o-mini:personal::nothere1"])
def test_an_unknown_model_is_404(client, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        chat(client, model=model)
    assert missing.value.code == "model_not_found"
    assert missing.value.body["message"] == f"The model `{model}` does not exist or you do not have access to it."


def test_a_refusal_that_the_client_sends_back_is_what_was_said(service, client) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None, "refusal": "No."}]
    chat(client, messages=[*messages, {"role": "user", "content": "Why?"}])
    assert service.engine.asked[-1].messages[1].content == "No."


def test_a_text_model_reads_the_messages_without_a_template(service, client) -> None:
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]
    chat(client, model="babbage-002", messages=messages)
    assert service.engine.asked[-1].messages is None
    assert service.engine.asked[-1].prompt == "Be short.\nHi"


def test_a_prompt_longer_than_the_context_is_400(service, client) -> None:
    service.engine.refusal = errors.InvalidRequest(
        "This model's maximum context length is 8 tokens.", param="messages", code="context_length_exceeded"
    )
    for options in ({}, {"stream": True}):
        with pytest.raises(openai.BadRequestError) as refused:
            chat(client, **options)
        assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "messages")


def test_an_engine_that_is_not_there_is_503(service, client) -> None:
    service.engine.refusal = errors.EngineUnavailable("The engine is starting.")
    with pytest.raises(openai.InternalServerError) as down:
        chat(client, stream=True)
    assert (down.value.status_code, down.value.type) == (503, "server_error")


def test_an_engine_that_stops_in_the_middle_says_so_in_the_stream(service, client) -> None:
    service.engine.fail_after = 2
    stream = chat(client, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(3)] == ["", "Hel", "lo"]
    with pytest.raises(openai.APIError, match="The engine stopped"):
        next(stream)
    with pytest.raises(openai.InternalServerError):
        chat(client)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_frees_the_engine_at_once(service, stream: bool) -> None:
    service.engine.script, service.engine.delay_s = ["x"] * 1000, 0.02
    with service.client(timeout=0.3) as client, pytest.raises(openai.APITimeoutError):  # noqa: PT012
        answer = chat(client, stream=stream)
        next(iter(answer))
        assert service.engine.n_open == 1
        answer.close()
        raise openai.APITimeoutError(request=answer.response.request)
    deadline = time.monotonic() + 2
    while service.engine.n_open:
        assert time.monotonic() < deadline, "the engine is still busy for nobody"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"messages": []}, "empty_array", "messages"),
        ({"messages": "hi"}, "invalid_type", "messages"),
        ({"messages": [{"content": "a"}]}, "missing_required_parameter", "messages[0].role"),
        ({"messages": [{"role": "assitant", "content": "a"}]}, "invalid_value", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "invalid_type", "messages[0].content"),
        ({"messages": [{"role": "user", "content": True}]}, "invalid_type", "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "invalid_value",
            "messages[0].content",
        ),
        ({"temperature": 3}, "decimal_above_max_value", "temperature"),
        ({"temperature": -0.1}, "decimal_below_min_value", "temperature"),
        ({"temperature": "hot"}, "invalid_type", "temperature"),
        ({"top_p": 1.5}, "decimal_above_max_value", "top_p"),
        ({"n": 0}, "integer_below_min_value", "n"),
        ({"n": 129}, "integer_above_max_value", "n"),
        ({"n": True}, "invalid_type", "n"),
        ({"max_tokens": 0}, "integer_below_min_value", "max_tokens"),
        ({"max_tokens": 1.5}, "invalid_type", "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "array_above_max_length", "stop"),
        ({"stop": 5}, "invalid_type", "stop"),
        ({"presence_penalty": 2.1}, "decimal_above_max_value", "presence_penalty"),
        ({"logit_bias": {"5": 101}}, "decimal_above_max_value", "logit_bias[5]"),
        ({"logit_bias": {"five": 1}}, "invalid_value", "logit_bias"),
        ({"logprobs": True, "top_logprobs": 21}, "integer_above_max_value", "top_logprobs"),
        ({"top_logprobs": 2}, "invalid_parameter_combination", "top_logprobs"),
        ({"seed": 2**63}, "integer_above_max_value", "seed"),
        ({"stream": "yes"}, "invalid_type", "stream"),
        ({"response_format": {"type": "json_object"}}, "unsupported_value", "response_format.type"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
            "unsupported_value",
            "response_format.type",
        ),
        ({"response_format": {"type": "xml"}}, "invalid_value", "response_format.type"),
        ({"tools": TOOLS, "tool_choice": "required"}, "unsupported_value", "tool_choice"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "tools[0].function"),
        ({"model": 5}, "invalid_type", "model"),
    ],
)
def test_a_bad_field_is_400_with_its_code_and_name(shared_service, options: dict, code: str, param: str) -> None:
    body = {"model": "gpt-4o-mini", "messages": HELLO, **options}
    answer = shared_service.http.post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param), error
    assert error["message"]


def test_openais_wording_of_a_number_that_is_too_large(shared_service) -> None:
    body = {"model": "gpt-4o-mini", "messages": HELLO, "temperature": 3}
    error = shared_service.http.post("/v1/chat/completions", json=body).json()["error"]
    assert error["message"] == (
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead."
    )
