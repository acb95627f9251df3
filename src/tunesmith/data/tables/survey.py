"""One look over a whole text file before it is read: how it is encoded, how its lines end, what is odd about it."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from tunesmith.data.tables.encodings import (
    Encoding,
    Reading,
    common_chinese,
    detect_utf16,
    first_undecodable,
    holds_utf8_cjk,
    is_chinese,
    is_utf8,
    is_utf32,
    looks_chinese,
    n_utf8_cjk,
    not_utf8_file,
    reading_as,
    refuse_binary,
    utf8_chunks,
)
from tunesmith.data.tables.json_text import parse_row
from tunesmith.data.tables.problems import file_note, refused
from tunesmith.data.tables.row import MAX_ROW_BYTES, Row
from tunesmith.findings import MAX_ROWS, Finding

Chunks = Callable[[int], Iterator[bytes]]
"""The bytes of the file from an offset."""

_HEAD_BYTES = 2**16
# So many bytes with Chinese or accents in them that are all UTF-8 are no accident. Decoding a gigabyte takes as long as
# linting a twentieth of it, and a line of JSON that is not UTF-8 is found when it is parsed.
_PROOF_BYTES = 32 * 2**20
# Western text has an accent here and there; text in another 8-bit alphabet is made of bytes over 0x7F.
_MOST_ACCENTS = 0.3
_MOST_CONTROLS = 0.1
_ASCII = bytes(range(128))
_PLAIN_TEXT = bytes(range(32, 256)) + b"\t\n\r\f\x1b"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found; `ends_lines_with_cr` is the way of old Macs, without any newline."""

    reading: Reading
    ends_lines_with_cr: bool
    notes: tuple[Finding, ...]


def survey(chunks: Chunks, *, name: str, encoding: Encoding | None) -> Survey:
    """Read the whole file once (twice or three times when it is not UTF-8). Raises InvalidFile for what is no text."""
    head = _head(chunks)
    marks = _Marks()
    notes: list[Finding] = []
    if encoding is not None:
        reading = reading_as(encoding, head)
        marks.watch_all(utf8_chunks(chunks(reading.skip), reading))
    else:
        _refuse_what_is_no_text(head, name)
        reading = detect_utf16(head) or _eight_bit_reading(chunks, head, name, marks, notes)
        if reading.codec != "utf-8" or reading.fallback:
            marks = _Marks()
            raw = chunks(reading.skip)
            # line ends are the same bytes in all but UTF-16
            marks.watch_all(utf8_chunks(raw, reading) if reading.encoding == "utf-16" else raw)
    notes = [*_encoding_notes(reading), *notes, *marks.notes()]
    return Survey(reading, marks.ends_lines_with_cr, tuple(notes))


def _head(chunks: Chunks) -> bytes:
    head = b""
    for chunk in chunks(0):
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head[:_HEAD_BYTES]


def _refuse_what_is_no_text(head: bytes, name: str) -> None:
    refuse_binary(head, name)
    if is_utf32(head):
        en = "the file is in UTF-32, expected UTF-8; save the file as UTF-8 and send it again"
        raise refused(name, "utf32", en, "文件是 UTF-32 编码，应为 UTF-8；请将文件另存为 UTF-8 后重新上传", line=1)
    if detect_utf16(head) is None and len(head.translate(None, _PLAIN_TEXT)) > _MOST_CONTROLS * len(head):
        en = "the file is not text but binary data; export it as .jsonl, .csv or .xlsx"
        raise refused(name, "not_text", en, "这不是文本，而是二进制数据；请导出为 .jsonl、.csv 或 .xlsx", line=1)


