"""What a check is: it sees every row once, can be merged with the same check of a later part, and then speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from tunesmith.data.examples import Example
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import MAX_ROWS, Finding, Severity

if TYPE_CHECKING:
    from tunesmith.data.sources import Source


@dataclass(slots=True)
class LintRow:
    """One row, read once and shown to every check.

    `value` is the row as the format writes it (columns already mapped), `example` what it became, None when the row
    has errors. `texts` are the contents of all its messages and `prompt` those before the last answer joined by
    newlines; `answers` are the texts that are trained (preferred and non-preferred for a pair, none for
    reinforcement); `text` is everything in one string, for checks that look at characters.

    `position` tells rows apart that begin on the same line (a JSON array without line breaks): the line in JSONL, else
    the row's number in the file. `unused_keys` are RowReport's: (key, the key it was perhaps meant to be or "").
    `roles` has one letter for every message: s(ystem), d(eveloper), u(ser), a(ssistant), t(ool). `prompt_key` and
    `rest_key` are 64-bit hashes of `prompt` and of what follows it in `text`, without the blanks around them.
    """

    line: int
    value: dict[str, Any]
    example: Example | None
    findings: list[Finding] = field(default_factory=list)
    system: str = ""
    prompt: str = ""
    answers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    text: str = ""
    position: int = 0
    roles: str = ""
    prompt_key: int = 0
    rest_key: int = 0
    unused_keys: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LintContext:
    """What a check may need beyond the rows. Token counts need `tokenizer_folder`, a base model's folder.

    `source` is the file itself, for the few checks that look again at some rows once all have been seen.
    """

    settings: LintSettings
    tokenizer_folder: Path | None = None
    context_length: int | None = None
    validation_path: Path | None = None
    source: Source | None = None


class Check(Protocol):
    """State of one check over one part of a file; picklable, because parts are read by several processes.

    `merge(later)` takes in the same check over the rows that follow. `findings()` is called once, at the end, and
    `fixes()` after it.
    """

    def see(self, row: LintRow) -> None: ...
    def merge(self, later: Self) -> None: ...
    def findings(self) -> list[Finding]: ...
    def fixes(self) -> list[Fix]:
        """What mends the findings; nothing, unless a check says otherwise."""
        return []


@dataclass(slots=True)
class Lines:
    """How many rows, and the first MAX_ROWS of their lines."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        self.count += 1
        if len(self.first) < MAX_ROWS:
            self.first.append(line)

    def merge(self, later: Lines) -> None:
        self.count += later.count
        self.first += later.first[: MAX_ROWS - len(self.first)]


@dataclass(frozen=True, slots=True)
class Texts:
    """A message in both languages; both are `str.format` templates over the same facts."""

    en: str
    zh: str


def finding(
    code: str,
    severity: Severity,
    texts: Texts,
    *,
    lines: Lines | None = None,
    fix: str | None = None,
    field: str | None = None,
    **facts: Any,
) -> Finding:
    """A finding about many rows: `count` and `where` (the first lines, for the message) are among the facts."""
    rows = tuple(lines.first) if lines else ()
    count = lines.count if lines else 0
    shown = {**facts, "count": count, "where": place(rows, count)}
    return Finding(
        code,
        severity,
        texts.en.format(**shown),
        line=rows[0] if rows else None,
        field=field,
        facts=facts,
        message_zh=texts.zh.format(**{**shown, "where": place(rows, count, language="zh")}),
        rows=rows,
        count=count,
        fix=fix,
    )


def place(rows: tuple[int, ...], count: int, *, language: Literal["en", "zh"] = "en", most: int = 5) -> str:
    """`line 3`, `lines 3, 9`, `lines 3, 9, 12, 13, 20, ...`; in Chinese `第 3、9 行`."""
    listed = rows[:most]
    if language == "zh":
        return f"第 {'、'.join(map(str, listed))}{' 等' if count > len(listed) else ''} 行"
    more = ", ..." if count > len(listed) else ""
    return f"line{'s' if count > 1 else ''} {', '.join(map(str, listed))}{more}"


RowFix = Callable[[dict[str, Any]], "dict[str, Any] | None"]
"""Answers the row mended (a new dict, or the same when nothing was wrong), or None to remove it."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What can be done about a finding; `code` is what the finding names, `recommended` whether the default is yes.

    Either `change`, which needs to see one row only, or `drops`: the positions (LintRow.position) of the rows to
    remove, in order, known after the whole file has been read.
    """

    code: str
    texts: Texts
    recommended: bool = True
    change: RowFix | None = None
    drops: Sequence[int] = ()
