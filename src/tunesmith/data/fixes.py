"""Fixes as a plan that the user sees first, then a new file; the original is never touched."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from tunesmith.data.formats.row_report import cut, kind
from tunesmith.data.lint import exact_duplicates
from tunesmith.data.lint.blocks import is_by_line
from tunesmith.data.lint.check import Fix, RowFix, Texts
from tunesmith.data.lint.empty_answers import empty_answer
from tunesmith.data.lint.rows import lint_row
from tunesmith.data.sources import Source
from tunesmith.data.tables import Row
from tunesmith.data.whole_file import check_place, whole_file
from tunesmith.errors import InvalidRequest
from tunesmith.findings import Finding

UNREADABLE = Fix("remove_unreadable_rows", Texts("rows that cannot be read are left out", "无法读取的行不写入新文件"))
# What happens to every row that is written: findings name these, and nobody has to choose them.
_ALWAYS = (UNREADABLE.code, "rewrite")

# Characters of a text shown before and after a change, and of a row that is removed.
_SHOWN = 160


class HasFixes(Protocol):
    """A lint report, as far as fixing needs it."""

    @property
    def fixes(self) -> dict[str, Fix]: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What one fix does to the row at `line`: `before` and `after` are the words where they begin to differ.

    Of a row that cannot be read `before` says why; `before_zh` says it in Chinese.
    """

    line: int
    code: str
    action: Literal["remove", "change"]
    before: str
    after: str | None
    why: str
    why_zh: str
    before_zh: str | None = None


