"""Examples with more tokens than the model's context: training cuts them, from the end or with a gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.tokenizer_folder import read_tokenizer_folder
from tunesmith.findings import Finding

CODES = ("too_long",)

_TEXTS = Texts(
    "{count} row(s) have more than the {context_length} tokens that the model can read ({where}), at most {longest}; "
    'the end would be cut, there: "...{cut_off}"',
    "{count} 行超过模型的上下文长度 {context_length} 个词元（{where}），最长 {longest} 个；"
    "末尾会被截断，例如：“...{cut_off}”",
)
_REMOVE = Texts("remove rows that are too long", "删除超长的行")

# What a chat template adds to every message, at least (OpenAI counts 3 as well).
_PER_MESSAGE = 4
_SHOWN = 40


@dataclass(slots=True)
class TooLong(Check):
    folder: Path
    context_length: int
    lines: Lines = field(default_factory=Lines)
    positions: list[int] = field(default_factory=list)
    longest: int = 0
    cut_off: str = ""

    def see(self, row: LintRow) -> None:
        # No token has less than one byte: most rows need no tokenizer.
        n_added = _PER_MESSAGE * len(row.texts)
        if 3 * len(row.text) + n_added <= self.context_length:
            return
        if len(row.text.encode("utf-8", "replace")) + n_added <= self.context_length:
            return
        encoding = _tokenizer(self.folder).encode(row.text, add_special_tokens=False)
        n_tokens = len(encoding.ids) + n_added
        if n_tokens <= self.context_length:
            return
        self.lines.add(row.line)
        self.positions.append(row.position)
        if n_tokens > self.longest:
            self.longest = n_tokens
            start = encoding.offsets[max(0, self.context_length - n_added)][0]
            self.cut_off = cut(row.text[start : start + _SHOWN + 1], _SHOWN)

    def merge(self, later: TooLong) -> None:
        self.lines.merge(later.lines)
        self.positions += later.positions
        if later.longest > self.longest:
            self.longest, self.cut_off = later.longest, later.cut_off

    def findings(self) -> list[Finding]:
        if not self.lines.count:
            return []
        facts: dict[str, Any] = {
            "context_length": self.context_length,
            "longest": self.longest,
            "cut_off": self.cut_off,
        }
        return [finding("too_long", "warning", _TEXTS, lines=self.lines, fix="remove_too_long", **facts)]

    def fixes(self) -> list[Fix]:
        if not self.lines.count:
            return []
        return [Fix("remove_too_long", _REMOVE, recommended=False, drops=self.positions)]


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Tokenizer:
    return read_tokenizer_folder(folder).tokenizer


class _Silent(Check):
    """Without a tokenizer or a context length nothing can be said."""

    def see(self, row: LintRow) -> None: ...
    def merge(self, later: _Silent) -> None: ...
    def findings(self) -> list[Finding]:
        return []


def make(context: LintContext) -> Check:
    if context.tokenizer_folder is None or context.context_length is None:
        return _Silent()
    return TooLong(context.tokenizer_folder, context.context_length)
