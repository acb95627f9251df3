"""Whatever a client sends, the answer is OpenAI's envelope, never a 5xx, and nothing is left half-written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEYS = {"message", "type", "param", "code"}
STARTS = {
    "/v1/chat/completions": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]},
    "/v1/completions": {"model": "babbage-002", "prompt": "hi"},
    "/v1/fine_tuning/jobs": {"model": "gpt-4o-mini", "training_file": "file-none"},
    "/tunesmith/v1/keys": {"name": "a key"},
}
FIELDS = {
    "/v1/chat/completions": [
        "model",
        "messages",
        "temperature",
        "top_p",
        "n",
        "stop",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "stream",
        "user",
        "tools",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "logprobs",
        "top_logprobs",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "modalities",
        "functions",
        "function_call",
        "audio",
        "web_search_options",
    ],
    "/v1/completions": [
        "model",
        "prompt",
        "max_tokens",
        "logprobs",
        "echo",
        "best_of",
        "suffix",
        "n",
        "stop",
        "seed",
        "stream",
        "logit_bias",
    ],
    "/v1/fine_tuning/jobs": [
        "model",
        "training_file",
        "validation_file",
        "suffix",
        "seed",
        "hyperparameters",
        "method",
        "metadata",
        "integrations",
    ],
    "/tunesmith/v1/keys": ["name"],
}
NAMES = st.sampled_from(
    [
        "role",
        "content",
        "type",
        "function",
        "name",
        "text",
        "arguments",
        "tool_calls",
        "supervised",
        "hyperparameters",
        "n_epochs",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["auto", "user", "text", "function", "gpt-4o-mini", "\x00", "😀", ""]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
BODIES = st.sampled_from(list(STARTS)).flatmap(
    lambda path: st.tuples(
        st.just(path), st.dictionaries(st.sampled_from(FIELDS[path]), VALUES, min_size=1, max_size=3)
    )
)
FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n'
    b'Content-Type: application/octet-stream\r\n\r\n{"messages": []}\n\r\n--XX--\r\n'
)
CUTS = st.lists(st.tuples(st.integers(0, len(FORM)), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=3)


def generated(examples: int) -> Callable[..., object]:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def send_body(service, path: str, changes: dict[str, object]) -> None:
    body = json.dumps({**STARTS[path], **changes})
    answer = service.http.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 404), answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == KEYS
        assert answer.json()["error"]["message"]


def send_form(service, cuts: list[tuple[int, int, bytes]]) -> None:
    form = FORM
    for at, n_removed, inserted in cuts:
        form = form[:at] + inserted + form[at + n_removed :]
    answer = service.http.post("/v1/files", content=form, headers={"content-type": "multipart/form-data; boundary=XX"})
    assert answer.status_code in (200, 400), answer.text
    assert service.left_over_uploads() == []


@generated(150)
@given(BODIES)
def test_no_body_is_a_5xx(shared_service, request_parts) -> None:
    send_body(shared_service, *request_parts)


@generated(150)
@given(CUTS)
def test_no_form_is_a_5xx(shared_service, cuts) -> None:
    send_form(shared_service, cuts)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@generated(20_000)
@given(BODIES)
def test_no_body_is_a_5xx_at_length(shared_service, request_parts) -> None:
    send_body(shared_service, *request_parts)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@generated(10_000)
@given(CUTS)
def test_no_form_is_a_5xx_at_length(shared_service, cuts) -> None:
    send_form(shared_service, cuts)


@pytest.mark.parametrize(
    "url",
    [
        "/v1/files/%00",
        "/v1/files/%ff",
        "/v1/models/%00%ff",
        "/v1/models/%2F%2F",
        "/v1/files?after=%00",
        "/v1/files?purpose=%00",
        "/v1/files?limit=" + "9" * 5000,
        "/v1/fine_tuning/jobs?limit=",
        "/v1/fine_tuning/jobs?after=%F0%9F%98%80",
        "/v1/fine_tuning/jobs?metadata[]=x",
        "/v1/fine_tuning/jobs?metadata[a'b%22]=x",
        "/v1/fine_tuning/jobs?metadata[a.b$%00]=%00",
        "/v1/fine_tuning/jobs/%00",
        "/v1/fine_tuning/jobs/%2e%2e/events",
    ],
)
def test_no_url_is_a_5xx(shared_service, url: str) -> None:
    answer = shared_service.http.get(shared_service.url + url)
    assert answer.status_code in (200, 400, 404), answer.text
