"""The HTTP client: finds the service and its key, and turns every failure into a sentence with what to do next."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import orjson

from tunesmith.cli.terminal import CommandFailed

DEFAULT_DATA_DIR = "~/.tunesmith"
DEFAULT_BASE_URL = "http://127.0.0.1:8790/v1"
TIMEOUT = httpx2.Timeout(600.0, connect=5.0)  # the first chat with a model waits for its engine to load
PAGE_SIZE = 100

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the service is and who we are. `base_url` ends in /v1, as in OpenAI's clients."""

    base_url: str
    api_key: str
    data_dir: Path

    def url(self, path: str) -> str:
        """OpenAI's routes lie under the base URL; ours, /tunesmith/..., beside it."""
        root = self.base_url.removesuffix("/v1") if path.startswith("/tunesmith/") else self.base_url
        return root + path

    @property
    def is_local(self) -> bool:
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")


def data_dir_from(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("TUNESMITH_DATA_DIR") or DEFAULT_DATA_DIR).expanduser()


def find_service(environ: Mapping[str, str] = os.environ, *, data_dir: Path | None = None) -> Connection:
    """TUNESMITH_BASE_URL and TUNESMITH_API_KEY; what is not set is read from the data folder of this machine's service.

    The data folder's key goes only to a service on this machine, never to another one.
    """
    folder = data_dir or data_dir_from(environ)
    given_url = environ.get("TUNESMITH_BASE_URL")
    base_url = given_url or _running_service(folder) or DEFAULT_BASE_URL
    api_key = environ.get("TUNESMITH_API_KEY") or environ.get("TUNESMITH_ADMIN_KEY")
    connection = Connection(base_url=base_url.rstrip("/"), api_key=api_key or "", data_dir=folder)
    if api_key:
        return connection
    if given_url and not connection.is_local:
        raise CommandFailed(
            f"TUNESMITH_BASE_URL is {given_url}, but there is no key for it.",
            hint="Set TUNESMITH_API_KEY to a key of that service; its owner makes one with: tunesmith keys create NAME",
        )
    return Connection(base_url=connection.base_url, api_key=_admin_key(folder), data_dir=folder)


