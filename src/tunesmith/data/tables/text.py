"""The text of a file as numbered lines of UTF-8, whatever it is on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tunesmith.data.tables.encodings import Encoding, Reading, utf8_chunks
from tunesmith.data.tables.packed import read_chunks
from tunesmith.data.tables.row import MAX_ROW_BYTES, too_large
from tunesmith.data.tables.survey import survey
from tunesmith.findings import Finding

_LONG_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Text:
    """A text file and how to read it; picklable, nothing is kept open."""

    path: Path
    name: str
    is_compressed: bool
    reading: Reading
    ends_lines_with_cr: bool = False

    @property
    def is_as_it_lies(self) -> bool:
        """Whether the bytes of the file, after a byte order mark, are the text itself."""
        is_utf8 = self.reading.codec == "utf-8" and not self.reading.fallback
        return is_utf8 and not self.is_compressed and not self.ends_lines_with_cr

    def chunks(self, chunk_bytes: int | None = None) -> Iterator[bytes]:
        """The text as UTF-8 in pieces of about this size; lines end with \\n or \\r\\n."""
        raw = read_chunks(
            self.path,
            name=self.name,
            is_compressed=self.is_compressed,
            start=self.reading.skip,
            chunk_bytes=chunk_bytes,
        )
        text = utf8_chunks(raw, self.reading)
        return (chunk.replace(b"\r", b"\n") for chunk in text) if self.ends_lines_with_cr else text

    def blocks(self, block_bytes: int | None = None) -> Iterator[tuple[int, bytes | Finding]]:
        """(number of the first line, whole lines); a line over MAX_ROW_BYTES is a finding and never in memory."""
        line, rest, is_skipping = 1, b"", False
        for chunk in self.chunks(block_bytes):
            cut = chunk.rfind(b"\n") + 1
            if is_skipping and cut:
                end = chunk.index(b"\n") + 1
                yield line, too_large(line)
                line += 1
                chunk, cut, is_skipping = chunk[end:], cut - end, False
            if is_skipping:
                continue
            if cut and len(rest) > _LONG_BYTES:  # alone, so that nobody has to copy it to set it apart
                end = chunk.index(b"\n") + 1
                block, rest = rest + chunk[:end], b""
                yield line, block
                line += 1
                chunk, cut = chunk[end:], cut - end
            if cut:
                block = rest + chunk[:cut]
                rest = chunk[cut:]
                yield line, block
                line += block.count(b"\n")
            else:
                rest += chunk
            if len(rest) > MAX_ROW_BYTES:
                rest, is_skipping = b"", True
        if is_skipping:
            yield line, too_large(line)
        elif rest:
            yield line, rest

    def lines(self) -> Iterator[tuple[int, bytes | Finding]]:
        """(line number, line without its \\n) of every line; a finding instead of one over MAX_ROW_BYTES."""
        for first, block in self.blocks():
            if isinstance(block, Finding):
                yield first, block
                continue
            lines = block.split(b"\n")
            if not lines[-1]:
                lines.pop()
            yield from enumerate(lines, first)

    def head(self, n_bytes: int = 2**18) -> bytes:
        """The first so many bytes of the text, or all of it."""
        head = b""
        for chunk in self.chunks():
            head += chunk
            if len(head) >= n_bytes:
                break
        return head[:n_bytes]


def open_text(
    path: Path, *, name: str, is_compressed: bool, encoding: Encoding | None
) -> tuple[Text, tuple[Finding, ...]]:
    """Look over the whole file and say how to read it, and what was odd. Raises InvalidFile for what is no text."""
    chunks = partial(_from, path, name, is_compressed)
    found = survey(chunks, name=name, encoding=encoding)
    return Text(path, name, is_compressed, found.reading, found.ends_lines_with_cr), found.notes


def _from(path: Path, name: str, is_compressed: bool, start: int) -> Iterator[bytes]:
    return read_chunks(path, name=name, is_compressed=is_compressed, start=start)
