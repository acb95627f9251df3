"""Roles that do not exist: "human", "bot", "Assistant", "assitant"; in ShareGPT rows "humna"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.formats.messages import OTHER_NAMES, ROLES
from tunesmith.data.formats.row_report import cut, nearest
from tunesmith.data.formats.sharegpt import SPEAKERS, meant_speaker
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.conversation import Turn, change_turns
from tunesmith.findings import Finding

CODES = ("unknown_role",)

_TEXTS = Texts(
    "{count} row(s) with a role that does not exist ({where}): {roles}; expected one of {expected}",
    "{count} 行用了不存在的角色（{where}）：{roles}；应为 {expected} 之一",
)
_CORRECT = Texts("write the role that was meant", "改成对应的正确角色")
_FIX = "correct_roles"
_MAX_ROLES = 20


@dataclass(slots=True)
class Roles(Check):
    lines: Lines = field(default_factory=Lines)
    meant: dict[str, str] = field(default_factory=dict)
    is_sharegpt: bool = False

    def see(self, row: LintRow) -> None:
        if not row.findings or not any(found.code == "unknown_role" for found in row.findings):
            return
        self.lines.add(row.line)
        turns = row.value.get("messages", row.value.get("conversations"))
        for turn in turns if isinstance(turns, list) else ():
            if not isinstance(turn, dict):
                continue
            place = _place(turn)
            self.is_sharegpt = self.is_sharegpt or place == "from"
            role = turn.get(place)
            if isinstance(role, str) and _corrected(place, role) != role and len(self.meant) < _MAX_ROLES:
                self.meant[cut(role)] = _corrected(place, role) or ""

    def merge(self, later: Roles) -> None:
        self.lines.merge(later.lines)
        self.is_sharegpt = self.is_sharegpt or later.is_sharegpt
        for role, meant in list(later.meant.items())[: _MAX_ROLES - len(self.meant)]:
            self.meant[role] = meant

    def findings(self) -> list[Finding]:
        if not self.lines.count:
            return []
        shown = ", ".join(f'"{role}"' + (f' -> "{meant}"' if meant else "") for role, meant in self.meant.items())
        fix = _FIX if any(self.meant.values()) else None
        facts = {"roles": shown, "expected": ", ".join(SPEAKERS if self.is_sharegpt else ROLES)}
        return [finding("unknown_role", "error", _TEXTS, lines=self.lines, fix=fix, **facts)]

    def fixes(self) -> list[Fix]:
        return [Fix(_FIX, _CORRECT, change=correct_roles)] if any(self.meant.values()) else []


_KNOWN = frozenset((*ROLES, "function"))


def meant_role(role: str) -> str | None:
    """The role that a name of other projects, or a typing error, stands for."""
    plain = role.strip().lower()
    return plain if plain in ROLES else OTHER_NAMES.get(plain) or nearest(plain, ROLES)


def correct_roles(value: dict[str, Any]) -> dict[str, Any]:
    changed = change_turns(value, lambda turns: [_correct(turn) for turn in turns])
    return value if changed is None else changed


def _correct(turn: Turn) -> Turn:
    place = _place(turn)
    role = turn.get(place)
    meant = _corrected(place, role) if isinstance(role, str) else None
    return {**turn, place: meant} if meant and meant != role else turn


def _place(turn: Turn) -> str:
    return "from" if "from" in turn else "role"


def _corrected(place: str, role: str) -> str | None:
    """The role that was meant; the same one when it exists, None when that is not clear."""
    if place == "from":
        meant = meant_speaker(role)
        return role if meant == role.lower() else meant
    return role if role in _KNOWN else meant_role(role)


def make(context: LintContext) -> Roles:
    return Roles()