def _running_service(folder: Path) -> str | None:
    """The address in `service.json`, which a running service keeps in its data folder."""
    path = folder / "service.json"
    if not path.is_file():
        return None
    try:
        return str(orjson.loads(path.read_bytes())["base_url"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as broken:
        raise CommandFailed(
            f"{path} is not readable: {broken}", hint="Restart the service; it writes the file again."
        ) from broken


def _admin_key(folder: Path) -> str:
    path = folder / "admin.key"
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise CommandFailed(
            f"No service was found: neither TUNESMITH_API_KEY nor {path} exists.",
            hint=_how_to_start(folder),
        ) from None
    except PermissionError:
        raise CommandFailed(
            f"{path} belongs to another user.", hint="Ask them for a key and set TUNESMITH_API_KEY to it."
        ) from None


def _how_to_start(folder: Path) -> str:
    option = "" if folder == Path(DEFAULT_DATA_DIR).expanduser() else f" --data-dir {folder}"
    return (
        f"Start one in another terminal: tunesmith serve{option}\n"
        "or point TUNESMITH_BASE_URL and TUNESMITH_API_KEY at a running one."
    )


class Client:
    """One service, spoken to in OpenAI's dialect. Raises CommandFailed for every failure a person can act on."""

    def __init__(self, connection: Connection, *, transport: httpx2.BaseTransport | None = None) -> None:
        self.connection = connection
        self._http = httpx2.Client(transport=transport, **_options(connection))

    @classmethod
    def from_environment(cls) -> Client:
        return cls(find_service())

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: object) -> Json:
        return self._json("GET", path, params={name: value for name, value in params.items() if value is not None})

    def post(self, path: str, body: Json | None = None) -> Json:
        return self._json("POST", path, json=body) if body is not None else self._json("POST", path)

    def delete(self, path: str) -> Json:
        return self._json("DELETE", path)

    def pages(self, path: str, *, limit: int, **params: object) -> list[Json]:
        """The newest `limit` things, following the cursor from page to page."""
        found: list[Json] = []
        after: str | None = None
        while len(found) < limit:
            page = self.get(path, after=after, limit=min(PAGE_SIZE, limit - len(found)), **params)
            found.extend(page["data"])
            if not page["data"] or not page.get("has_more"):
                break
            after = page["data"][-1]["id"]
        return found

    def upload(self, file: Path, *, purpose: str) -> Json:
        """Streams a file; nothing is held in memory. OSError if it cannot be read."""
        with file.open("rb") as content:
            return self._json("POST", "/files", data={"purpose": purpose}, files={"file": (file.name, content)})

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        with self._stream("GET", path) as response:
            yield response.iter_bytes()

    def chat_stream(self, body: Json) -> Iterator[Json]:
        """Chunks of a streamed chat completion, up to [DONE]."""
        with self._stream("POST", "/chat/completions", json={**body, "stream": True}) as response:
            for line in response.iter_lines():
                if not line.startswith("data:"):
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                chunk: Json = orjson.loads(data)
                if "error" in chunk:
                    raise CommandFailed(str(chunk["error"].get("message") or chunk["error"]))
                yield chunk
        raise CommandFailed(
            "The answer broke off: the service closed the connection.",
            hint="Look at the service's terminal, then ask again.",
        )

    def _json(self, method: str, path: str, **arguments: Any) -> Json:
        with _unreachable_explained(self.connection):
            response = self._http.request(method, self.connection.url(path), **arguments)
            response.read()
        return _answer(response, self.connection)

    @contextmanager
    def _stream(self, method: str, path: str, **arguments: Any) -> Iterator[httpx2.Response]:
        with (
            _unreachable_explained(self.connection),
            self._http.stream(method, self.connection.url(path), **arguments) as response,
        ):
            if response.is_error:
                response.read()
                _answer(response, self.connection)
            yield response


class AsyncChat:
    """Chat completions for many rows at once; the service decodes them together."""

    def __init__(self, connection: Connection, http: httpx2.AsyncClient, **sampling: object) -> None:
        self._connection = connection
        self._http = http
        self._sampling = sampling

    async def __call__(self, model: str, messages: Sequence[Mapping[str, str]]) -> str:
        body = {"model": model, "messages": list(messages), **self._sampling}
        with _unreachable_explained(self._connection):
            response = await self._http.post(self._connection.url("/chat/completions"), json=body)
        answer = _answer(response, self._connection)
        return str(answer["choices"][0]["message"]["content"] or "")


@asynccontextmanager
async def async_chat(connection: Connection, **sampling: object) -> AsyncIterator[AsyncChat]:
    async with httpx2.AsyncClient(**_options(connection)) as http:
        yield AsyncChat(connection, http, **sampling)


def quoted(name: str) -> str:
    """A model name or id as one path segment; the colons of `ft:...` stay, as in OpenAI's clients."""
    return quote(name, safe=":")


def _options(connection: Connection) -> dict[str, Any]:
    """A proxy set for the outside world must not catch requests to this machine."""
    return {
        "headers": {"authorization": f"Bearer {connection.api_key}", "user-agent": "tunesmith-cli"},
        "timeout": TIMEOUT,
        "trust_env": not connection.is_local,
    }


@contextmanager
def _unreachable_explained(connection: Connection) -> Iterator[None]:
    try:
        yield
    except httpx2.TimeoutException as slow:
        raise CommandFailed(
            f"The service at {connection.base_url} did not answer in time.",
            hint="Is the machine overloaded? Try again.",
        ) from slow
    except (httpx2.ConnectError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as gone:
        raise CommandFailed(
            f"No service answers at {connection.base_url} ({gone}).", hint=_how_to_start(connection.data_dir)
        ) from gone
    except httpx2.TransportError as broken:
        raise CommandFailed(
            f"The connection to {connection.base_url} broke off ({broken or type(broken).__name__}).",
            hint="If the service was restarted, run the command again.",
        ) from broken


def _answer(response: httpx2.Response, connection: Connection) -> Json:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if not response.is_error and isinstance(body, dict):
        return body
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("message"):
        raise CommandFailed(_worded(error), hint=_next_step(response, connection))
    raise CommandFailed(
        f"{connection.base_url} answered {response.status_code} without the JSON of this API.",
        hint="Does TUNESMITH_BASE_URL point at a Tunesmith service, with /v1 at the end?",
    )


def _worded(error: Json) -> str:
    param = error.get("param")
    message = str(error["message"])
    return f"{message} (field: {param})" if param and str(param) not in message else message


def _next_step(response: httpx2.Response, connection: Connection) -> str | None:
    if response.status_code == 401:
        return f"The key was not accepted by {connection.base_url}. Set TUNESMITH_API_KEY to one of its keys."
    if response.status_code == 403 and response.url.path.startswith("/tunesmith/"):
        return "Set TUNESMITH_API_KEY to the admin key: the content of admin.key in the service's data folder."
    return None
