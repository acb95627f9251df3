"""How the text of a file is encoded, and the same text as UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tunesmith.data.tables import packed
from tunesmith.data.tables.packed import read_chunks
from tunesmith.data.tables.problems import refused
from tunesmith.data.tables.row import MAX_ROW_BYTES
from tunesmith.errors import InvalidFile, InvalidRequest

Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"]
Codec = Literal["utf-8", "utf-16-le", "utf-16-be", "gb18030", "cp1252"]

_ALIASES: dict[str, Encoding] = {
    **{"utf8": "utf-8", "ascii": "utf-8", "utf-8-bom": "utf-8-sig", "utf8-sig": "utf-8-sig"},
    **{"utf16": "utf-16", "utf-16-le": "utf-16", "utf-16-be": "utf-16", "unicode": "utf-16"},
    **{"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ansi": "gb18030"},
    **{"windows-1252": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "iso-8859-1": "cp1252"},
}
_ENOUGH_CHARS = 100_000  # to tell Chinese from noise
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UTF16_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF32_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_SAVE_AS_UTF8 = "save the file as UTF-8 and send it again"
_SAVE_AS_UTF8_ZH = "请将文件另存为 UTF-8 后重新上传"


@dataclass(frozen=True, slots=True)
class Reading:
    """How bytes become text: the main `codec`, and for lines that it cannot read, the other one.

    `fallback` is "" when every line is in `codec`; "?" when some lines are in no known encoding. `skip` is the length
    of the byte order mark.
    """

    encoding: Encoding
    codec: Codec = "utf-8"
    skip: int = 0
    fallback: str = ""


def named_encoding(encoding: str) -> Encoding:
    """The encoding a user named; raises InvalidRequest for one that is not known."""
    known = encoding.lower().replace("_", "-")
    known = _ALIASES.get(known, known)
    for name in get_args(Encoding):
        if name == known:
            return name  # type: ignore[no-any-return]
    names = ", ".join(get_args(Encoding))
    raise InvalidRequest(f'encoding "{encoding}" is not one of {names}', param="encoding")


def reading_as(encoding: Encoding, head: bytes) -> Reading:
    """The way to read a file whose encoding the user has named; `head` are its first bytes."""
    if encoding == "utf-16":
        return detect_utf16(head) or Reading("utf-16", "utf-16-le")
    skip = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    codec: Codec = "utf-8" if encoding == "utf-8-sig" else encoding
    return Reading(encoding, codec, skip, "" if codec == "utf-8" else "?")


def detect_utf16(head: bytes) -> Reading | None:
    """UTF-16 by its byte order mark, or by where the zero bytes are: half of each newline and ASCII character."""
    for bom, codec in _UTF16_BOMS.items():
        if head.startswith(bom) and not head.startswith(_UTF32_BOMS):
            return Reading("utf-16", codec, len(bom))  # type: ignore[arg-type]
    zeros_at = [head[parity::2].count(0) for parity in (0, 1)]
    n_zeros = max(zeros_at)
    if not n_zeros or min(zeros_at):
        return None
    is_little = zeros_at[1] > 0
    newline = b"\n\0" if is_little else b"\0\n"
    n_newlines = head.count(b"\n")
    # otherwise it is other text with stray zero bytes
    if n_zeros < len(head) // 5 and not (n_newlines and head.count(newline) == n_newlines):
        return None
    return Reading("utf-16", "utf-16-le" if is_little else "utf-16-be")


def is_utf32(head: bytes) -> bool:
    """Whether this is UTF-32: three of every four bytes of ASCII are zero."""
    return head.startswith(_UTF32_BOMS) or (len(head) > 7 and head[:8].count(0) == 6)


def first_undecodable(chunks: Iterable[bytes], encoding: str) -> int | None:
    """Offset of the first byte that `encoding` cannot decode, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    consumed = 0
    for chunk in chunks:
        pending = len(decoder.getstate()[0])
        if pending or not chunk.isascii():
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return consumed - pending + error.start
        consumed += len(chunk)
    pending = len(decoder.getstate()[0])
    return consumed - pending if pending else None


