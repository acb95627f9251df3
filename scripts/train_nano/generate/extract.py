"""Values out of a text: as JSON, as one value, as an answer to a question."""

import json
import random
from collections.abc import Sequence

from .sentences import FIELDS, QUESTIONS, Sentence, join, sentence, sentence_with_slots
from .task import Task
from .vocabulary import SLOTS

ASK = {
    "zh": [
        "提取信息，输出JSON，字段：{fields}。",
        "从文本中抽取字段：{fields}，用JSON回答。",
        "请把{fields}提取成JSON格式。",
        "以JSON返回{fields}。",
        "抽取{fields}：",
    ],
    "en": [
        "Extract the fields {fields} as JSON.",
        "Return JSON with {fields}.",
        "Pull out {fields} and answer in JSON.",
        "Extract {fields}. JSON only.",
        "JSON keys: {fields}.",
    ],
}
ONE = {
    "zh": ["提取{field}。", "文中的{field}是什么？只回答{field}。", "找出{field}：", "{field}？"],
    "en": [
        "Extract the {field}.",
        "What is the {field}? Reply with the {field} only.",
        "Find the {field}:",
        "{field}?",
    ],
}
FROM_TEXT = {
    "zh": ["根据短文回答问题。", "阅读下文，回答：", "请根据内容作答。", "看文章，用原文回答。"],
    "en": [
        "Answer the question from the text.",
        "Read and answer:",
        "Use the passage to answer.",
        "Answer with words from the text.",
    ],
}
MISSING = {
    "zh": ["文中没有提到。", "未提及", "不知道。"],
    "en": ["Not mentioned.", "unknown", "The text does not say."],
}


def kind_of(slot: str) -> str:
    return slot.rstrip("0123456789")


def to_json(rng: random.Random, language: str, count: int) -> Task:
    """All cases share the wanted fields; a field that a text lacks becomes null."""
    spaced = rng.random() < 0.7
    absent = rng.choice([None, None, "", "无" if language == "zh" else "none"])
    first = sentence_with_slots(rng, language, at_least=2)
    while len({kind_of(slot) for slot in first.slots}) < 2:
        first = sentence_with_slots(rng, language, at_least=2)
    kinds = sorted({kind_of(slot) for slot in first.slots}, key=lambda _: rng.random())[: rng.randint(2, 4)]
    if rng.random() < 0.15:
        kinds.append(rng.choice([kind for kind in FIELDS[language] if kind not in kinds]))
    keys: dict[str, str] = {}
    for kind in kinds:
        free = [name for name in FIELDS[language][kind] if name not in keys.values()]
        if free:
            keys[kind] = rng.choice(free)
    cases = []
    for index in range(count):
        found = first if index == 0 else sentence(rng, language, topic=first.topic, intent=first.intent)
        text = _with_distraction(rng, language, found, share=0.2)
        values = {keys[kind]: found.slots.get(kind, absent) for kind in keys}
        cases.append((text, json.dumps(values, ensure_ascii=False, separators=(", ", ": ") if spaced else (",", ":"))))
    names = ("、" if language == "zh" else ", ").join(keys.values())
    return Task(rng.choice(ASK[language]).format(fields=names), cases)


def one_value(rng: random.Random, language: str, count: int) -> Task:
    first = sentence_with_slots(rng, language, at_least=1)
    slot = rng.choice(list(first.slots))
    field = rng.choice(FIELDS[language][kind_of(slot)])
    cases = []
    for index in range(count):
        found = first
        while index and (found is first or slot not in found.slots):
            found = sentence(rng, language, topic=first.topic, intent=first.intent)
        cases.append((_with_distraction(rng, language, found, share=0.3), found.slots[slot]))
    return Task(rng.choice(ONE[language]).format(field=field), cases)


def answer(rng: random.Random, language: str, count: int) -> Task:
    """A passage and a question about one slot whose kind occurs once in it; sometimes the passage does not say."""
    cases = []
    missing = rng.choice(MISSING[language])
    for _ in range(count):
        sentences = [sentence(rng, language) for _ in range(rng.choice([1, 2, 2, 3]))]
        kinds = [kind_of(slot) for one in sentences for slot in one.slots]
        once = [(one, slot) for one in sentences for slot in one.slots if kinds.count(kind_of(slot)) == 1]
        text = join(language, [one.text for one in sentences])
        if not once or rng.random() < 0.06:
            kind = rng.choice([kind for kind in QUESTIONS[language] if kind not in kinds])
            reply = missing
        else:
            one, slot = rng.choice(once)
            kind, reply = kind_of(slot), one.slots[slot]
        question = rng.choice(QUESTIONS[language][kind])
        head = ("问题：", "问：", "") if language == "zh" else ("Question: ", "Q: ", "")
        mark = rng.choice(head)
        cases.append((f"{text}\n{mark}{question}" if rng.random() < 0.8 else f"{mark}{question}\n{text}", reply))
    return Task(rng.choice(FROM_TEXT[language]), cases)


def speaker_records(rng: random.Random, language: str, count: int, sizes: Sequence[int] = (2, 3, 4, 5)) -> Task:
    """A list of records with the same fields; asked for one field of one of them. Teaches looking up by key."""
    slots = SLOTS[language]
    few_kinds = ["product", "city", "food"] if max(sizes) < 10 else []
    key_kind = rng.choice(["person", "code", "company", *few_kinds])
    value_kind = rng.choice(
        [
            kind
            for kind in ["price", "phone", "city", "job", "age", "date", "time", "color", "email", "hobby"]
            if kind != key_kind
        ]
    )
    cases = []
    for _ in range(count):
        keys: list[str] = []
        size = rng.choice(sizes)
        while len(keys) < size:
            drawn = slots[key_kind](rng)
            if drawn not in keys:
                keys.append(drawn)
        values = [slots[value_kind](rng) for _ in keys]
        link = rng.choice(["：", "，", "-"] if language == "zh" else [": ", ", ", " - "])
        listing = rng.choice(["\n", "；" if language == "zh" else "; "]).join(
            f"{k}{link}{v}" for k, v in zip(keys, values, strict=True)
        )
        place = rng.randrange(len(keys))
        cases.append((f"{listing}\n{keys[place]}" + rng.choice(["？" if language == "zh" else "?", ""]), values[place]))
    asks = {
        "zh": ["查表回答。", "根据列表回答最后一行的值。", "查找对应的{field}。"],
        "en": ["Look it up in the list.", "Find the {field} for the last name.", "Answer from the list."],
    }
    return Task(rng.choice(asks[language]).format(field=rng.choice(FIELDS[language][value_kind])), cases)


def _with_distraction(rng: random.Random, language: str, found: Sentence, *, share: float) -> str:
    """Sometimes another sentence stands before or after, without slots of the same kinds."""
    if rng.random() > share:
        return found.text
    kinds = {kind_of(slot) for slot in found.slots}
    for _ in range(8):
        other = sentence(rng, language)
        if not kinds & {kind_of(slot) for slot in other.slots}:
            return join(language, [other.text, found.text] if rng.random() < 0.5 else [found.text, other.text])
    return found.text
