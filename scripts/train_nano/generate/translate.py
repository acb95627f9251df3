"""Translation rows from sentence pairs that are given (Tatoeba)."""

import random
from collections.abc import Iterable, Iterator

from .task import Row, Task, rows

TO_ENGLISH = ["翻译成英文。", "把下面的句子译成英语：", "请翻译：", "Translate into English:", "In English, please."]
TO_CHINESE = [
    "翻译成中文。",
    "译成汉语：",
    "Translate into Chinese:",
    "What is this in Chinese?",
    "请把英文翻译成中文。",
]


def translations(rng: random.Random, pairs: Iterable[tuple[str, str]]) -> Iterator[Row]:
    for english, chinese in pairs:
        if rng.random() < 0.5:
            yield rows(rng, Task(rng.choice(TO_ENGLISH), [(chinese, english)]), "zh")
        else:
            yield rows(rng, Task(rng.choice(TO_CHINESE), [(english, chinese)]), "en")
