"""What the columns of a table, or the keys of rows in no known dialect, are for: guessed from names and contents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tunesmith.data.formats import FormatName
from tunesmith.data.formats.row_report import cut
from tunesmith.data.formats.tool_calls import parse_json

Use = Literal[
    "question", "context", "text", "answer", "label", "system", "history", "better", "worse", "tools", "reward"
]

# Names seen in files that people share, in both languages; the first of a kind wins over the later ones.
NAMES: dict[Use, tuple[str, ...]] = {
    "better": (
        "chosen",
        "preferred",
        "preferred_answer",
        "accepted",
        "better",
        "win",
        "更好的回答",
        "好回答",
        "优选",
        "采纳",
    ),
    "worse": ("rejected", "non_preferred", "dispreferred", "worse", "lose", "较差的回答", "差回答", "拒绝"),
    "system": ("system", "system_prompt", "sys_prompt", "系统提示词", "系统提示", "系统"),
    "history": ("history", "历史对话", "历史"),
    "tools": ("tools", "functions", "function", "工具"),
    "reward": ("reward", "奖励", "得分"),
    "question": (
        *("prompt", "instruction", "question", "questions", "query", "ask", "q", "user", "human", "problem", "goal"),
        *("提示词", "指令", "标准问", "问题", "提问", "题目", "用户输入", "用户", "问"),
    ),
    "answer": (
        *("completion", "output", "answer", "answers", "response", "reply", "target", "generation", "assistant", "gpt"),
        *("bot", "solution", "gold", "a", "translation", "summary", "highlights"),
        *("标准答案", "回答", "答案", "回复", "答复", "解答", "输出", "译文", "摘要", "答"),
    ),
    "context": (
        *(
            "context",
            "passage",
            "background",
            "title",
            "subject",
            "headline",
            "article",
            "document",
            "options",
            "choices",
        ),
        *("上下文", "背景", "材料", "标题", "原文", "选项", "文章", "参考资料"),
    ),
    "text": (
        *("input", "text", "sentence", "content", "description", "body", "review", "comment", "message", "email"),
        *("utterance", "source", "tweet", "内容", "正文", "文本", "输入", "描述", "句子", "评论", "详情", "原句"),
    ),
    "label": (
        *("label", "label_text", "label_name", "category", "class", "classification", "intent", "sentiment", "topic"),
        *("tag", "标签", "类别", "分类", "意图", "情感", "类型"),
    ),
}
_ID_NAME = re.compile(r"(^|_)(id|idx|index|uuid|guid|no|number|hash|url|unnamed:?_?\d*)$|^序号$|编号$")

_MOST_LISTED = 8

MAX_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class Guess:
    """`mapping` is column -> field of `format`; `confidence` is 0..1; the reasons are for people."""

    format: FormatName
    mapping: dict[str, str]
    confidence: float
    because: str
    because_zh: str


@dataclass(frozen=True, slots=True)
class Column:
    """`use` is what the name says, `kind` what the values are, `filled` the share of rows that have a value."""

    name: str
    use: Use | None
    kind: Literal["text", "number", "boolean", "conversation", "tools", "other"]
    filled: float
    rank: int = 0


def describe(samples: Sequence[dict[str, Any]], names: Sequence[str]) -> list[Column]:
    """What can be said of each of the first MAX_COLUMNS columns from its name and its values in the samples."""
    columns = []
    for name in names[:MAX_COLUMNS]:
        values = [value for row in samples if (value := row.get(name)) not in (None, "", [], {})]
        use, rank = use_of(name)
        columns.append(Column(name, use, _kind_of(values), len(values) / max(1, len(samples)), rank))
    return columns


def use_of(name: str) -> tuple[Use | None, int]:
    """What a column of this name is probably for, and how far down the list of names it stands."""
    plain = re.sub(r"[\s\-/]+", "_", name.strip().strip("\ufeff").casefold())
    for use, synonyms in NAMES.items():
        if plain in synonyms:
            return use, synonyms.index(plain)
    if is_row_id(plain):
        return None, 0
    last = re.sub(r"[^\w].*$", "", plain).rsplit("_", 1)[-1]
    for use, synonyms in NAMES.items():
        for rank, word in enumerate(synonyms):
            if (len(word) > 1 and last == word) or (not word.isascii() and len(word) > 1 and plain.endswith(word)):
                return use, 100 + rank
    return None, 0


def is_row_id(name: str) -> bool:
    """Whether a column of this name numbers the rows."""
    return _ID_NAME.search(name.casefold()) is not None


def _kind_of(values: Sequence[Any]) -> Literal["text", "number", "boolean", "conversation", "tools", "other"]:
    if not values:
        return "text"
    opened = [parse_json(value) if isinstance(value, str) and value[:1] in "[{" else value for value in values]
    opened = [value for value in opened if value not in ([], {})] or opened
    if all(is_conversation(value) for value in opened):
        return "conversation"
    if all(_is_tools(value) for value in opened):
        return "tools"
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, (int, float)) or (isinstance(value, str) and _is_number(value)) for value in values):
        return "number"
    return "text" if all(isinstance(value, (str, int, float)) for value in values) else "other"


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of messages in any spelling, one message, or a list of such lists."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return all(is_conversation(part) for part in value)
    turns = value if isinstance(value, list) else [value]
    return bool(turns) and all(isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in turns)


def _is_tools(value: Any) -> bool:
    tools = value if isinstance(value, list) else [value]
    return bool(tools) and all(
        isinstance(tool, dict) and ("function" in tool or ("name" in tool and "parameters" in tool)) for tool in tools
    )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?[\d,]*\.?\d+(e[-+]?\d+)?\s*", text, re.IGNORECASE) is not None


def guess(columns: Sequence[Column], *, taken: frozenset[str] = frozenset()) -> Guess | None:
    """The likeliest reading; None when the columns say too little. `taken` are columns that are spoken for."""
    free = [column for column in columns if column.name not in taken]
    return _conversations(free) or _pairs(free) or _questions(free) or _first_two(free)


def _named(columns: Sequence[Column], *uses: Use) -> list[Column]:
    """The columns of these uses, best name first."""
    found = [column for column in columns if column.use in uses]
    return sorted(found, key=lambda column: (uses.index(column.use), column.rank) if column.use else (9, 0))


def _conversations(columns: Sequence[Column]) -> Guess | None:
    conversations = [column for column in columns if column.kind == "conversation"]
    if not conversations:
        return None
    answers = [
        column
        for column in _named(columns, "answer")
        if column.kind in ("text", "conversation") and column.filled > 0.5
    ][:1]
    told = [conversations[0], *(answer for answer in answers if answer is not conversations[0])]
    mapping = {column.name: "messages" for column in columns if column in told}
    mapping |= {column.name: "tools" for column in columns if column.kind == "tools"}
    rewards = [
        column for column in columns if column.use in ("reward", "label") and column.kind in ("number", "boolean")
    ]
    if rewards and len(told) > 1:
        mapping[rewards[0].name] = "label"
    names, names_zh = _listed(told), _listed_zh(told)
    if len(told) > 1:
        en = f"{names} hold a conversation and its answer, by name and content"
        return Guess("chat", mapping, 0.8, en, f"{names_zh}是对话和它的回答（按列名和内容判断）")
    en, zh = f"{names} holds a conversation", f"{names_zh}是一段对话"
    return Guess("chat", mapping, 0.9, en, zh)


def _pairs(columns: Sequence[Column]) -> Guess | None:
    better, worse = _named(columns, "better")[:1], _named(columns, "worse")[:1]
    if not better or not worse:
        return None
    asked = _asked(columns, [*better, *worse])
    mapping = {column.name: "prompt" for column in asked}
    mapping |= {better[0].name: "chosen", worse[0].name: "rejected"}
    mapping |= {column.name: "system" for column in _named(columns, "system")[:1]}
    told = [*asked, *better, *worse]
    en = f"{_listed(told)} are named like a prompt with a better and a worse answer"
    return Guess("preference", mapping, 0.9, en, f"{_listed_zh(told)}的列名像提示词和一好一差两个回答")


def _questions(columns: Sequence[Column]) -> Guess | None:
    labels = [column for column in _named(columns, "label") if column.kind in ("text", "number")]
    labels.sort(key=lambda column: (column.kind == "number", column.rank))
    answers = [column for column in _named(columns, "answer") if column.kind != "conversation"]
    answers = sorted(answers, key=lambda column: column.kind == "other") or labels
    if not answers:
        return None
    answer = answers[0]
    asked = _asked(columns, [answer])
    if not asked:
        if answer.use == "label" or len(columns) > 2:
            return None
        asked = [column for column in columns if column is not answer and column.kind == "text"]
        if not asked:
            return None
    mapping = {column.name: "prompt" for column in asked} | {answer.name: "completion"}
    systems, histories = _named(columns, "system")[:1], _named(columns, "history")[:1]
    confidence = _sureness(asked, answer)
    wanted = [column for column in columns if column.kind == "boolean" and column.use in ("label", "reward")]
    if wanted and len(asked) == 1 and answer is not wanted[0]:
        mapping = {asked[0].name: "messages", answer.name: "messages", wanted[0].name: "label"}
        mapping = {column.name: mapping[column.name] for column in columns if column.name in mapping}
        told = [asked[0], answer, wanted[0]]
        en = f"{_listed(told)} are a question, an answer and whether the answer is wanted, by name"
        zh = f"{_listed_zh(told)}是提问、回答，以及是否想要这个回答（按列名判断）"
        return Guess("chat", mapping, confidence, en, zh)
    told = [*asked, answer]
    verb = "is" if len(asked) == 1 else "are"
    en = f"{_listed(asked)} {verb} read as the prompt and {_listed([answer])} as the answer"
    zh = f"{_listed_zh(asked)}读作提示词，{_listed_zh([answer])}读作回答"
    if not systems and not histories:
        return Guess("prompt_completion", mapping, confidence, f"{en}, by name", f"{zh}（按列名判断）")
    fields = {"prompt": "instruction", "completion": "output"}
    mapping = {name: fields[field] for name, field in mapping.items()}
    mapping |= {column.name: "system" for column in systems} | {column.name: "history" for column in histories}
    told += [*systems, *histories]
    return Guess("alpaca", mapping, confidence, f"{en}, by name", f"{zh}（按列名判断）")


def _sureness(asked: Sequence[Column], answer: Column) -> float:
    """Lower for vaguer names, and in proportion to the rows that lack a question or an answer."""
    sure = 0.95 if answer.use == "answer" else 0.8
    uses = {column.use for column in asked}
    sure -= 0.0 if "question" in uses else 0.1 if uses & {"text", "context"} else 0.2
    filled = min(max(column.filled for column in asked), answer.filled)
    return round(sure * filled, 2)


def _asked(columns: Sequence[Column], answers: Sequence[Column]) -> list[Column]:
    """The columns that make up the prompt, in file order."""
    questions = [column for column in _named(columns, "question") if column.kind in ("text", "number")]
    if questions:
        wanted = {questions[0].name} | {column.name for column in columns if column.use == "context"}
        if questions[0].name.casefold() in ("instruction", "指令"):
            wanted |= {column.name for column in columns if column.name.casefold() in ("input", "输入")}
    elif answers[0].use == "label":
        wanted = {column.name for column in columns if not _is_about_the_row(column)}
    else:
        wanted = {column.name for column in columns if column.use in ("text", "context")}
    taken = {answer.name for answer in answers}
    return [
        column
        for column in columns
        if column.name in wanted and column.name not in taken and column.kind in ("text", "number", "other")
    ]


def _is_about_the_row(column: Column) -> bool:
    """Whether a column numbers or labels the row instead of describing what is to be classified."""
    return (
        column.use in ("label", "answer", "system", "reward")
        or is_row_id(column.name)
        or column.name.casefold().startswith(("label", "class_", "split", "unnamed"))
    )


def _first_two(columns: Sequence[Column]) -> Guess | None:
    """Two columns of text whose names say nothing: perhaps a question and its answer."""
    texts = [column for column in columns if column.kind == "text" and column.filled > 0.5]
    if len(columns) == 1 and texts:
        en, zh = (
            f"{_listed(texts)} is the only column: texts without a prompt",
            f"只有{_listed_zh(texts)}一列：没有提示词的文本",
        )
        sure = 0.6 if texts[0].use == "text" else 0.3
        return Guess("prompt_completion", {texts[0].name: "completion"}, sure, en, zh)
    if len(texts) < 2:
        return None
    one, two = texts[0], texts[1]
    en = f"{_listed([one, two])} are the first two columns of text; their names do not say what they are"
    zh = f"{_listed_zh([one, two])}是最前面的两列文本；列名看不出用途"
    return Guess("prompt_completion", {one.name: "prompt", two.name: "completion"}, 0.3, en, zh)


def _listed(columns: Sequence[Column]) -> str:
    names = [f'"{cut(column.name)}"' for column in columns[:_MOST_LISTED]]
    if len(columns) > _MOST_LISTED:
        return f"{', '.join(names)} and {len(columns) - _MOST_LISTED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _listed_zh(columns: Sequence[Column]) -> str:
    names = "、".join(f"“{cut(column.name)}”" for column in columns[:_MOST_LISTED])
    return f"{names}等 {len(columns)} 列" if len(columns) > _MOST_LISTED else names
