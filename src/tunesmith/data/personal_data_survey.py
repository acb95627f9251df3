"""What personal data a file holds, by kind, and a file without it: masked, or without the rows that hold any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tunesmith.data.fixes import FixPlan, write_fixed
from tunesmith.data.lint import personal_data as check
from tunesmith.data.lint.check import Fix, Lines
from tunesmith.data.pii import Kind, Masker, NamedEntities
from tunesmith.data.sources import Source
from tunesmith.findings import Finding

Action = Literal["mask", "drop"]


@dataclass(slots=True)
class FoundKind:
    """How often one kind comes, the rows that hold it, and the first that was found."""

    kind: Kind
    example: str
    n_found: int = 0
    lines: Lines = field(default_factory=Lines)


@dataclass(frozen=True, slots=True)
class Survey:
    """`kinds` with the commonest first; `lines` are those of all rows that hold anything."""

    n_rows: int
    kinds: tuple[FoundKind, ...]
    lines: Lines

    def findings(self) -> list[Finding]:
        """The finding that lint has of such a file."""
        return [check.told({one.kind: one.n_found for one in self.kinds}, self.lines)] if self.kinds else []


def survey(source: Source, *, kinds: Collection[Kind] | None = None, entities: NamedEntities | None = None) -> Survey:
    """Look at every text that masking would change: messages, and the other fields of a row."""
    found: dict[Kind, FoundKind] = {}
    lines = Lines()
    n_rows = 0
    for row in source.rows():
        n_rows += 1
        if isinstance(row, Finding):
            continue
        masker = Masker(kinds, entities=entities)
        masker.mask(row.value)
        for match in masker.found:
            found.setdefault(match.kind, FoundKind(match.kind, match.text)).n_found += 1
        for kind in {match.kind for match in masker.found}:
            found[kind].lines.add(row.line)
        if masker.found:
            lines.add(row.line)
    return Survey(n_rows, tuple(sorted(found.values(), key=lambda one: -one.n_found)), lines)


def write_without(
    source: Source,
    out: Path,
    *,
    action: Action,
    kinds: Collection[Kind] | None = None,
    entities: NamedEntities | None = None,
) -> FixPlan:
    """The rows masked, or without those that hold any; rows that cannot be read are left out. See `write_fixed`."""

    def masked(value: dict[str, Any]) -> dict[str, Any]:
        return Masker(kinds, entities=entities).mask(value)

    def dropped(value: dict[str, Any]) -> dict[str, Any] | None:
        return value if masked(value) is value else None

    is_mask = action == "mask"
    code, texts = (check.MASK, check.MASK_TEXTS) if is_mask else (check.DROP, check.DROP_TEXTS)
    fix = Fix(code, texts, change=masked if is_mask else dropped)
    return write_fixed(source, FixPlan(0, 0, 0, {}, (), (fix,)), out)
