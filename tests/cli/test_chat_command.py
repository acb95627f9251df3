"""tunesmith chat: one message, stdin, a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from tunesmith.cli import terminal

CHAT = "POST /v1/chat/completions"


def chunk(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


@pytest.fixture
def speaking(service: Any) -> Any:
    service.on(CHAT, lambda request, body: service.sse(chunk("你"), chunk("好"), chunk(""), "[DONE]"))
    return service


def test_one_message_streams_its_answer_to_stdout(cli: Any, speaking: Any) -> None:
    result = cli("chat", "ft:m:p::x", "-m", "hello", "--system", "be brief", "--temperature", "0", "--max-tokens", "9")
    assert result.exit_code == 0
    assert result.stdout == "你好\n"
    assert speaking.sent(CHAT) == [
        {
            "model": "ft:m:p::x",
            "temperature": 0.0,
            "max_tokens": 9,
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}],
            "stream": True,
        }
    ]


def test_without_a_message_stdin_is_the_message(cli: Any, speaking: Any) -> None:
    assert cli("chat", "tunesmith-nano", stdin="from a pipe").stdout == "你好\n"
    assert speaking.sent(CHAT)[0]["messages"] == [{"role": "user", "content": "from a pipe"}]


def test_an_empty_message_is_refused(cli: Any, service: Any) -> None:
    result = cli("chat", "tunesmith-nano", stdin="  \n")
    assert result.exit_code == 1
    assert "The message is empty." in result.stderr
    assert service.requests == []


def test_json_gives_the_whole_completion(cli: Any, service: Any) -> None:
    service.on(CHAT, {"id": "chatcmpl-1", "choices": [{"message": {"content": "hi"}}]})
    assert cli.json("chat", "m", "-m", "hello", "--json")["id"] == "chatcmpl-1"
    assert "stream" not in service.sent(CHAT)[0]


def test_an_unknown_model_is_an_error_line(cli: Any, service: Any) -> None:
    service.on(CHAT, lambda request, body: service.error(404, "The model 'abc' does not exist", param="model"))
    result = cli("chat", "abc", "-m", "hello")
    assert result.exit_code == 1
    assert result.stderr == "Error: The model 'abc' does not exist\n"


def test_an_answer_that_breaks_off_is_not_taken_for_whole(cli: Any, service: Any) -> None:
    service.on(CHAT, lambda request, body: service.sse(chunk("ha")))
    result = cli("chat", "m", "-m", "hello")
    assert result.exit_code == 1
    assert "The answer broke off" in result.stderr


def test_an_error_inside_the_stream_is_an_error_line(cli: Any, service: Any) -> None:
    service.on(CHAT, lambda request, body: service.sse(chunk("ha"), {"error": {"message": "the engine is gone"}}))
    result = cli("chat", "m", "-m", "hello")
    assert result.exit_code == 1
    assert "Error: the engine is gone" in result.stderr


def test_a_conversation_carries_what_was_said(cli: Any, speaking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["first", "", "second", "/exit"])
    monkeypatch.setattr("tunesmith.cli.chat._is_at_a_terminal", lambda: True)
    monkeypatch.setattr(terminal.err, "input", lambda *_: next(lines))
    assert cli("chat", "tunesmith-nano").exit_code == 0
    assert [message["content"] for message in speaking.sent(CHAT)[1]["messages"]] == ["first", "你好", "second"]
