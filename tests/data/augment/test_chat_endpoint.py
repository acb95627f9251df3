"""An endpoint that fails is asked again when that helps, as it wishes, and not when it does not."""

from __future__ import annotations

import threading
import time

import pytest
from fake_endpoint import FakeEndpoint, Reply, serving

from tunesmith.data.augment.chat_endpoint import MAX_REPLY_BYTES, ChatEndpoint, RetryPolicy
from tunesmith.data.augment.sampler import Answer, EndpointFailed, PromptRefused
from tunesmith.errors import InvalidRequest

PROMPT = [{"role": "user", "content": "hello"}]
QUICK = RetryPolicy(attempts=4, first_wait_s=0.01, longest_wait_s=0.5)


def ask(endpoint: FakeEndpoint, *, retry: RetryPolicy = QUICK, timeout_s: float = 5.0) -> Answer:
    with ChatEndpoint(endpoint.base_url, "m", api_key="secret", retry=retry, timeout_s=timeout_s) as sampler:
        return sampler.sample(PROMPT, give_up=threading.Event())


def test_an_answer_comes_with_its_tokens_and_the_request_with_model_and_key() -> None:
    with serving(lambda number, body: Reply("hi")) as endpoint:
        assert ask(endpoint) == Answer("hi", was_cut=False, n_tokens=7)
        assert endpoint.bodies[0]["model"] == "m"
        assert endpoint.bodies[0]["messages"] == PROMPT
        assert endpoint.keys == ["Bearer secret"]


def test_an_answer_that_ran_into_the_limit_says_so() -> None:
    with serving(lambda number, body: Reply("hi", finish_reason="length")) as endpoint:
        assert ask(endpoint).was_cut


@pytest.mark.parametrize(
    "setback",
    [
        Reply(status=500, raw=b"oops"),
        Reply(status=503, raw=b""),
        Reply(status=429, headers={"retry-after": "0"}, raw=b"{}"),
        Reply(raw=b"<html>a proxy</html>"),
        Reply(raw=b'{"choices": []}'),
        Reply(raw=b"[" * 100_000),
        Reply("half", torn=True),
        Reply("late", after_s=2.0),
    ],
    ids=["500", "503", "429", "html", "no choices", "deep", "torn", "timeout"],
)
def test_a_setback_is_tried_again(setback: Reply) -> None:
    with serving(lambda number, body: setback if number == 0 else Reply("hi")) as endpoint:
        assert ask(endpoint, timeout_s=1.0 if setback.after_s else 30.0).text == "hi"
        assert len(endpoint.bodies) == 2


def test_retry_after_is_kept() -> None:
    waits = Reply(status=429, headers={"retry-after": "0.4"}, raw=b"{}")
    with serving(lambda number, body: waits if number == 0 else Reply("hi")) as endpoint:
        began = time.monotonic()
        ask(endpoint)
        assert time.monotonic() - began >= 0.4


def test_a_retry_after_beyond_the_longest_wait_fails_at_once() -> None:
    with serving(lambda number, body: Reply(status=429, headers={"retry-after": "3600"}, raw=b"{}")) as endpoint:
        with pytest.raises(EndpointFailed, match="429"):
            ask(endpoint)
        assert len(endpoint.bodies) == 1


def test_what_keeps_failing_fails_with_its_own_words() -> None:
    with serving(lambda number, body: Reply(status=500, raw=b"disk on fire")) as endpoint:
        with pytest.raises(EndpointFailed, match=r"500: disk on fire \(4 attempts\)"):
            ask(endpoint)
        assert len(endpoint.bodies) == 4


def test_a_wrong_key_is_not_tried_again() -> None:
    with serving(lambda number, body: Reply(status=401, raw=b"who are you")) as endpoint:
        with pytest.raises(EndpointFailed, match="check base_url, api_key and model"):
            ask(endpoint)
        assert len(endpoint.bodies) == 1


def test_a_refused_prompt_is_not_tried_again() -> None:
    with serving(lambda number, body: Reply(status=400, raw=b"too long")) as endpoint:
        with pytest.raises(PromptRefused, match="too long"):
            ask(endpoint)
        assert len(endpoint.bodies) == 1


def test_an_endless_reply_is_not_read_to_its_end() -> None:
    endless = Reply(raw=b"x" * (MAX_REPLY_BYTES + 1))
    with serving(lambda number, body: endless) as endpoint, pytest.raises(PromptRefused, match="longer than"):
        ask(endpoint)


def test_an_endpoint_that_is_not_there_fails() -> None:
    with (
        ChatEndpoint("http://127.0.0.1:9/v1", "m", retry=QUICK) as sampler,
        pytest.raises(EndpointFailed, match="cannot be reached"),
    ):
        sampler.sample(PROMPT, give_up=threading.Event())


def test_giving_up_ends_the_waiting() -> None:
    give_up = threading.Event()
    threading.Timer(0.1, give_up.set).start()
    with (
        serving(lambda number, body: Reply(status=500, raw=b"")) as endpoint,
        ChatEndpoint(endpoint.base_url, "m", retry=RetryPolicy(first_wait_s=30)) as sampler,
    ):
        began = time.monotonic()
        with pytest.raises(EndpointFailed):
            sampler.sample(PROMPT, give_up=give_up)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("address", ["localhost:8080", "", "http://", "ftp://host/v1", "http://a b:99999999/v1"])
def test_an_address_must_be_one(address: str) -> None:
    with pytest.raises(InvalidRequest, match=r"such as http://127\.0\.0\.1"):
        ChatEndpoint(address, "m")


def test_a_key_that_no_header_can_hold_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="api_key"):
        ChatEndpoint("http://127.0.0.1:9/v1", "m", api_key="sk-1\n")


def test_a_proxy_is_not_asked_for_a_service_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(lambda number, body: Reply("hi")) as endpoint:
        assert ask(endpoint).text == "hi"
