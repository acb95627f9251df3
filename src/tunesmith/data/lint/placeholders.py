"""Leftover placeholders of a template: {{name}}, ${name}, <name>, [NAME]."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.findings import Finding

CODES = ("placeholder",)

_TEXTS = Texts(
    "{count} row(s) still hold placeholders such as {names} ({where}): put the real words in",
    "{count} 行里还有没替换的占位符，如 {names}（{where}）：请换成真实内容",
)

# Words that people leave in angle or square brackets, or single braces, to be filled in later; any other word there may
# be HTML, code, a citation or a JSON key.
_FIELDS = (
    r"(?:(?:your|first|last|full|user|company|customer|product|agent|order|phone|email|insert)[ _-])?"
    r"(?:name|author|company|email|e-mail|phone|phone number|address|date|city|country|product|order number|order id"
    r"|link|url|title|username|position|job title|placeholder)(?:[ _-]here)?"
)
_ZH_FIELDS = (
    r"(?:您的|你的|客户|公司|用户|产品)?(?:姓名|名字|名称|公司名|作者|电话|邮箱|地址|日期|链接|网址|产品名|订单号)"
)
# "${{ ... }}" is a build file of GitHub.
_DOUBLE = re.compile(r"(?<!\$)\{\{\s*[\w.\- \u4e00-\u9fff]{1,40}\s*\}\}")
_DOLLAR = re.compile(r"\$\{[A-Za-z_]\w{0,39}\}")
_SINGLE = re.compile(rf"(?<!\{{)\{{(?:{_FIELDS}|{_ZH_FIELDS})\}}(?!\}})", re.I)
_ANGLE = re.compile(rf"<(?:{_FIELDS}|{_ZH_FIELDS})>", re.I)
_SQUARE = re.compile(rf"\[(?:{_FIELDS}|{_ZH_FIELDS})\](?!\()", re.I)
_CODE = ("```", "function ", "const ", "def ", "</")

_MAX_NAMES = 100


@dataclass(slots=True)
class Placeholders(Check):
    lines: Lines = field(default_factory=Lines)
    names: dict[str, int] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        text = row.text
        if "{" not in text and "<" not in text and "[" not in text:
            return
        found = placeholders(text)
        if found:
            self.lines.add(row.line)
            for name in found:
                if name in self.names or len(self.names) < _MAX_NAMES:
                    self.names[name] = self.names.get(name, 0) + 1

    def merge(self, later: Placeholders) -> None:
        self.lines.merge(later.lines)
        for name, count in later.names.items():
            if name in self.names or len(self.names) < _MAX_NAMES:
                self.names[name] = self.names.get(name, 0) + count

    def findings(self) -> list[Finding]:
        if not self.lines.count:
            return []
        top = sorted(self.names, key=lambda name: (-self.names[name], name))[:5]
        return [finding("placeholder", "warning", _TEXTS, lines=self.lines, names=", ".join(top))]


def placeholders(text: str) -> set[str]:
    """What in the text looks like a slot that nobody filled. Code keeps its braces: only {{...}} counts there."""
    found: set[str] = set()
    has_code = any(mark in text for mark in _CODE)
    if "{{" in text and not has_code:
        found.update(_DOUBLE.findall(text))
    if "${" in text and not has_code:
        found.update(_DOLLAR.findall(text))
    if "{" in text and not has_code:
        found.update(_SINGLE.findall(text))
    if "<" in text and not has_code:
        found.update(_ANGLE.findall(text))
    if "[" in text and not has_code:
        found.update(_SQUARE.findall(text))
    return found


def make(context: LintContext) -> Placeholders:
    return Placeholders()
