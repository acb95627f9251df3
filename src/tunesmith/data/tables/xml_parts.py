"""The XML inside an Excel workbook, read as a stream of events; entities and anything outsized are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Protocol

from defusedxml.ElementTree import DefusedXMLParser

_CHUNK_BYTES = 2**16
# expat holds a tag until its end; none of a workbook's is as long as this.
_MOST_QUIET_BYTES = 2**21
_MOST_DEPTH = 64
_MOST_TAGS = 1000


class OutsizedXml(Exception):
    """XML that is not a workbook's but made to fill the memory."""


class Listener(Protocol):
    """Hears of elements by their local names; `ends` gets the text directly inside where `wants` said so."""

    text_limit: int
    wants: frozenset[str]

    def starts(self, tag: str, attributes: dict[str, str]) -> None: ...
    def ends(self, tag: str, text: str | None) -> None:
        """`text` is None for an element that is not wanted or whose text is over `text_limit` characters."""


class _Target:
    """Between the parser and a listener: local names, collected text, limits."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._local: dict[str, str] = {}
        self._depth = 0
        self._pieces: list[str] | None = None
        self._n_chars = 0
        self.n_quiet_bytes = 0

    def _name(self, tag: str) -> str:
        name = self._local.get(tag)
        if name is None:
            if len(self._local) >= _MOST_TAGS:
                raise OutsizedXml("too many different tags")
            name = self._local[tag] = tag.rpartition("}")[2]
        return name

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.n_quiet_bytes = 0
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise OutsizedXml("nested too deep")
        name = self._name(tag)
        self._pieces = [] if name in self._listener.wants else None
        self._n_chars = 0
        self._listener.starts(name, attributes)

    def data(self, text: str) -> None:
        self.n_quiet_bytes = 0
        if self._pieces is not None:
            self._n_chars += len(text)
            if self._n_chars <= self._listener.text_limit:
                self._pieces.append(text)

    def end(self, tag: str) -> None:
        self.n_quiet_bytes = 0
        self._depth -= 1
        is_whole = self._pieces is not None and self._n_chars <= self._listener.text_limit
        text = "".join(self._pieces or ()) if is_whole else None
        self._pieces = None
        self._listener.ends(self._name(tag), text)

    def close(self) -> None: ...


def listen(stream: IO[bytes], listener: Listener) -> Iterator[None]:
    """Feed the whole stream to the listener, pausing after every chunk.

    Raises OutsizedXml, defusedxml's exceptions for entities, and ParseError.
    """
    target = _Target(listener)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    while chunk := stream.read(_CHUNK_BYTES):
        target.n_quiet_bytes += len(chunk)
        if target.n_quiet_bytes > _MOST_QUIET_BYTES:
            raise OutsizedXml("a tag without end")
        parser.feed(chunk)
        yield
    parser.close()
    yield
