"""Fill sentence templates and remember what went into each slot."""

import random
import re
from dataclasses import dataclass

from . import scenes_en, scenes_zh
from .vocabulary import SLOTS, Slot

SCENES = {"zh": scenes_zh.SCENES, "en": scenes_en.SCENES}
SENTIMENT = {"zh": scenes_zh.SENTIMENT, "en": scenes_en.SENTIMENT}
QUESTIONS = {"zh": scenes_zh.QUESTIONS, "en": scenes_en.QUESTIONS}
FIELDS = {"zh": scenes_zh.FIELDS, "en": scenes_en.FIELDS}

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+?)(\d?)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    slots: dict[str, str]
    topic: str
    intent: str


def fill(
    rng: random.Random, template: str, language: str, slots: dict[str, Slot] | None = None
) -> tuple[str, dict[str, str]]:
    """Choose between [a|b], then draw every {slot} from `slots`; {slot2} is another draw of the same kind."""
    drawn_from = SLOTS[language] if slots is None else slots
    chosen = CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    values: dict[str, str] = {}

    def draw(match: re.Match[str]) -> str:
        key = match[1] + match[2]
        if key not in values:
            values[key] = drawn_from[match[1]](rng)
        return values[key]

    text = SLOT.sub(draw, chosen)
    return (text[:1].upper() + text[1:] if language == "en" else text), values


def sentence(rng: random.Random, language: str, *, topic: str | None = None, intent: str | None = None) -> Sentence:
    scenes = SCENES[language]
    topic = topic or rng.choice(list(scenes))
    intent = intent or rng.choice(list(scenes[topic]))
    text, slots = fill(rng, rng.choice(scenes[topic][intent]), language)
    return Sentence(text, slots, topic, intent)


def sentence_with_slots(rng: random.Random, language: str, *, at_least: int) -> Sentence:
    while True:
        found = sentence(rng, language)
        values = list(found.slots.values())
        if len(values) >= at_least and len(set(values)) == len(values):
            return found


def join(language: str, texts: list[str]) -> str:
    return ("" if language == "zh" else " ").join(texts)


def passage(rng: random.Random, language: str, *, sentences: int) -> tuple[str, list[Sentence]]:
    """Several unrelated sentences in a row, whose slots are all different kinds or at least different values."""
    found = [sentence(rng, language) for _ in range(sentences)]
    return join(language, [one.text for one in found]), found


def intents(language: str) -> list[tuple[str, str]]:
    return [(topic, intent) for topic, inside in SCENES[language].items() for intent in inside]
