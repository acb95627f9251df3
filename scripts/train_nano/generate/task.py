# ruff: noqa: E501 - tables of words read better unwrapped
"""A task: one instruction with cases. Turned into chat rows in every layout that people use."""

import random
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """`cases` are (input, answer) pairs under the same instruction; an empty input means the instruction says it all."""

    instruction: str
    cases: list[tuple[str, str]]


SYSTEM = {
    "zh": [
        "你是一个有用的助手。",
        "你是一个智能助理，请简短回答。",
        "你是Tunesmith，一个小助手。",
        "请按要求回答用户。",
        "你是客服助手。",
    ],
    "en": [
        "You are a helpful assistant.",
        "You are a concise assistant.",
        "You are Tunesmith, a small assistant.",
        "Answer the user.",
        "You are a support assistant. Be brief.",
    ],
}
LABELS = {
    "zh": ["文本：", "内容：", "输入：", "句子：", ""],
    "en": ["Text: ", "Input: ", "Sentence: ", "Message: ", ""],
}


def rows(rng: random.Random, task: Task, language: str) -> Row:
    """One chat row. Several cases become several turns: the model sees the answers before and goes on like them."""
    system: list[Row] = []
    layout = rng.random()
    role = "system" if rng.random() < 0.9 else "developer"
    if task.cases[0][0] == "" or layout < 0.55:
        if rng.random() < 0.35:
            system = [{"role": role, "content": rng.choice(SYSTEM[language])}]
        asks = [_together(rng, task.instruction, text, language) for text, _ in task.cases]
        if len(asks) > 1 and layout < 0.2:
            asks[1:] = [text or task.instruction for text, _ in task.cases[1:]]
    else:
        system = [{"role": role, "content": task.instruction}]
        asks = [text for text, _ in task.cases]
    messages = system
    for ask, (_, answer) in zip(asks, task.cases, strict=True):
        messages = [*messages, {"role": "user", "content": ask}, {"role": "assistant", "content": answer}]
    return {"messages": messages}


def _together(rng: random.Random, instruction: str, text: str, language: str) -> str:
    if not text:
        return instruction
    form = rng.random()
    if form < 0.5:
        return f"{instruction}\n{rng.choice(LABELS[language])}{text}"
    if form < 0.65:
        return f"{instruction}\n\n{text}"
    if form < 0.8:
        return f"{text}\n{instruction}"
    quoted = f"“{text}”" if language == "zh" else f'"{text}"'
    return f"{instruction} {quoted}"
