"""A document in text or Markdown, cut into passages that a model can be asked about one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.data import tables
from tunesmith.errors import InvalidFile

MAX_DOCUMENT_BYTES = 32 * 2**20
# About 400 tokens: one or two thoughts, and several of them fit into any context.
PASSAGE_CHARS = 1600
_WIDE = re.compile(r"[㐀-鿿]")
_WIDE_WEIGHT = 2  # a Chinese character says about as much as two letters and more
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？；;])\s*")
_LEAST_CHARS = 40


@dataclass(frozen=True, slots=True)
class Passage:
    """`line` is where it begins in the document; `heading` the titles above it, outermost first."""

    line: int
    heading: str
    text: str


def read_passages(path: Path, *, name: str | None = None) -> tuple[Passage, ...]:
    """Raises InvalidFile for a document that is too large, not text, or without a passage worth asking about."""
    name = name or path.name
    size = path.stat().st_size
    if size > MAX_DOCUMENT_BYTES:
        raise InvalidFile(f"{name} has {size / 2**20:.0f} MB; a document may have {MAX_DOCUMENT_BYTES // 2**20} MB.")
    encoding = tables.detect_encoding(path, name=name)
    text = path.read_text(encoding=encoding, errors="replace")
    passages = cut_passages(text)
    if not passages:
        raise InvalidFile(f"{name} has no passage of {_LEAST_CHARS} characters or more to ask about.")
    return passages


def cut_passages(text: str, *, passage_chars: int = PASSAGE_CHARS) -> tuple[Passage, ...]:
    """Paragraphs joined up to `passage_chars` (a Chinese character counts as two), never across a heading."""
    joined: list[Passage] = []
    for block in _blocks(text):
        for part in _split(block, passage_chars):
            last = joined[-1] if joined else None
            if last and last.heading == part.heading and _size(last.text) + _size(part.text) <= passage_chars:
                joined[-1] = Passage(last.line, last.heading, f"{last.text}\n\n{part.text}")
            else:
                joined.append(part)
    return tuple(passage for passage in joined if _size(passage.text) >= _LEAST_CHARS)


def _blocks(text: str) -> Iterator[Passage]:
    """Paragraphs, with the headings they stand under; a fenced block of code is one paragraph."""
    titles: dict[int, str] = {}
    lines: list[str] = []
    start, in_fence = 1, False

    def ended() -> Iterator[Passage]:
        if any(line.strip() for line in lines):
            yield Passage(start, " > ".join(titles[level] for level in sorted(titles)), "\n".join(lines).strip())
        lines.clear()

    for number, line in enumerate(text.splitlines(), 1):
        in_fence ^= line.lstrip().startswith("```")
        heading = None if in_fence else _HEADING.match(line)
        if heading or (not line.strip() and not in_fence):
            yield from ended()
            if heading:
                level = len(heading.group(1))
                titles = {above: title for above, title in titles.items() if above < level}
                titles[level] = heading.group(2)
            continue
        if not lines:
            start = number
        lines.append(line)
    yield from ended()


def _split(block: Passage, most: int) -> Iterator[Passage]:
    """A paragraph that is too long, at the ends of sentences, or anywhere if it has none."""
    if _size(block.text) <= most:
        yield block
        return
    part = ""
    for sentence in _SENTENCE_END.split(block.text):
        while _size(sentence) > most:
            yield Passage(block.line, block.heading, sentence[: most // _WIDE_WEIGHT])
            sentence = sentence[most // _WIDE_WEIGHT :]
        if part and _size(part) + _size(sentence) > most:
            yield Passage(block.line, block.heading, part)
            part = ""
        part = f"{part} {sentence}".strip()
    if part:
        yield Passage(block.line, block.heading, part)


def _size(text: str) -> int:
    return len(text) + (_WIDE_WEIGHT - 1) * len(_WIDE.findall(text))
