"""A Sampler over any OpenAI-compatible /v1/chat/completions, which may fail, be slow, or answer nonsense."""

from __future__ import annotations

import email.utils
import json
import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

from tunesmith.data.augment.sampler import Answer, ChatMessage, EndpointFailed, PromptRefused
from tunesmith.errors import InvalidRequest

# A reply of some hundred rows is a few hundred kilobytes; an endpoint that sends more is broken or hostile.
MAX_REPLY_BYTES = 4 * 2**20
_SHOWN = 300
_SECONDS = re.compile(r"\d+(?:\.\d*)?")
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits of `first_wait_s`, doubled up to `longest_wait_s`, a quarter more or less; or what the server says.

    A `retry-after` longer than `longest_wait_s` is not waited for: the endpoint then counts as failed.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class ChatEndpoint:
    """Close it, or use it in a `with`. `base_url` is what OpenAI clients take, ending in /v1."""

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        temperature: float = 0.8,
        max_tokens: int = 2048,
        timeout_s: float = 120.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        host = _host(base_url)
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise InvalidRequest("api_key holds characters that no key has; copy it again.", param="api_key")
        self._model = model
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._temperature, self._max_tokens = temperature, max_tokens
        self._retry = retry or RetryPolicy()
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx2.Timeout(timeout_s, connect=min(10.0, timeout_s))
        # a proxy of the environment leads out of the machine, not to a service on it
        self._client = httpx2.Client(headers=headers, timeout=timeout, trust_env=host not in _LOCAL_HOSTS)

    @property
    def model(self) -> str:
        return self._model

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def sample(self, messages: Sequence[ChatMessage], *, give_up: threading.Event) -> Answer:
        """See Sampler. Connection errors, timeouts, 408, 409, 429 and 5xx are tried again, as are torn replies."""
        body = {
            "model": self._model,
            "messages": list(messages),
            "temperature": self._temperature,
            "max_tokens": self._max_tokens,
        }
        for attempt in range(1, self._retry.attempts + 1):
            outcome = self._ask(body)
            if isinstance(outcome, Answer):
                return outcome
            wait_s = self._wait_s(attempt, outcome.retry_after_s)
            is_last = attempt == self._retry.attempts or wait_s is None
            if is_last or give_up.wait(wait_s):
                raise EndpointFailed(f"{self._url} {outcome.what} ({attempt} attempts).", code="endpoint_failed")
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, body: dict[str, Any]) -> Answer | _Setback:
        try:
            with self._client.stream("POST", self._url, json=body) as response:
                content = _read_bounded(response)
        except httpx2.TimeoutException as error:
            return _Setback(f"did not answer in time ({type(error).__name__})")
        except httpx2.TransportError as error:
            return _Setback(f"cannot be reached or broke off: {error or type(error).__name__}")
        status = response.status_code
        if status in (408, 409, 429) or status >= 500:
            return _Setback(f"answered {status}: {_shown(content)}", _retry_after_s(response.headers))
        if status in (401, 403, 404):
            raise EndpointFailed(
                f"{self._url} answered {status}: {_shown(content)}; check base_url, api_key and model "
                f"({self._model!r}).",
                code="endpoint_failed",
            )
        if status != 200:
            raise PromptRefused(f"{self._url} answered {status}: {_shown(content)}", code="endpoint_refused")
        return _read_answer(content)

    def _wait_s(self, attempt: int, asked_s: float | None) -> float | None:
        if asked_s is not None:
            return asked_s if asked_s <= self._retry.longest_wait_s else None
        wait_s = min(self._retry.longest_wait_s, self._retry.first_wait_s * 2.0 ** (attempt - 1))
        return wait_s * random.uniform(0.75, 1.25)  # noqa: S311 - spreads the retries, keeps no secret


@dataclass(frozen=True, slots=True)
class _Setback:
    """Why there is no answer yet, and when the server wants to be asked again."""

    what: str
    retry_after_s: float | None = None


def _host(base_url: str) -> str:
    """Raises InvalidRequest for what is no address of a service."""
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    is_port = url.port is None or url.port < 2**16
    if url.scheme not in ("http", "https") or not url.host or not is_port:
        raise InvalidRequest(
            f"base_url is {base_url!r}; expected an address such as http://127.0.0.1:8080/v1.", param="base_url"
        )
    return url.host


def _read_bounded(response: httpx2.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_REPLY_BYTES:
            raise PromptRefused(
                f"the endpoint's reply is longer than {MAX_REPLY_BYTES // 2**20} MB", code="endpoint_refused"
            )
    return bytes(content)


def _read_answer(content: bytes) -> Answer | _Setback:
    try:
        reply = json.loads(content)
        choice = reply["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return _Setback(f"answered 200 without a chat completion: {_shown(content)}")
    usage = reply.get("usage")
    n_tokens = usage.get("completion_tokens") if isinstance(usage, dict) else 0
    return Answer(
        text=text if isinstance(text, str) else "",
        was_cut=choice.get("finish_reason") == "length",
        n_tokens=n_tokens if isinstance(n_tokens, int) else 0,
    )


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """RFC 9110 10.2.3: seconds or a date; and OpenAI's milliseconds."""
    milliseconds, text = headers.get("retry-after-ms"), headers.get("retry-after")
    for number, unit_s in ((milliseconds, 0.001), (text, 1.0)):
        if number is not None and _SECONDS.fullmatch(number.strip()):
            return float(number) * unit_s
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text or "").timestamp() - time.time())
    except ValueError:  # neither a number nor a date: as if it had not been said
        return None


def _shown(content: bytes) -> str:
    text = " ".join(content[: 2 * _SHOWN].decode(errors="replace").split())
    return text[:_SHOWN] or "nothing"
