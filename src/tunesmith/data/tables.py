"""Bytes become numbered rows: JSON lines or a JSON array, in UTF-8 (with or without BOM) or GB18030.

Everything streams: no more than one row and one chunk of the file are in memory at a time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

Encoding = Literal["utf-8", "utf-8-sig", "gb18030"]

# The longest context of any model trained here (131,072 tokens) is about half a megabyte of text; thirty times that
# is a file without line ends, not an example.
MAX_ROW_BYTES = 16 * 2**20

# Tool schemas nest perhaps twenty levels; what walks the rows later should not have to think of a thousand.
MAX_DEPTH = 128

_CHUNK_BYTES = 2**20
_ENOUGH_CHARS = 100_000  # to tell Chinese from noise
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UTF16_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"%PDF": "a PDF document",
}
_SAVE_AS_UTF8 = "save the file as UTF-8 and send it again"


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON value of the file; `line` is where it starts, counted from 1."""

    line: int
    value: Any


def detect_encoding(path: Path, *, name: str) -> Encoding:
    """Read the whole file once and say how its text is encoded.

    Raises InvalidFile, with the line, for UTF-16, NUL bytes, binary files and bytes that are neither UTF-8 nor Chinese.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    for signature, kind in _BINARY_SIGNATURES.items():
        if head.startswith(signature):
            raise _refused(name, "not_text", f"the file is {kind}, expected JSON lines; export it as .jsonl", line=1)
    if head.startswith(_UTF16_BOMS) or head[1:2] == b"\0" or head[:1] == b"\0":
        raise _refused(name, "utf16", f"the file is in UTF-16 or UTF-32, expected UTF-8; {_SAVE_AS_UTF8}", line=1)
    _refuse_nul(path, name)
    bad_byte_at = _first_undecodable(path, "utf-8")
    if bad_byte_at is None:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if _is_chinese(path):
        return "gb18030"
    raise _not_utf8(path, name, bad_byte_at)


def _refuse_nul(path: Path, name: str) -> None:
    line = 1
    for chunk in _read_chunks(path):
        at = chunk.find(b"\0")
        if at >= 0:
            line += chunk.count(b"\n", 0, at)
            message = f"line {line}: NUL byte in the text; remove it, or {_SAVE_AS_UTF8} if it was UTF-16"
            raise _refused(name, "nul_byte", message, line=line)
        line += chunk.count(b"\n")


def _first_undecodable(path: Path, encoding: str) -> int | None:
    """Offset of the first byte that `encoding` cannot decode, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    consumed = 0
    for chunk in _read_chunks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return consumed - pending + error.start
        consumed += len(chunk)
    pending = len(decoder.getstate()[0])
    return consumed - pending if pending else None


def _is_chinese(path: Path) -> bool:
    """Whether the bytes decode as GB18030 into everyday characters.

    Most byte strings decode as GB18030, so success alone says little: French in Latin-1 turns into rare characters
    outside GB2312, while real Chinese text is nearly all inside it.
    """
    if _first_undecodable(path, "gb18030") is not None:
        return False
    n_wide = n_common = 0
    for chunk in _utf8_chunks(path, "gb18030"):
        wide = "".join(_NOT_ASCII.findall(chunk.decode()))
        n_wide += len(wide)
        n_common += len(wide.encode("gb2312", errors="ignore")) // 2
        if n_wide > _ENOUGH_CHARS:
            break
    return n_common >= 0.6 * n_wide


def _not_utf8(path: Path, name: str, offset: int) -> InvalidFile:
    line = 1
    with path.open("rb") as stream:
        remaining = offset
        while remaining > 0 and (chunk := stream.read(min(remaining, _CHUNK_BYTES))):
            line += chunk.count(b"\n")
            remaining -= len(chunk)
        stream.seek(offset)
        found = stream.read(3)
    if re.match(rb"\xed[\xa0-\xbf]", found):
        message = f"line {line}: half of a surrogate pair instead of a character (byte {offset}); {_SAVE_AS_UTF8}"
        return _refused(name, "lone_surrogate", message, line=line)
    message = f"line {line}: byte 0x{found[0]:02X} (byte {offset} of the file) is not UTF-8; {_SAVE_AS_UTF8}"
    return _refused(name, "not_utf8", message, line=line)


def _refused(name: str, code: str, message: str, *, line: int) -> InvalidFile:
    return InvalidFile(f"{name}: {message}", findings=[Finding(code, "error", message, line=line)])


