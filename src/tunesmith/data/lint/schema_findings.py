"""What the tables and formats say about single rows, gathered: the same fault in many rows is one finding."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from tunesmith.data.lint.check import Lines, place
from tunesmith.findings import Finding

# Different faults of one kind that are told one by one; what comes after them is counted together.
MAX_GROUPS_PER_CODE = 20

_INDEX = re.compile(r"\[\d+\]")
_LINE = re.compile(r"^(?:line \d+: |第 ?\d+ ?行[:：] ?)")

_Key = tuple[str, str, str]


@dataclasses.dataclass(slots=True)
class _Group:
    first: Finding
    lines: Lines


class SchemaFindings:
    """Picklable; `merge` takes in what was seen in the rows that follow."""

    def __init__(self) -> None:
        self._groups: dict[_Key, _Group] = {}
        self._n_groups: dict[str, int] = {}

    def add(self, findings: Iterable[Finding], line: int) -> None:
        """The findings of the row at `line`; a fault that a row has twice is counted once."""
        groups = [self._group(self._key(finding), finding) for finding in findings]
        for group in {id(group): group for group in groups}.values():
            group.lines.add(line)

    def merge(self, later: SchemaFindings) -> None:
        for key, group in later._groups.items():
            self._group(key, group.first).lines.merge(group.lines)

    def findings(self) -> list[Finding]:
        return [_told(group) for group in self._groups.values()]

    def _key(self, finding: Finding) -> _Key:
        detail = _INDEX.sub("[]", _LINE.sub("", finding.message))
        return finding.code, _INDEX.sub("[]", finding.field or ""), detail

    def _group(self, key: _Key, finding: Finding) -> _Group:
        code = key[0]
        if key not in self._groups and self._n_groups.get(code, 0) >= MAX_GROUPS_PER_CODE:
            key = (code, "", "")
        if key not in self._groups:
            self._groups[key] = _Group(finding, Lines())
            self._n_groups[code] = self._n_groups.get(code, 0) + 1
        return self._groups[key]


def _told(group: _Group) -> Finding:
    """The first row's finding, with the places of the others."""
    lines = group.lines
    rows, count = tuple(lines.first), lines.count
    english = f"{place(rows, count)}: {_LINE.sub('', group.first.message)}"
    chinese = _LINE.sub("", group.first.message_zh)
    if chinese:
        chinese = f"{place(rows, count, language='zh')}：{chinese}"
    facts = {key: value for key, value in group.first.facts.items() if key not in ("example", "message")}
    return dataclasses.replace(
        group.first, message=english, message_zh=chinese, line=rows[0], rows=rows, count=count, facts=facts
    )
