"""A system prompt that says one thing while the rows show another: four options announced, five given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tunesmith.data.lint.answer_language import language_of
from tunesmith.data.lint.answers import last_question, main_answer
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.findings import Finding

CODES = ("options_contradict_system", "answer_contradicts_system", "language_contradicts_system")

_OPTIONS = Texts(
    'the system prompt says "{said}", but {count} row(s) have {found} options ({where}): correct the prompt',
    "系统提示写的是“{said}”，但有 {count} 行给了 {found} 个选项（{where}）：请改正系统提示",
)
_ANSWER = Texts(
    'the system prompt says "{said}", but {count} row(s) answer "{found}" ({where}): correct the prompt or the answers',
    "系统提示写的是“{said}”，但有 {count} 行的回答是“{found}”（{where}）：请改正系统提示或回答",
)
_LANGUAGE = Texts(
    'the system prompt says "{said}", but {count} row(s) answer in another language ({where})',
    "系统提示写的是“{said}”，但有 {count} 行用另一种语言回答（{where}）",
)

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8} | {
    word: number
    for number, words in {2: "两二", 3: "三", 4: "四", 5: "五", 6: "六", 7: "七", 8: "八"}.items()
    for word in words
}
_WORDS = "|".join(_NUMBERS)
_SAID_COUNT = re.compile(
    rf"(?:there are |choose (?:one )?(?:of|from) (?:the )?|one of (?:the )?|following |has |have |with |the |given )"
    rf"({_WORDS}|[2-8])\s+(?:\w+ )?(?:options|choices|alternatives|answer (?:options|choices|labels))\b"
    rf"|({_WORDS}|[2-8])\s*个\s*(?:选项|备选|候选答案|答案选项)",
    re.I,
)
_SAID_RANGE = re.compile(
    r"""\b(?:one of|from|answer|options?|choose|select|letters?|选项|从|回答|选择)[^.。\n]{0,25}?"""
    r"""(?<![A-Za-z])['"(“]?A['")”]?\s*(?:-|–|to|~|至|到)\s*['"(“]?([B-H])(?![A-Za-z])"""
    r"""|(?<![A-Za-z])A['")”]?[,，、/ ]+\s*(?:['"(“]?[B-H]['")”]?[,，、/ ]+\s*)*"""
    r"""(?:or |and |或|和|、)?\s*['"(“]?([B-H])(?![A-Za-z])"""
)
_SAID_LANGUAGE = re.compile(
    r"(?:always |only |must )?(?:answer|respond|reply|write)(?: only| always)?(?: to the user)? in (english|chinese)\b"
    r"|(?:请)?(?:只|必须|始终|一律|务必)?(?:使用|用|以)(英文|英语|中文|汉语)(?:来)?(?:回答|回复|作答|答复)",
    re.I,
)
# An option: "A. ", "(A) ", "A) ", "A、", "A：" at the beginning of a line, or else after a space.
_LINE_LABEL = re.compile(r"^[ \t]*\(?([A-H])(?:[.)、：:．]|\))(?=\s*\S)", re.M)
_LABEL = re.compile(r"(?:^|\s)\(?([A-H])(?:[.)、：:．]|\))(?=\s*\S)")


class _Said(NamedTuple):
    """What a system prompt states: how many options (in which words), the last letter, the language."""

    n_options: int = 0
    options_text: str = ""
    last_letter: str = ""
    letters_text: str = ""
    language: str = ""
    language_text: str = ""


@lru_cache(maxsize=256)
def stated(system: str) -> _Said:
    said = _Said()
    if found := _SAID_COUNT.search(system):
        said = said._replace(n_options=_number(found[1] or found[2]), options_text=found.group().strip())
    if found := _SAID_RANGE.search(system):
        said = said._replace(last_letter=found[1] or found[2], letters_text=found.group().strip())
    if found := _SAID_LANGUAGE.search(system):
        language = "en" if (found[1] or found[2]).lower() in ("english", "英文", "英语") else "zh"
        said = said._replace(language=language, language_text=found.group().strip())
    return said


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def n_options(question: str) -> int:
    """How many options a question lists: the letters from A on that each begin one, in order; 0 without a list."""
    return _n_in_order(_LINE_LABEL, question) or _n_in_order(_LABEL, question)


def _n_in_order(label: re.Pattern[str], question: str) -> int:
    expected = "A"
    for found in label.finditer(question):
        if found[1] == expected:
            expected = chr(ord(expected) + 1)
    count = ord(expected) - ord("A")
    return count if count >= 2 else 0


@dataclass(slots=True)
class SystemContradictsRows(Check):
    lines: dict[tuple[str, str, str], Lines] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        system = row.system
        if not system:
            return
        said = stated(system)
        if said is _NOTHING or said == _NOTHING:
            return
        answer = main_answer(row)
        found = n_options(last_question(row)) if said.n_options else 0
        if found and found != said.n_options:
            self._note("options_contradict_system", said.options_text, str(found), row.line)
        elif len(answer) == 1 and "A" <= answer <= "H":
            if said.last_letter and answer > said.last_letter:
                self._note("answer_contradicts_system", said.letters_text, answer, row.line)
            elif said.n_options and ord(answer) - ord("A") >= said.n_options:
                self._note("answer_contradicts_system", said.options_text, answer, row.line)
        if said.language and (language := language_of(answer)) and language != said.language:
            self._note("language_contradicts_system", said.language_text, language, row.line)

    def _note(self, code: str, said: str, found: str, line: int) -> None:
        key = (code, said, found)
        if key in self.lines or len(self.lines) < _MAX_KINDS:
            self.lines.setdefault(key, Lines()).add(line)

    def merge(self, later: SystemContradictsRows) -> None:
        for key, lines in later.lines.items():
            if key in self.lines or len(self.lines) < _MAX_KINDS:
                self.lines.setdefault(key, Lines()).merge(lines)

    def findings(self) -> list[Finding]:
        return [
            finding(code, "warning", _TEXTS[code], lines=lines, said=said, found=found)
            for (code, said, found), lines in self.lines.items()
        ]


_NOTHING = _Said()
_MAX_KINDS = 50
_TEXTS = {
    "options_contradict_system": _OPTIONS,
    "answer_contradicts_system": _ANSWER,
    "language_contradicts_system": _LANGUAGE,
}


def make(context: LintContext) -> SystemContradictsRows:
    return SystemContradictsRows()
