"""Personal data and secrets: a model learns them by heart and repeats them to others."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.pii import KIND_NAMES, KINDS, Kind, Masker, find_pii
from tunesmith.findings import Finding, Language

CODES = ("personal_data",)

MASK, DROP = "mask_personal_data", "drop_personal_data"

_TEXTS = Texts(
    en="{count} examples hold personal data or secrets ({kinds_en}), {where}: the model learns them by heart and may"
    " repeat them to anybody; mask them, or drop these examples",
    zh="{count} 个样本含有个人信息或密钥（{kinds_zh}；{where}）：模型会记住它们，并可能告诉任何人；"
    "请打码，或删除这些样本",
)
MASK_TEXTS = Texts(
    en="Put a mask such as <PHONE_1> in place of personal data; within a row the same thing gets the same mask",
    zh="用 <PHONE_1> 这样的标记替换个人信息；同一样本中相同的内容用相同的标记",
)
DROP_TEXTS = Texts(en="Remove the examples that hold personal data", zh="删除含有个人信息的样本")


# A hotline or a service address may be the very answer; only the user knows whose it is.
CONTACTS = frozenset({"phone", "email", "ip"})


def make(context: LintContext) -> Check:
    return PersonalData()


def mask_row(value: dict[str, Any]) -> dict[str, Any]:
    return Masker().mask(value)


class PersonalData(Check):
    """Memory: eight bytes for every row that holds something."""

    def __init__(self) -> None:
        self._kinds: Counter[Kind] = Counter()
        self._lines = Lines()
        self._positions = array("Q")

    def see(self, row: LintRow) -> None:
        matches = find_pii(row.text)
        if matches:
            self._lines.add(row.line)
            self._positions.append(row.position)
            self._kinds.update(match.kind for match in matches)

    def merge(self, later: PersonalData) -> None:
        self._kinds += later._kinds
        self._lines.merge(later._lines)
        self._positions.extend(later._positions)

    def findings(self) -> list[Finding]:
        if not self._lines.count:
            return []
        kinds = {kind: self._kinds[kind] for kind in KINDS if self._kinds[kind]}
        return [told(kinds, self._lines)]

    def fixes(self) -> list[Fix]:
        if not self._lines.count:
            return []
        return [
            Fix(MASK, MASK_TEXTS, recommended=not CONTACTS.issuperset(self._kinds), change=mask_row),
            Fix(DROP, DROP_TEXTS, recommended=False, drops=self._positions),
        ]


def told(kinds: dict[Kind, int], lines: Lines) -> Finding:
    """The finding about these kinds, with how often each comes, in the rows at `lines`."""
    facts: dict[str, Any] = {"kinds": kinds, "kinds_en": _listed(kinds, "en"), "kinds_zh": _listed(kinds, "zh")}
    return finding("personal_data", "warning", _TEXTS, lines=lines, fix=MASK, **facts)


def _listed(kinds: dict[Kind, int], language: Language) -> str:
    if language == "zh":
        return "、".join(f"{KIND_NAMES[kind][2]} {n} 处" for kind, n in kinds.items())
    return ", ".join(f"{n} {KIND_NAMES[kind][n > 1]}" for kind, n in kinds.items())