class _Marks:
    """Counts line ends while the chunks of UTF-8 text pass."""

    def __init__(self) -> None:
        self.n_newlines = self.n_returns = self.n_crlf = 0
        self._last = b""

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.n_newlines += chunk.count(b"\n")
            if b"\r" in chunk:
                self.n_returns += chunk.count(b"\r")
                self.n_crlf += chunk.count(b"\r\n")
            self.n_crlf += self._last == b"\r" and chunk[:1] == b"\n"
            self._last = chunk[-1:] or self._last
            yield chunk

    def watch_all(self, chunks: Iterable[bytes]) -> None:
        for _ in self.watch(chunks):
            pass

    @property
    def ends_lines_with_cr(self) -> bool:
        return self.n_newlines == 0 and self.n_returns > 0

    def notes(self) -> Iterator[Finding]:
        if not self._last:
            yield file_note("empty_file", "error", "the file is empty", "文件是空的", fix=None)
            return
        n_lf = self.n_newlines - self.n_crlf
        if self.ends_lines_with_cr:
            en = "lines end with CR alone, as on old Macs; read as line ends"
            yield file_note("cr_line_ends", "info", en, "行尾只有 CR（旧版 Mac 的格式），已按换行处理")
        elif self.n_crlf and n_lf:
            en = f"line ends are mixed: {self.n_crlf} are CR-LF (Windows), {n_lf} are LF"
            zh = f"换行符不一致：{self.n_crlf} 处为 CRLF（Windows），{n_lf} 处为 LF"
            yield file_note("mixed_line_ends", "info", en, zh, n_crlf=self.n_crlf, n_lf=n_lf)
        elif self.n_crlf:
            yield crlf_note(self.n_crlf)
        if self._last not in (b"\n", b"\r"):
            en = "the last line has no newline at its end"
            yield file_note("no_final_newline", "info", en, "最后一行末尾没有换行符")


def crlf_note(n_crlf: int) -> Finding:
    """That lines end as on Windows."""
    en, zh = "lines end with CR-LF, as on Windows", "行尾是 CRLF（Windows 格式）"
    return file_note("crlf", "info", en, zh, n_crlf=n_crlf)


def _encoding_notes(reading: Reading) -> Iterator[Finding]:
    texts = {
        "utf-8-sig": (
            "utf8_bom",
            "the file starts with a byte order mark (BOM), which many programs stumble over; it was skipped",
            "文件开头有 BOM 标记，很多程序会因此出错；读取时已跳过",
        ),
        "utf-16": (
            "read_as_utf16",
            'the file is in UTF-16 ("Unicode" in Windows), not UTF-8; it was read as such',
            "文件是 UTF-16 编码（Windows 中的“Unicode”），不是 UTF-8；已按 UTF-16 读取",
        ),
        "gb18030": (
            "read_as_gb18030",
            "the file is not UTF-8; it was read as GB18030 (GBK)",
            "文件不是 UTF-8 编码；已按 GB18030（GBK）读取",
        ),
        "cp1252": (
            "read_as_cp1252",
            "the file is not UTF-8; it was read as Windows-1252 (Latin-1)",
            "文件不是 UTF-8 编码；已按 Windows-1252（Latin-1）读取",
        ),
    }
    if reading.encoding in texts:
        code, en, zh = texts[reading.encoding]
        yield file_note(code, "info", en, zh)


def _eight_bit_reading(chunks: Chunks, head: bytes, name: str, marks: _Marks, notes: list[Finding]) -> Reading:
    skip = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    encoding: Encoding = "utf-8-sig" if skip else "utf-8"
    watched = marks.watch(chunks(skip))
    bad_byte_at = first_undecodable(_proof(watched) if _is_jsonl(head[skip:]) else watched, "utf-8")
    if bad_byte_at is None:
        return Reading(encoding, "utf-8", skip)
    if is_chinese(chunks) and not any(is_utf8(line) and holds_utf8_cjk(line) for _, line in _wide_lines(chunks(skip))):
        return Reading("gb18030", "gb18030")
    lines = _Lines()
    for number, line in _wide_lines(chunks(skip)):
        lines.see(number, line)
    other = lines.other_encoding()
    n_utf8 = lines.n_cjk if other == "gb18030" else lines.n_utf8
    if other is None:
        if lines.n_bad > n_utf8 + lines.n_damaged or not (lines.n_bad or lines.n_damaged):
            raise not_utf8_file(name, chunks(0), bad_byte_at + skip)
        return Reading(encoding, "utf-8", skip, "?")
    if n_utf8 >= lines.n_bad:
        notes.append(_mixed(other, lines.bad, lines.n_bad))
        return Reading(encoding, "utf-8", skip, other)
    if n_utf8:
        notes.append(_mixed("utf-8", lines.cjk if other == "gb18030" else lines.utf8, n_utf8))
    is_pure = not n_utf8 and not lines.n_damaged and lines.n_read_as(other) == lines.n_bad
    return Reading(other, other, skip, "" if is_pure else "?")