@dataclass(frozen=True, slots=True)
class FixPlan:
    """`by_code` counts the rows that each fix removes or changes; a row changed by two fixes is in `changed` once.

    `made_equal` are the keys of rows that the changes make equal; of each only the first is kept.
    """

    removed: int
    changed: int
    kept: int
    by_code: dict[str, int]
    samples: tuple[Change, ...]
    fixes: tuple[Fix, ...] = field(repr=False)
    made_equal: frozenset[int] = field(default=frozenset(), repr=False)

    def to_json(self) -> dict[str, Any]:
        counts = {"removed": self.removed, "changed": self.changed, "kept": self.kept, "by_code": self.by_code}
        texts = {fix.code: asdict(fix.texts) for fix in self.fixes}
        return {**counts, "fixes": texts, "samples": [asdict(sample) for sample in self.samples]}


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A row after the fixes: `value` None when it is removed; the codes of those that did something."""

    line: int
    value: dict[str, Any] | None
    before: Any
    steps: tuple[tuple[Fix, Any], ...]


def plan_fixes(source: Source, report: HasFixes, *, codes: Collection[str] | None = None, samples: int = 20) -> FixPlan:
    """What the fixes named by `codes` (None: the recommended ones) would do, with up to `samples` examples.

    Raises InvalidRequest for a code that the report does not offer. Rows that cannot be read are always left out.
    """
    fixes = _chosen(report, codes)
    if not any(fix.change for fix in fixes) or not _removes_copies(fixes, codes):
        return _count(_fixed_rows(source, fixes), fixes, samples)
    keys = array("Q")
    plan = _count(_noting_keys(_fixed_rows(source, fixes), source, keys), fixes, samples)
    made_equal = _repeated(keys) if plan.changed else frozenset()
    if not made_equal:
        return plan
    return _count(_fixed_rows(source, fixes, made_equal), fixes, samples, made_equal)


def write_fixed(source: Source, plan: FixPlan, out: Path, *, samples: int = 20) -> FixPlan:
    """Carry out the plan into `out`, one JSON object per line in UTF-8; answers what was done.

    `out` is whole or not there. Raises InvalidRequest when it is the file that is read, or lies in no folder.
    """
    check_place(out, read=(source.path,))
    with whole_file(out) as part, part.open("wb") as file:
        return _count(_written(_fixed_rows(source, plan.fixes, plan.made_equal), file), plan.fixes, samples)


def _chosen(report: HasFixes, codes: Collection[str] | None) -> tuple[Fix, ...]:
    if codes is None:
        return tuple(fix for fix in report.fixes.values() if fix.recommended)
    unknown = [code for code in codes if code not in report.fixes and code not in _ALWAYS]
    if unknown:
        offered = ", ".join(report.fixes) or "none"
        raise InvalidRequest(f'"{unknown[0]}" is not a fix of this report; it offers: {offered}', param="fixes")
    return tuple(fix for code, fix in report.fixes.items() if code in codes)


def _removes_copies(fixes: Sequence[Fix], codes: Collection[str] | None) -> bool:
    """Whether rows that become equal are to go: by default, and where the user takes out the copies there were."""
    return codes is None or any(fix.code == exact_duplicates.FIX.code for fix in fixes)


def _repeated(keys: array[int]) -> frozenset[int]:
    unique, counts = np.unique(np.frombuffer(keys, np.uint64), return_counts=True)
    return frozenset(unique[counts > 1].tolist())


def _noting_keys(rows: Iterator[_Fixed], source: Source, keys: array[int]) -> Iterator[_Fixed]:
    for row in rows:
        if row.value is not None and (key := _key(row.value, source)) is not None:
            keys.append(key)
        yield row


def _key(value: dict[str, Any], source: Source) -> int | None:
    """Equal for rows that train the same; None for a row that cannot be trained."""
    shown = lint_row(Row(0, value), 0, format=source.format)
    return None if shown.example is None else exact_duplicates.row_key(shown)


def _fixed_rows(source: Source, fixes: Sequence[Fix], made_equal: frozenset[int] = frozenset()) -> Iterator[_Fixed]:
    """Every row after the fixes. Whole-file removals come first, then the changes in the order of the checks."""
    seen: set[int] = set()
    for row in _mended_rows(source, fixes):
        key = _key(row.value, source) if made_equal and row.value is not None else None
        if key in seen:
            yield _Fixed(row.line, None, row.before, (*row.steps, (exact_duplicates.FIX, None)))
            continue
        if key is not None and key in made_equal:
            seen.add(key)
        yield row


def _mended_rows(source: Source, fixes: Sequence[Fix]) -> Iterator[_Fixed]:
    drops = [(fix, _Positions(fix.drops)) for fix in fixes if len(fix.drops)]
    changes = [(fix, fix.change) for fix in fixes if fix.change is not None]
    by_line = is_by_line(source)
    for number, row in enumerate(source.rows(), 1):
        if isinstance(row, Finding):
            yield _Fixed(row.line or number, None, row, ((UNREADABLE, None),))
        elif not isinstance(row.value, dict):
            yield _Fixed(row.line, None, kind(row.value), ((UNREADABLE, None),))
        else:
            position = row.line if by_line else number
            dropping = [fix for fix, positions in drops if positions.has(position)]
            if dropping:
                yield _Fixed(row.line, None, row.value, tuple((fix, None) for fix in dropping))
            else:
                yield _without_silence(_changed(row, changes), source)


def _changed(row: Row, changes: Sequence[tuple[Fix, RowFix]]) -> _Fixed:
    value: dict[str, Any] = row.value
    steps: list[tuple[Fix, Any]] = []
    for fix, change in changes:
        mended = change(value)
        if mended is None:
            return _Fixed(row.line, None, row.value, (*steps, (fix, None)))
        if mended != value:
            steps.append((fix, mended))
        value = mended
    return _Fixed(row.line, value, row.value, tuple(steps))


def _without_silence(row: _Fixed, source: Source) -> _Fixed:
    """A row of which a fix leaves no word of the answer goes as a whole, by that fix."""
    if row.value is None or not row.steps:
        return row
    before, after = (lint_row(Row(row.line, value), 0, format=source.format) for value in (row.before, row.value))
    if empty_answer(after) is None or empty_answer(before) is not None:
        return row
    return _Fixed(row.line, None, row.before, (*row.steps[:-1], (row.steps[-1][0], None)))


class _Positions:
    """Positions asked in rising order; eight bytes each."""

    def __init__(self, positions: Sequence[int]) -> None:
        self._sorted = np.unique(np.asarray(positions, dtype=np.uint64))
        self._next = 0

    def has(self, position: int) -> bool:
        while self._next < len(self._sorted) and self._sorted[self._next] < position:
            self._next += 1
        return self._next < len(self._sorted) and int(self._sorted[self._next]) == position


def _written(rows: Iterator[_Fixed], file: Any) -> Iterator[_Fixed]:
    for row in rows:
        if row.value is not None:
            # Half of a surrogate pair, which JSON can spell, has no UTF-8.
            file.write(json.dumps(row.value, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        yield row


def _count(
    rows: Iterator[_Fixed], fixes: Sequence[Fix], samples: int, made_equal: frozenset[int] = frozenset()
) -> FixPlan:
    removed = changed = kept = 0
    by_code: dict[str, int] = {}
    shown: list[Change] = []
    most = max(3, samples // max(1, len(fixes)))
    for row in rows:
        if row.value is None:
            removed += 1
        elif row.steps:
            changed += 1
        else:
            kept += 1
        before = row.before
        for fix, after in row.steps:
            by_code[fix.code] = by_code.get(fix.code, 0) + 1
            if by_code[fix.code] <= most and len(shown) < samples:
                shown.append(_change(row.line, fix, before, after))
            before = before if after is None else after
    known = {fix.code for fix in fixes}
    more = [fix for fix in (exact_duplicates.FIX, UNREADABLE) if fix.code in by_code and fix.code not in known]
    return FixPlan(removed, changed, kept, by_code, tuple(shown), (*fixes, *more), made_equal)


def _change(line: int, fix: Fix, before: Any, after: Any) -> Change:
    why, why_zh = fix.texts.en, fix.texts.zh
    if isinstance(before, Finding):
        said, said_zh = _short(before.message), _short(before.text("zh"))
        return Change(line, fix.code, "remove", said, None, why, why_zh, said_zh)
    if after is None:
        return Change(line, fix.code, "remove", _short(before), None, why, why_zh)
    old, new = _short(before, None), _short(after, None)
    common = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    start = max(0, common - 30)
    return Change(line, fix.code, "change", _window(old, start), _window(new, start), why, why_zh)


def _short(value: Any, length: int | None = _SHOWN) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if length is None else cut(text, length)


def _window(text: str, start: int) -> str:
    return ("..." if start else "") + cut(text[start:], _SHOWN)
