"""A chat endpoint in a thread, which answers, fails, dawdles or babbles as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What goes back for one request. `torn` announces more bytes than it sends; `raw` replaces the completion."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    raw: bytes | None = None
    torn: bool = False
    finish_reason: str = "stop"


Script = Callable[[int, dict[str, Any]], Reply]
"""From the number of the request (from 0) and its body."""


class FakeEndpoint:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with endpoint._lock:
                    number = len(endpoint.bodies)
                    endpoint.bodies.append(body)
                    endpoint.keys.append(self.headers.get("authorization"))
                reply = endpoint.script(number, body)
                time.sleep(reply.after_s)
                content = reply.raw if reply.raw is not None else completion(reply.text, reply.finish_reason)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content) + 100 * reply.torn))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = reply.torn

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def completion(text: str, finish_reason: str = "stop") -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": {"completion_tokens": 7}}).encode()


@contextmanager
def serving(script: Script) -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint(script)
    try:
        yield endpoint
    finally:
        endpoint.close()