def common_chinese(text: str) -> tuple[int, int]:
    """(everyday, all) characters outside ASCII.

    Most byte strings decode as GB18030, so success alone says little: French in Latin-1 turns into rare characters
    outside GB2312, while real Chinese text is nearly all inside it.
    """
    wide = "".join(_NOT_ASCII.findall(text))
    return len(wide.encode("gb2312", errors="ignore")) // 2, len(wide)


def looks_chinese(n_common: int, n_wide: int) -> bool:
    """Whether so many everyday characters among so many are Chinese rather than chance."""
    return n_common >= 0.6 * n_wide


def is_chinese(chunks: Callable[[int], Iterator[bytes]]) -> bool:
    """Whether the whole file, whose bytes from an offset `chunks` gives, is GB18030 and its characters are everyday."""
    if first_undecodable(chunks(0), "gb18030") is not None:
        return False
    n_wide = n_common = 0
    for chunk in _decoded(chunks(0), "gb18030"):
        common, wide = common_chinese(chunk.decode())
        n_wide += wide
        n_common += common
        if n_wide > _ENOUGH_CHARS:
            break
    return looks_chinese(n_common, n_wide)


def utf8_chunks(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """The text as UTF-8 without byte order mark; `chunks` begin after it.

    Lines in neither encoding stay as they are: whoever reads that row finds out that it is not UTF-8.
    """
    if reading.fallback:
        return _line_by_line(chunks, reading)
    return iter(chunks) if reading.codec == "utf-8" else _decoded(chunks, reading.codec)


def _decoded(chunks: Iterable[bytes], codec: Codec) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass" if codec.startswith("utf-16") else "strict")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"  # half a character: the last row is not text


def _line_by_line(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield b"\n".join(line if line.isascii() else line_as_utf8(line, reading) for line in lines) + b"\n"
        if len(rest) > MAX_ROW_BYTES:  # refused by every reader, in whichever encoding
            yield rest
            rest = b""
    if rest:
        yield line_as_utf8(rest, reading)


def line_as_utf8(line: bytes, reading: Reading) -> bytes:
    """The line as UTF-8; unchanged when it is in neither encoding of `reading`."""
    main, other = reading.codec, reading.fallback
    if line.isascii() or (is_utf8(line) and (main == "utf-8" or holds_utf8_cjk(line) or main == "cp1252")):
        return line
    for codec in (main, other):
        if codec not in ("utf-8", "?"):
            try:
                return line.decode(codec).encode()
            except UnicodeDecodeError:
                continue
    return line


def is_utf8(line: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


_UTF8_CJK = re.compile(rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")


def holds_utf8_cjk(line: bytes) -> bool:
    """Whether a line that is valid UTF-8 is so on purpose: short GB18030 words can look like Cyrillic in UTF-8."""
    return _UTF8_CJK.search(line) is not None


def n_utf8_cjk(line: bytes) -> int:
    """How many three-byte characters of UTF-8 are in a line, whatever else is."""
    return len(_UTF8_CJK.findall(line))


# The strict check at upload


def detect_encoding(path: Path, *, name: str) -> Literal["utf-8", "utf-8-sig", "gb18030"]:
    """Read the whole file once and say how its text is encoded; what OpenAI's door takes, and GB18030.

    Raises InvalidFile, with the line, for UTF-16, NUL bytes, binary files and bytes that are neither UTF-8 nor Chinese.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    refuse_binary(head, name, also_packed=True)
    if head.startswith((*_UTF32_BOMS, *_UTF16_BOMS)) or head[1:2] == b"\0" or head[:1] == b"\0":
        en = f"the file is in UTF-16 or UTF-32, expected UTF-8; {_SAVE_AS_UTF8}"
        raise refused(name, "utf16", en, f"文件是 UTF-16 或 UTF-32 编码，应为 UTF-8；{_SAVE_AS_UTF8_ZH}", line=1)
    _refuse_nul(path, name)
    bad_byte_at = first_undecodable(read_chunks(path, name=name), "utf-8")
    if bad_byte_at is None:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if is_chinese(lambda start: read_chunks(path, name=name, start=start)):
        return "gb18030"
    raise not_utf8_file(name, read_chunks(path, name=name), bad_byte_at)


_SIGNATURES = {
    b"\xfd7zXZ": ("an xz archive", "xz 压缩包"),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", "zstd 压缩包"),
    b"BZh": ("a bzip2 archive", "bzip2 压缩包"),
    b"7z\xbc\xaf": ("a 7-Zip archive", "7-Zip 压缩包"),
    b"Rar!": ("a RAR archive", "RAR 压缩包"),
    b"%PDF": ("a PDF document", "PDF 文档"),
    b"{\\rtf": ("an RTF document", "RTF 文档"),
    b"SQLite f": ("an SQLite database", "SQLite 数据库"),
    b"\x89PNG": ("a PNG picture", "PNG 图片"),
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook (.xls) or one with a password",
        "旧版 Excel 文件（.xls）或加密的 Excel 文件",
    ),
}
_PACKED_SIGNATURES = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "zip 压缩包或 Excel 文件"),
    packed.GZIP_MAGIC: ("a gzip archive", "gzip 压缩包"),
    b"PAR1": ("a Parquet file", "Parquet 文件"),
}


def refuse_binary(head: bytes, name: str, *, also_packed: bool = False) -> None:
    """Raise InvalidFile for a file that is known not to be text, by its first bytes."""
    for signature, (kind, kind_zh) in (_SIGNATURES | (_PACKED_SIGNATURES if also_packed else {})).items():
        if head.startswith(signature):
            todo, todo_zh = "export it as .jsonl", "请导出为 .jsonl"
            if kind_zh.endswith("压缩包"):
                todo, todo_zh = "unpack it first", "请先解压"
            en = f"the file is {kind}, expected JSON lines; {todo}"
            raise refused(name, "not_text", en, f"这是{kind_zh}，应为 JSONL 文本；{todo_zh}", line=1)


def _refuse_nul(path: Path, name: str) -> None:
    line = 1
    for chunk in read_chunks(path, name=name):
        at = chunk.find(b"\0")
        if at >= 0:
            line += chunk.count(b"\n", 0, at)
            en = f"line {line}: NUL byte in the text; remove it, or {_SAVE_AS_UTF8} if it was UTF-16"
            raise refused(name, "nul_byte", en, f"第 {line} 行：文本中有 NUL 字节；请删除", line=line)
        line += chunk.count(b"\n")


def not_utf8_file(name: str, chunks: Iterable[bytes], offset: int) -> InvalidFile:
    """The error for a file in no known encoding; `offset` is its first byte that is not UTF-8."""
    line, at, found = 1, 0, b""
    for chunk in chunks:
        line += chunk.count(b"\n", 0, max(0, offset - at))
        found += chunk[max(0, offset - at) :][: 3 - len(found)]
        at += len(chunk)
        if len(found) == 3:
            break
    if re.match(rb"\xed[\xa0-\xbf]", found):
        en = f"line {line}: half of a surrogate pair instead of a character (byte {offset}); {_SAVE_AS_UTF8}"
        zh = f"第 {line} 行：代理对只有一半，不是字符（文件第 {offset} 字节）；{_SAVE_AS_UTF8_ZH}"
        return refused(name, "lone_surrogate", en, zh, line=line)
    en = f"line {line}: byte 0x{found[0]:02X} (byte {offset} of the file) is not UTF-8; {_SAVE_AS_UTF8}"
    zh = f"第 {line} 行：字节 0x{found[0]:02X}（文件第 {offset} 字节）不是 UTF-8；{_SAVE_AS_UTF8_ZH}"
    return refused(name, "not_utf8", en, zh, line=line)
