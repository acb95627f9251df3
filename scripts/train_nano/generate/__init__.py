"""The project's own generator of instruction rows and simple text, in Chinese and English, from one seed."""

import random
from collections.abc import Iterator

from . import arithmetic, classify, extract, knowledge, prose, strings, style, tools
from .task import Row, rows

FAMILIES = [
    (classify.classify, 16),
    (classify.by_example, 8),
    (extract.to_json, 16),
    (extract.one_value, 10),
    (extract.answer, 14),
    (extract.speaker_records, 6),
    (strings.copy, 4),
    (strings.random_characters, 3),
    (strings.list_work, 6),
    (strings.number_work, 3),
    (strings.words, 2),
    (style.restyle, 5),
    (style.reply, 4),
    (arithmetic.arithmetic, 3),
    (arithmetic.spell, 1),
    (knowledge.knowledge, 5),
]
"""Families and how often each is drawn. Reading a value out of the text is most of what users fine-tune for."""
TURNS = [(1, 60), (2, 14), (3, 14), (5, 8), (8, 4)]
"""Cases in one row and how often: several cases in a row teach going on as in the turns before."""


def instruct_rows(*, seed: int, count: int) -> Iterator[Row]:
    """`count` chat rows of all families; equal seeds give equal rows."""
    rng = random.Random(seed)
    families, weights = zip(*FAMILIES, strict=True)
    turns, turn_weights = zip(*TURNS, strict=True)
    for _ in range(count):
        language = rng.choice(["zh", "en"])
        other = rng.random()
        if other < 0.03:
            yield prose.tell_story(rng, language)
        elif other < 0.08:
            yield tools.tool_call(rng, language)
        else:
            family = rng.choices(families, weights)[0]
            yield rows(rng, family(rng, language, rng.choices(turns, turn_weights)[0]), language)


def long_rows(*, seed: int, count: int) -> Iterator[Row]:
    """`count` chat rows of several hundred tokens and more: long lists to look something up in, and many turns."""
    rng = random.Random(seed)
    families, weights = zip(*FAMILIES, strict=True)
    for _ in range(count):
        language = rng.choice(["zh", "en"])
        if rng.random() < 0.5:
            task = extract.speaker_records(rng, language, 1, sizes=range(20, 90))
        else:
            task = rng.choices(families, weights)[0](rng, language, rng.randint(8, 20))
        yield rows(rng, task, language)


def plain_texts(*, seed: int, count: int, chinese: float) -> Iterator[str]:
    """`count` plain documents, a share of `chinese` of them in Chinese."""
    rng = random.Random(seed)
    for _ in range(count):
        yield prose.plain_text(rng, "zh" if rng.random() < chinese else "en")