def _is_jsonl(head: bytes) -> bool:
    """Whether the first line is an object: then every line is parsed for itself, and refused for itself."""
    line, end, _ = head.partition(b"\n")
    return bool(end) and isinstance(parse_row(1, line), Row) and line.lstrip().startswith(b"{")


def _proof(watched: Iterator[bytes]) -> Iterator[bytes]:
    """So much of the text, up to a line end, that it is UTF-8 if this part is; all of it passes the watcher."""
    n_wide_bytes = 0
    for chunk in watched:
        n_wide_bytes += 0 if chunk.isascii() else len(chunk)
        if n_wide_bytes < _PROOF_BYTES or b"\n" not in chunk:
            yield chunk
            continue
        yield chunk[: chunk.rindex(b"\n")]
        for _ in watched:
            pass


def _wide_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in _lines(chunks) if not line.isascii())


def _mixed(other: str, rows: list[int], count: int) -> Finding:
    shown = {"utf-8": "UTF-8", "gb18030": "GB18030 (GBK)", "cp1252": "Windows-1252"}[other]
    where = ", ".join(map(str, rows[:5])) + (", ..." if count > 5 else "")
    where_zh = "、".join(map(str, rows[:5])) + (" 等" if count > 5 else "")
    plural = "lines" if count > 1 else "line"
    return file_note(
        "mixed_encodings",
        "warning",
        f"{plural} {where}: in {shown}, unlike the rest of the file; read as such, look whether the text is right",
        f"第 {where_zh} 行的编码是 {shown}，与文件其余部分不同；已按该编码读取，请检查文字是否正确",
        rows=rows,
        count=count,
        encoding=other,
    )


@dataclass(slots=True)
class _Lines:
    """Lines with bytes over 0x7F, by what they can be read as; those that are no UTF-8 are `bad`.

    `cjk` is UTF-8 that holds Chinese; `n_damaged` are those that are UTF-8 but for a few bytes.
    """

    n_utf8: int = 0
    n_cjk: int = 0
    n_bad: int = 0
    n_damaged: int = 0
    n_gb18030: int = 0
    n_cp1252: int = 0
    n_common: int = 0
    n_wide: int = 0
    n_bytes: int = 0
    n_high: int = 0
    bad: list[int] = field(default_factory=list)
    utf8: list[int] = field(default_factory=list)
    cjk: list[int] = field(default_factory=list)

    def see(self, number: int, line: bytes) -> None:
        if is_utf8(line):
            self.n_utf8 += 1
            _note(self.utf8, number)
            if holds_utf8_cjk(line):
                self.n_cjk += 1
                _note(self.cjk, number)
        elif _is_damaged_utf8(line):
            self.n_damaged += 1
        else:
            self._see_bad(number, line)

    def _see_bad(self, number: int, line: bytes) -> None:
        self.n_bad += 1
        _note(self.bad, number)
        text = _decode(line, "gb18030")
        if text is not None:
            common, wide = common_chinese(text)
            self.n_common += common
            self.n_wide += wide
            self.n_gb18030 += 1
        self.n_cp1252 += _decode(line, "cp1252") is not None
        self.n_bytes += len(line)
        self.n_high += len(line.translate(None, _ASCII))

    def other_encoding(self) -> Literal["gb18030", "cp1252"] | None:
        """What the bad lines are in."""
        if 2 * self.n_gb18030 >= self.n_bad > 0 and looks_chinese(self.n_common, self.n_wide):
            return "gb18030"
        if 2 * self.n_cp1252 >= self.n_bad > 0 and self.n_high <= _MOST_ACCENTS * self.n_bytes:
            return "cp1252"
        return None

    def n_read_as(self, encoding: Encoding) -> int:
        return self.n_gb18030 if encoding == "gb18030" else self.n_cp1252


def _note(rows: list[int], number: int) -> None:
    if len(rows) < MAX_ROWS:
        rows.append(number)


def _decode(line: bytes, codec: str) -> str | None:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_damaged_utf8(line: bytes) -> bool:
    """Whether most of what is not ASCII reads well as UTF-8: a cut-off or broken line, not another encoding."""
    n_high = len(line.translate(None, _ASCII))
    return 2 * 3 * n_utf8_cjk(line) > n_high


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; of one over the limit, which no reader takes, only pieces."""
    number, rest = 1, b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from enumerate(lines, number)
        number += len(lines)
        if len(rest) > MAX_ROW_BYTES:
            rest = b""
    yield number, rest