def _read_chunks(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(start)
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _utf8_chunks(path: Path, encoding: Encoding) -> Iterator[bytes]:
    """The file's text as UTF-8 without BOM; `encoding` is what `detect_encoding` answered."""
    if encoding == "gb18030":
        decoder = codecs.getincrementaldecoder(encoding)()
        for chunk in _read_chunks(path):
            yield decoder.decode(chunk).encode()
        return
    yield from _read_chunks(path, start=len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)


def is_array(path: Path, encoding: Encoding) -> bool:
    """Whether the file is one JSON array: its first character is [."""
    for chunk in _utf8_chunks(path, encoding):
        if start := chunk.lstrip()[:1]:
            return start == b"["
    return False


def read_lines(path: Path, encoding: Encoding, *, name: str) -> Iterator[tuple[int, bytes]]:
    """(line number, UTF-8 text) of every line that is not blank; raises InvalidFile at a line over MAX_ROW_BYTES."""
    line = 0
    rest = b""
    for chunk in _utf8_chunks(path, encoding):
        *whole, rest = (rest + chunk).split(b"\n")
        for text in whole:
            line += 1
            _check_size(text, name, line)
            if text := text.strip():
                yield line, text
        _check_size(rest, name, line + 1)
    if rest := rest.strip():
        yield line + 1, rest


def read_elements(path: Path, encoding: Encoding, *, name: str) -> Iterator[tuple[int, bytes]]:
    """(line number, UTF-8 text) of every element of a file that is one JSON array.

    Raises InvalidFile at an element over MAX_ROW_BYTES, at an array that never closes and at text after it.
    """
    splitter = _ArraySplitter(name)
    for chunk in _utf8_chunks(path, encoding):
        yield from splitter.split(chunk)
    splitter.close()


_IN_STRING = re.compile(rb'["\\]')
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_BETWEEN_STRINGS = re.compile(rb'["\[\]{},]')


class _ArraySplitter:
    """Cuts a JSON array at its top-level commas, chunk by chunk, without parsing what lies between."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 1
        self._depth = 0
        self._in_string = False
        self._skip = 0
        self._pending = b""
        self._closed = False

    def split(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        at, start = self._skip, 0
        while match := (_IN_STRING if self._in_string else _BETWEEN_STRINGS).search(chunk, at):
            at = match.end()
            mark = match.group()
            if self._in_string:
                if mark == b"\\":
                    at += 1
                else:
                    self._in_string = False
            elif mark == b'"':
                self._in_string = True
            elif mark in b"[{":
                self._depth += 1
                if self._depth == 1:
                    self._line += chunk.count(b"\n", start, at)
                    start = at
            else:
                self._depth -= mark in b"]}"
                if self._depth == 0 or (self._depth == 1 and mark == b","):
                    yield from self._element(chunk[start : match.start()], is_last=self._depth == 0)
                    start = at
        self._skip = max(0, at - len(chunk))
        self._pending += chunk[start:]
        if self._closed and self._pending.strip():
            raise self._text_after_the_end(self._pending)
        _check_size(self._pending, self._name, self._line)

    def _element(self, text: bytes, *, is_last: bool) -> Iterator[tuple[int, bytes]]:
        if self._closed:
            raise self._text_after_the_end(text)
        text = self._pending + text
        self._pending = b""
        line = self._line + text[: len(text) - len(text.lstrip())].count(b"\n")
        self._line += text.count(b"\n")
        self._closed = is_last
        _check_size(text, self._name, line)
        # nothing between the last comma and the bracket: an empty array, or a trailing comma that harms nobody
        if text.strip() or not is_last:
            yield line, text.strip()

    def _text_after_the_end(self, text: bytes) -> InvalidFile:
        message = f"line {self._line}: {_shown(text.strip())} after the end of the JSON array; a file holds one array"
        return _refused(self._name, "text_after_array", message, line=self._line)

    def close(self) -> None:
        if not self._closed:
            line = self._line + self._pending.rstrip().count(b"\n")
            message = f"line {line}: the JSON array has no closing ]; the file may have been cut off"
            raise _refused(self._name, "array_not_closed", message, line=line)


def _check_size(text: bytes, name: str, line: int) -> None:
    if len(text) > MAX_ROW_BYTES:
        message = (
            f"line {line}: a row of more than {MAX_ROW_BYTES // 2**20} MB, the limit for one example;"
            " put every example on its own line, or shorten it"
        )
        raise _refused(name, "row_too_large", message, line=line)


def parse_row(line: int, text: bytes) -> Row | Finding:
    """The JSON value in `text`, or the finding that says why it is not JSON, or not text."""
    if _depth(text) > MAX_DEPTH:
        message = f"line {line}: nested more than {MAX_DEPTH} levels deep; an example needs only a few"
        return Finding("too_deep", "error", message, line=line)
    try:
        value = orjson.loads(text)
        if b"\\u0000" in text and _holds_nul(value):
            message = f"line {line}: NUL character (\\u0000) in a text; remove it"
            return Finding("nul_character", "error", message, line=line)
        return Row(line, value)
    except orjson.JSONDecodeError as error:
        code, what = _explain(text, error)
        return Finding(code, "error", f"line {line}: {what}", line=line, facts={"column": error.colno})


def _depth(text: bytes) -> int:
    """How deep brackets nest; counted only where there are enough of them to matter."""
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"]", b"}"):
            depth -= 1
    return deepest


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_holds_nul(part) for part in value)
    return isinstance(value, str) and "\0" in value


def _explain(text: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    if match := re.search(rb"[:\[,]\s*(NaN|-?Infinity)\b", text):
        number = match.group(1).decode()
        return "not_a_number", f"{number} is not a JSON number; write null or a real number"
    if "surrogate" in error.msg:
        return (
            "lone_surrogate",
            "half of a surrogate pair (like \\ud83d alone) is not a character; write the whole pair",
        )
    if text.startswith(b"{'"):
        return "invalid_json", "single quotes are not JSON (this looks like a Python dict); write double quotes"
    if text.startswith(b"[") and not text.endswith(b"]"):
        return "array", "the start of a JSON array; write every object of it on its own line"
    if text.startswith(b"{") and not text.endswith(b"}"):
        return "object_over_lines", f"{_shown(text)} is not a whole JSON object; write every example on one line"
    return (
        "invalid_json",
        f"not valid JSON at column {error.colno}: {error.msg} (found {_shown(text, error.colno - 1)})",
    )


def _shown(text: bytes, start: int = 0, length: int = 24) -> str:
    # orjson's column counts characters, so the cut is made after decoding
    shown = text.decode(errors="replace")[max(0, start - length // 2) :]
    return f'"{shown[:length]}{"..." if len(shown) > length else ""}"'
