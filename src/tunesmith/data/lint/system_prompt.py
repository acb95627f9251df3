"""System prompts that some rows have and others lack, or that differ a little between rows."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.conversation import role_of, text_key, turns_key
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("system_prompt_missing", "system_prompt_variants", "system_prompt_varies")

_MISSING = Texts(
    "{count} of {n_rows} rows have no system prompt ({where}), the others do: at inference the model will behave "
    "differently with and without it",
    "{n_rows} 行中有 {count} 行没有系统提示（{where}），其余的有：微调后带不带系统提示，模型表现会不一样",
)
_MIXED = Texts(
    "{n_with} of {n_rows} rows have a system prompt, {count} have none ({where})",
    "{n_rows} 行中有 {n_with} 行带系统提示，{count} 行不带（{where}）",
)
_VARIANTS = Texts(
    '{count} row(s) have a system prompt that differs only a little from the usual one ({where}), e.g. "{example}": '
    "a typing error?",
    "{count} 行的系统提示和其他行只差一点点（{where}），例如“{example}”：是不是笔误？",
)
_VARIES = Texts(
    '{n_prompts} different system prompts; the most frequent, in {share} % of the rows: "{example}"',
    "共有 {n_prompts} 种不同的系统提示；最多的一种占 {share}%：“{example}”",
)
_ADD = Texts("give all rows the system prompt that the others have", "给没有系统提示的行补上其他行的系统提示")

# Different prompts remembered; a file with more gives every row its own.
_MAX_PROMPTS = 64
_MAX_COMPARED = 20


@dataclass(slots=True)
class SystemPrompt(Check):
    settings: LintSettings
    n_rows: int = 0
    n_others: int = 0
    without: Lines = field(default_factory=Lines)
    prompts: dict[str, Lines] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        if row.example is None:
            return
        self.n_rows += 1
        prompt = row.system
        if not prompt:
            self.without.add(row.line)
        elif (lines := self.prompts.get(prompt)) is not None:
            lines.add(row.line)
        else:
            self._note(prompt, row.line)

    def _note(self, prompt: str, line: int) -> None:
        if len(self.prompts) < _MAX_PROMPTS:
            self.prompts[prompt] = Lines(1, [line])
        else:
            self.n_others += 1

    def merge(self, later: SystemPrompt) -> None:
        self.n_rows += later.n_rows
        self.n_others += later.n_others
        self.without.merge(later.without)
        for prompt, lines in later.prompts.items():
            if prompt in self.prompts:
                self.prompts[prompt].merge(lines)
            elif len(self.prompts) < _MAX_PROMPTS:
                self.prompts[prompt] = lines
            else:
                self.n_others += lines.count

    def findings(self) -> list[Finding]:
        if not self.prompts:
            return []
        usual, lines = self._usual()
        told = self._missing() + self._variants(usual)
        n_prompts = len(self.prompts) + self.n_others
        if n_prompts > 1:
            more: dict[str, Any] = {
                "n_prompts": n_prompts,
                "share": percent(lines.count, self.n_rows),
                "example": cut(usual),
            }
            told.append(finding("system_prompt_varies", "info", _VARIES, **more))
        return told

    def _usual(self) -> tuple[str, Lines]:
        return max(self.prompts.items(), key=lambda item: item[1].count)

    def _missing(self) -> list[Finding]:
        n_with = self.n_rows - self.without.count
        if not self.without.count:
            return []
        facts: dict[str, Any] = {"n_rows": self.n_rows, "n_with": n_with}
        if not self._can_add():
            return [finding("system_prompt_missing", "info", _MIXED, lines=self.without, **facts)]
        fix = "add_system_prompt"
        return [finding("system_prompt_missing", "warning", _MISSING, lines=self.without, fix=fix, **facts)]

    def _variants(self, usual: str) -> list[Finding]:
        variants = Lines()
        example = ""
        for prompt, lines in list(self.prompts.items())[:_MAX_COMPARED]:
            if prompt != usual and _ratio(prompt, usual) >= self.settings.similar_system_prompts:
                example = example or cut(_difference(usual, prompt))
                variants.merge(lines)
        usual_count = self.prompts[usual].count
        # Prompts that are filled in (a date, a name) differ a little by intention and in many ways.
        if not variants.count or variants.count > 0.2 * usual_count:
            return []
        variants.first.sort()
        return [finding("system_prompt_variants", "warning", _VARIANTS, lines=variants, example=example)]

    def _can_add(self) -> bool:
        return len(self.prompts) == 1 and not self.n_others

    def fixes(self) -> list[Fix]:
        if not self.without.count or not self._can_add():
            return []
        usual, _ = self._usual()
        return [Fix("add_system_prompt", _ADD, recommended=False, change=partial(add_system_prompt, usual))]


def _ratio(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:2000], other[:2000], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > 0.8 and matcher.quick_ratio() > 0.8 else 0.0


def _difference(usual: str, prompt: str) -> str:
    """The words of `prompt` where it begins to differ."""
    pairs = enumerate(zip(usual, prompt, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(usual), len(prompt)))
    return prompt[max(0, at - 20) : at + 40]


def add_system_prompt(prompt: str, value: dict[str, Any]) -> dict[str, Any]:
    key = turns_key(value)
    if key is None:
        return {**value, "system": prompt} if "instruction" in value and not value.get("system") else value
    turns = value[key]
    if value.get("system") or any(role_of(turn) in ("system", "developer") for turn in turns):
        return value
    role, text = ("from", "value") if text_key(turns[0]) == "value" else ("role", "content")
    return {**value, key: [{role: "system", text: prompt}, *turns]}


def make(context: LintContext) -> SystemPrompt:
    return SystemPrompt(context.settings)
