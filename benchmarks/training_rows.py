"""Rows for the training benchmark, seeded: long ones that share prompts and passages, and short Chinese questions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from lint_rows import _CHINESE, _ENGLISH

from tunesmith.data.examples import ChatExample, Message


def shared_passages(n_rows: int, *, seed: int = 3) -> list[ChatExample]:
    """Like AR-LSAT: one system prompt, passages with 5 to 7 questions each, five options, one letter as the answer."""
    chance = random.Random(seed)
    system = _english(chance, 70)
    rows: list[list[Message]] = []
    while len(rows) < n_rows:
        passage = _english(chance, chance.gauss(130, 25))
        for _ in range(chance.choice([5, 5, 6, 6, 7])):
            options = "\n".join(f"({letter}) {_english(chance, chance.gauss(11, 4))}" for letter in "ABCDE")
            question = f"{passage}\n{_english(chance, chance.gauss(40, 12))}\n{options}"
            rows.append(
                [Message("system", system), Message("user", question), Message("assistant", chance.choice("ABCDE"))]
            )
    chance.shuffle(rows)
    return [ChatExample(line, tuple(messages)) for line, messages in enumerate(rows[:n_rows], 1)]


def chinese_questions(n_rows: int, *, seed: int = 4) -> list[ChatExample]:
    """Short questions and somewhat longer answers that have nothing in common."""
    chance = random.Random(seed)
    rows = []
    for line in range(1, n_rows + 1):
        question = _chinese(chance, chance.lognormvariate(math.log(15), 0.5))
        answer = _chinese(chance, chance.lognormvariate(math.log(28), 0.6))
        rows.append(ChatExample(line, (Message("user", question), Message("assistant", answer))))
    return rows


def _english(chance: random.Random, n_words: float) -> str:
    return " ".join(chance.choices(_ENGLISH, k=max(3, round(n_words))))


def _chinese(chance: random.Random, n_words: float) -> str:
    return "".join(chance.choices(_CHINESE, k=max(3, round(n_words))))


ROWS: dict[str, Callable[[int], list[ChatExample]]] = {
    "passages": shared_passages,
    "zh_qa": chinese_questions,
}
