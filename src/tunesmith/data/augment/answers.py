"""The model's free text becomes pairs or texts: JSON, JSON lines, fenced code, or numbered Q: and A: lines.

The text is untrusted: it may be cut off, half JSON, endless, or nothing at all. What cannot be read is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

MAX_ANSWER_CHARS = 400_000
MAX_ITEMS = 100
MAX_TEXT_CHARS = 20_000
_PARSING_SHARE = 8  # objects within objects are parsed again and again, up to this many times the text

QUESTION_KEYS = ("question", "prompt", "instruction", "query", "user", "input", "q", "问题", "提问", "问")
ANSWER_KEYS = ("answer", "completion", "output", "response", "assistant", "reply", "a", "回答", "答案", "答")
TEXT_KEYS = (*QUESTION_KEYS, *ANSWER_KEYS, "text", "paraphrase", "rewrite", "改写")

_THINKING = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]', re.DOTALL)
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NUMBER = r"(?:\(?\d{1,3}[.):、）]|[-*•])"
_LIST_ITEM = re.compile(rf"^[ \t]*{_NUMBER}[ \t]*(?=\S)", re.MULTILINE)
_BOLD = r"\**"


def _label(words: str) -> re.Pattern[str]:
    """`Q:`, `3. **Question 3:**`, `问：` at the start of a line."""
    before = rf"^[ \t]*(?:{_NUMBER})?[ \t]*{_BOLD}"
    return re.compile(rf"{before}(?:{words})[ \t]*\d*{_BOLD}[ \t]*[:：]{_BOLD}", re.IGNORECASE | re.MULTILINE)


_QUESTION = _label("question|q|user|prompt|问题|提问|问")
_ANSWER = _label("answer|a|assistant|response|completion|回答|答案|答")


@dataclass(frozen=True, slots=True)
class Pair:
    question: str
    answer: str


def read_pairs(text: str) -> list[Pair]:
    """Questions with their answers, at most MAX_ITEMS; empty where nothing can be read."""
    for part in _parts(text):
        pairs = [pair for value in _objects(part) if (pair := _as_pair(value))]
        if pairs:
            return pairs[:MAX_ITEMS]
    for part in _parts(text):
        pairs = list(_labelled(part))
        if pairs:
            return pairs[:MAX_ITEMS]
    return []


def read_texts(text: str) -> list[str]:
    """A list of texts, at most MAX_ITEMS; a text that is neither JSON nor a list is not one."""
    for part in _parts(text):
        texts = [found for value in _values(part) if (found := _as_text(value))]
        if texts:
            return texts[:MAX_ITEMS]
    for part in _parts(text):
        marks = list(_LIST_ITEM.finditer(part))
        ends = [*(mark.start() for mark in marks[1:]), len(part)]
        texts = [_clean(part[mark.end() : end]) for mark, end in zip(marks, ends, strict=False)]
        if texts := [one for one in texts if one]:
            return texts[:MAX_ITEMS]
    return []


def _parts(text: str) -> list[str]:
    """What is inside code fences, if anything is, and then everything."""
    text = _THINKING.sub("", text[:MAX_ANSWER_CHARS]).strip().lstrip("\ufeff")
    return [*(match.group(1) for match in _FENCE.finditer(text)), text]


def _values(text: str) -> list[Any]:
    """A JSON list's elements (or those of the only list in an object); or objects found in the text; or strings."""
    whole = _loads(text)
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 else [whole]
    if isinstance(whole, list):
        return whole
    objects = _objects(text)
    if objects:
        return objects
    start = text.find("[")
    if start < 0:
        return []
    return [_loads(match.group()) for match in _JSON_STRING.finditer(text, start)]


def _objects(text: str) -> list[dict[str, Any]]:
    """Every whole JSON object in the text, inner ones first; by brackets, so that a torn list gives those it has."""
    whole = _loads(text)
    if isinstance(whole, dict) and _as_pair(whole) is None:
        lists = [value for value in whole.values() if isinstance(value, list)]
        whole = lists[0] if len(lists) == 1 else [whole]
    if isinstance(whole, list):
        return [value for value in whole if isinstance(value, dict)]
    found: list[dict[str, Any]] = []
    starts: list[int] = []
    left = _PARSING_SHARE * len(text)
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark == "{":
            starts.append(match.start())
        elif mark == "}" and starts:
            part = text[starts.pop() : match.end()]
            left -= len(part)
            if left < 0:
                break
            if isinstance(value := _loads(part), dict):
                found.append(value)
    return found


def _loads(text: str) -> Any:
    """The JSON value, or None; orjson refuses deep nesting by itself."""
    try:
        return orjson.loads(text.strip().rstrip(","))
    except orjson.JSONDecodeError:
        return None


def _as_pair(value: dict[str, Any]) -> Pair | None:
    if isinstance(value.get("messages"), list):
        return _pair_of_messages(value["messages"])
    question, answer = _first_text(value, QUESTION_KEYS), _first_text(value, ANSWER_KEYS)
    return Pair(question, answer) if question is not None and answer is not None else None


def _pair_of_messages(messages: list[Any]) -> Pair | None:
    texts = {
        m.get("role"): m.get("content") for m in messages if isinstance(m, dict) and isinstance(m.get("role"), str)
    }
    question, answer = texts.get("user"), texts.get("assistant")
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    return Pair(_clean(question), _clean(answer))


def _first_text(value: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    lowered = {key.strip().lower(): one for key, one in value.items()}
    for key in keys:
        if isinstance(one := lowered.get(key), str):
            return _clean(one)
        if isinstance(one, int | float) and not isinstance(one, bool):
            return str(one)
    return None


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return _clean(value) or None
    if isinstance(value, dict):
        return _first_text(value, TEXT_KEYS)
    return None


def _labelled(text: str) -> Iterator[Pair]:
    """`Q: ... A: ...`, numbered or not, in English or Chinese."""
    questions = [(match.start(), match.end()) for match in _QUESTION.finditer(text)]
    for number, (_, start) in enumerate(questions):
        end = questions[number + 1][0] if number + 1 < len(questions) else len(text)
        answer = _ANSWER.search(text, start, end)
        if answer is not None:
            yield Pair(_clean(text[start : answer.start()]), _clean(text[answer.end() : end]))


def _clean(text: str) -> str:
    return text[:MAX_TEXT_CHARS].strip().strip("*").strip()
