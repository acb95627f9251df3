"""Keys that the format does not read: a typing error, or columns that are not used."""

from __future__ import annotations

from dataclasses import dataclass, field

from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.findings import Finding

CODES = ("misspelled_key", "unused_key")

_MISSPELLED = Texts(
    'key "{key}" is not read in {count} row(s) ({where}); did you mean "{meant}"?',
    "{count} 行里的键“{key}”没有被使用（{where}）；是不是想写“{meant}”？",
)
_UNUSED = Texts(
    "keys that are not part of the format and are not used: {keys}",
    "不属于该格式、没有被使用的键：{keys}",
)
# Some files have a key of its own in every row.
_MAX_KEYS = 200
_MAX_LISTED = 10


@dataclass(slots=True)
class UnknownKeys(Check):
    keys: dict[tuple[str, str], Lines] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        if not row.unused_keys:
            return
        for key in dict.fromkeys(row.unused_keys):
            lines = self.keys.get(key)
            if lines is None:
                if len(self.keys) == _MAX_KEYS:
                    continue
                lines = self.keys[key] = Lines()
            lines.add(row.line)

    def merge(self, later: UnknownKeys) -> None:
        for key, lines in later.keys.items():
            if key in self.keys:
                self.keys[key].merge(lines)
            elif len(self.keys) < _MAX_KEYS:
                self.keys[key] = lines

    def findings(self) -> list[Finding]:
        told: list[Finding] = []
        names: list[str] = []
        for (key, meant), lines in self.keys.items():
            if meant:
                told.append(finding("misspelled_key", "warning", _MISSPELLED, lines=lines, key=key, meant=meant))
            else:
                names.append(key)
        if names:
            more = ", ..." if len(names) > _MAX_LISTED else ""
            shown = ", ".join(f'"{name}"' for name in names[:_MAX_LISTED]) + more
            told.append(finding("unused_key", "info", _UNUSED, keys=shown, n_keys=len(names)))
        return told[:_MAX_LISTED]


def make(context: LintContext) -> UnknownKeys:
    return UnknownKeys()
