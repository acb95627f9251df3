"""Cuts text into JSON values without parsing them: the elements of an array, or objects one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from tunesmith.data.tables.json_text import too_deep, too_many_values
from tunesmith.data.tables.problems import row_problem
from tunesmith.data.tables.row import MAX_ROW_BYTES, MAX_VALUES, too_large
from tunesmith.findings import Finding

Value = tuple[int, "bytes | Finding"]

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:' + _STRING + rb'[^"\[\]{}]*+)*+([\[\]{}])', re.DOTALL)
_SCALAR = re.compile(_STRING + rb'|[^\s,\[\]{}"]+', re.DOTALL)
_SPACE = re.compile(rb"[\s,]*")
_LINE_WITH_OBJECT = re.compile(rb"\n[ \t]*\{")

# Each may mean that megabytes are looked through again.
_MOST_RECOVERIES = 100
_MOST_INDENT = 200
# Deeper than any row that is read; then it is only a matter of saying so.
_MOST_DEPTH = 10_000


class JsonValues:
    """The values in a stream of UTF-8 chunks, in bounded memory.

    A value that is not closed, or that swallowed the next one because of a stray quote, is cut off where the next
    line starts as it did; so one broken row of a pretty-printed file does not cost the others. Elements that stand on
    one line, as most programs write an array, are numbered instead: "line 1" of all of them would tell nothing.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._text = b""
        self._at = 0
        self._line = 1
        self._n_elements = 0
        self._is_numbered = False
        self._is_at_end = False
        self._indent = b""
        self._n_recoveries = 0
        self._has_given_up = self._is_inside_object = False

    @property
    def _place(self) -> int:
        return self._n_elements if self._is_numbered else self._line

    def elements(self) -> Iterator[Value]:
        """(line, text) of every element of the array that the text is; last a finding when it is not closed."""
        self._skip_space()
        self._advance(self._at + 1)  # the bracket
        first_line = 0
        while self._skip_space():
            mark = self._text[self._at : self._at + 1]
            if mark in (b"]", b"}"):
                self._advance(self._at + 1)
                yield from self._after_the_end()
                return
            self._n_elements += 1
            if self._n_elements == 2:
                self._is_numbered = self._line == first_line
            first_line = first_line or self._line
            yield self._value(mark)
        if not self._has_given_up:
            yield self._place, _not_closed(self._place)

    def elements_under(self, key: str) -> Iterator[Value]:
        """(line, text) of every element of the array under this key of the one object that the text is."""
        self._skip_space()
        self._advance(self._at + 1)
        while self._skip_space() and self._text[self._at : self._at + 1] == b'"':
            _, found = self._value(b'"')
            self._skip_space()
            self._advance(self._at + 1)  # the colon
            self._skip_space()
            mark = self._text[self._at : self._at + 1]
            if mark == b"[" and isinstance(found, bytes) and found == orjson.dumps(key):
                self._is_inside_object = True
                yield from self.elements()
                return
            line, other = self._value(mark)
            if isinstance(other, Finding):
                yield line, other
                return

    def objects(self) -> Iterator[Value]:
        """(line, text) of every value; text that is no part of one is a finding."""
        while self._skip_space():
            mark = self._text[self._at : self._at + 1]
            yield self._value(mark) if mark in (b"{", b"[") else self._stray()

    def _after_the_end(self) -> Iterator[Value]:
        if self._skip_space() and not self._is_inside_object:
            shown = self._text[self._at : self._at + 24].decode(errors="replace")
            en = f'"{shown}..." after the end of the JSON array; a file holds one array'
            zh = f"JSON 数组结束后还有“{shown}…”；一个文件只能有一个数组"
            yield self._place, row_problem("text_after_array", self._place, en, zh)

    def _skip_space(self) -> bool:
        """Go to the next value, over spaces and commas; False at the end of the text."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._advance(match.end() if match else self._at)
            if self._at < len(self._text):
                return True
            if not self._read_more():
                return False

    def _advance(self, end: int) -> bytes:
        passed = self._text[self._at : end]
        self._line += passed.count(b"\n")
        self._at = end
        return passed

    def _read_more(self) -> bool:
        """Double what is in memory, so that looking again from the start of a value costs little."""
        rest = self._text[self._at :]
        self._text = b""
        pieces, n_more = [rest], 0
        while n_more <= min(len(rest), MAX_ROW_BYTES - len(rest)):
            chunk = next(self._chunks, b"")
            if not chunk:
                self._is_at_end = True
                break
            pieces.append(chunk)
            n_more += len(chunk)
        self._text, self._at = b"".join(pieces), 0
        return n_more > 0

    def _value(self, mark: bytes) -> Value:
        line = self._place
        line_start = self._text.rfind(b"\n", max(0, self._at - _MOST_INDENT), self._at) + 1
        self._indent = self._text[line_start : self._at] if mark == b"{" and line_start else b"?"
        while True:
            end = self._end_of_value(mark)
            if isinstance(end, int) and (end < len(self._text) or mark in b"[{" or self._is_at_end):
                break
            if isinstance(end, Finding) or len(self._text) - self._at > MAX_ROW_BYTES or not self._read_more():
                return line, self._recover(line, end)
        text = self._text[self._at : end]
        if len(text) > MAX_ROW_BYTES:
            self._advance(end)
            return line, too_large(line)
        return line, self._advance(self._without_the_next(text))

    def _end_of_value(self, mark: bytes) -> int | Finding | None:
        """Where the value ends; None when that is not in memory, a finding for one made to take for ever."""
        if mark not in b"[{":
            match = _SCALAR.match(self._text, self._at)
            if match is None:  # a string that is not closed, or a bracket that closes nothing
                return None if mark == b'"' else self._at + 1
            return match.end()
        depth, at, n_brackets = 0, self._at, 0
        while match := _TO_BRACKET.match(self._text, at):
            at = match.end()
            depth += 1 if match[1] in b"[{" else -1
            n_brackets += 1
            if depth == 0:
                return at
            if depth > _MOST_DEPTH:
                return too_deep(self._place)
            if n_brackets > 2 * MAX_VALUES:
                return too_many_values(self._place)
        return None

    def _without_the_next(self, text: bytes) -> int:
        """Where the value ends; earlier than it seems when a stray quote made it swallow what follows."""
        end = self._at + len(text)
        at = self._next_start(self._at + 1, end)
        if at is None or self._n_recoveries >= _MOST_RECOVERIES or _is_json(text):
            return end
        self._n_recoveries += 1
        return at

    def _next_start(self, start: int, end: int) -> int | None:
        """Where between the two a line begins as the line of this value does."""
        if self._indent.strip():
            return None
        at = self._text.find(b"\n" + self._indent + b"{", start, end)
        return None if at < 0 else at + 1

    def _recover(self, line: int, why: int | Finding | None) -> bytes | Finding:
        """The value that has no end: up to the next one, or all that is left."""
        at = self._next_start(self._at + 1, len(self._text))
        self._n_recoveries += 1
        if at is not None and self._n_recoveries < _MOST_RECOVERIES:
            broken = self._advance(at)
            if isinstance(why, Finding):
                return why
            return too_large(line) if len(broken) > MAX_ROW_BYTES else broken
        is_too_large = self._has_given_up = len(self._text) - self._at > MAX_ROW_BYTES
        while self._advance(len(self._text)) or not self._is_at_end:
            self._read_more()
        if isinstance(why, Finding):
            return why
        return too_large(line) if is_too_large else _cut_off(line)

    def _stray(self) -> Value:
        """Text that belongs to no value, up to the next line that opens an object."""
        line = self._line
        shown = self._text[self._at : self._at + 24].decode(errors="replace")
        while True:
            match = _LINE_WITH_OBJECT.search(self._text, self._at)
            if match:
                self._advance(match.end() - 1)
                break
            self._advance(max(self._at, len(self._text) - 64))
            if not self._read_more():
                self._advance(len(self._text))
                break
        en = f'"{shown}..." is no part of a JSON object; was the beginning of the row cut off?'
        return line, row_problem(
            "text_between_rows", line, en, f"“{shown}…”不属于任何 JSON 对象；这条样本的开头是否被截断？"
        )


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _not_closed(line: int) -> Finding:
    en = "the JSON array has no closing ]; the file may have been cut off"
    return row_problem("array_not_closed", line, en, "JSON 数组没有结尾的 ]；文件可能被截断")


def _cut_off(line: int) -> Finding:
    en = "the JSON value that starts here is never closed; the file may have been cut off, or a quote is missing"
    return row_problem("value_not_closed", line, en, "从这里开始的 JSON 没有结束；文件可能被截断，或缺少引号")
