# ruff: noqa: E501 - tables of words read better unwrapped
"""Topics, intents and feelings; with the labels named, with made-up labels explained by examples, or with none named."""

import random

from .sentences import SCENES, SENTIMENT, fill, intents, sentence
from .task import Task
from .vocabulary import capitals, made_up_chinese, made_up_word

ASK = {
    "zh": [
        "把下面的文本分类。",
        "判断这句话属于哪一类。",
        "请选择合适的类别。",
        "给这段话打上标签。",
        "这句话的{kind}是什么？",
        "识别{kind}，只回答标签。",
        "{kind}分类：",
    ],
    "en": [
        "Classify the text.",
        "Which category fits?",
        "Choose the right label.",
        "Label the message.",
        "What is the {kind} of this text?",
        "Detect the {kind}. Reply with the label only.",
        "Classify the {kind}:",
    ],
}
LISTS = {
    "zh": ["类别：", "可选：", "从以下选项中选择：", "标签："],
    "en": ["Labels: ", "Options: ", "Choose from: ", "Categories: "],
}
KINDS = {
    "zh": {"topic": "主题", "intent": "意图", "feeling": "情感"},
    "en": {"topic": "topic", "intent": "intent", "feeling": "sentiment"},
}
FEELINGS = {
    "zh": [
        ("正面", "负面", "中性"),
        ("积极", "消极", "中立"),
        ("好评", "差评", "中评"),
        ("positive", "negative", "neutral"),
        ("喜欢", "不喜欢", "无所谓"),
    ],
    "en": [
        ("positive", "negative", "neutral"),
        ("good", "bad", "okay"),
        ("Positive", "Negative", "Neutral"),
        ("happy", "unhappy", "neutral"),
        ("pos", "neg", "neu"),
    ],
}


def classify(rng: random.Random, language: str, count: int) -> Task:
    kind = rng.choice(["topic", "intent", "intent", "feeling"])
    labels, draw = _classes(rng, language, kind)
    names = _names(rng, language, labels)
    instruction = rng.choice(ASK[language]).format(kind=KINDS[language][kind])
    if rng.random() < 0.75 or names is not labels:
        instruction = f"{instruction}{'' if language == 'zh' else ' '}{_listing(rng, language, labels, names)}"
    picked = [rng.randrange(len(labels)) for _ in range(count)]
    return Task(instruction, [(draw(index), names[index]) for index in picked])


def by_example(rng: random.Random, language: str, count: int) -> Task:
    """The classes have arbitrary names, shown only by examples in the instruction."""
    kind = rng.choice(["topic", "intent", "feeling"])
    labels, draw = _classes(rng, language, kind, most=3)
    names = _arbitrary(rng, language, len(labels))
    shown = [index for index in range(len(labels)) for _ in range(rng.choice([1, 2]))]
    rng.shuffle(shown)
    arrow = rng.choice([" -> ", " => ", "：" if language == "zh" else ": ", "\t"])
    examples = "\n".join(f"{draw(index)}{arrow}{names[index]}" for index in shown)
    head = rng.choice(
        ["照例子分类：", "根据例子回答：", "例子："]
        if language == "zh"
        else ["Follow the examples:", "Examples:", "Label like this:"]
    )
    picked = [rng.randrange(len(labels)) for _ in range(count)]
    return Task(f"{head}\n{examples}", [(draw(index), names[index]) for index in picked])


def _classes(rng: random.Random, language: str, kind: str, most: int = 6):  # type: ignore[no-untyped-def]
    if kind == "feeling":
        keys = list(SENTIMENT[language])
        return (
            list(rng.choice(FEELINGS[language])),
            lambda index: fill(rng, rng.choice(SENTIMENT[language][keys[index]]), language)[0],
        )
    if kind == "topic":
        topics = rng.sample(list(SCENES[language]), rng.randint(2, most))
        return topics, lambda index: sentence(rng, language, topic=topics[index]).text
    pairs = rng.sample(intents(language), rng.randint(2, most))
    return [
        intent for _, intent in pairs
    ], lambda index: sentence(rng, language, topic=pairs[index][0], intent=pairs[index][1]).text


def _names(rng: random.Random, language: str, labels: list[str]) -> list[str]:
    form = rng.random()
    if form < 0.7:
        return labels
    if form < 0.8:
        return [chr(ord("A") + index) for index in range(len(labels))]
    if form < 0.9:
        return [str(index + 1) for index in range(len(labels))]
    return _arbitrary(rng, language, len(labels))


def _arbitrary(rng: random.Random, language: str, count: int) -> list[str]:
    names: set[str] = set()
    while len(names) < count:
        names.add(
            rng.choice(
                [
                    made_up_word(rng),
                    made_up_chinese(rng) if language == "zh" else made_up_word(rng).lower(),
                    capitals(rng, 2),
                    str(rng.randint(0, 99)),
                ]
            )
        )
    return sorted(names, key=lambda _: rng.random())


def _listing(rng: random.Random, language: str, labels: list[str], names: list[str]) -> str:
    pairs = list(zip(labels, names, strict=True))
    rng.shuffle(pairs)
    if names is labels:
        comma = rng.choice(["、", "，", "/"] if language == "zh" else [", ", " / ", "; "])
        return rng.choice(LISTS[language]) + comma.join(name for _, name in pairs)
    equals = rng.choice(["=", ". ", ": "]) if language == "en" else rng.choice(["=", "：", "、"])
    return rng.choice(LISTS[language]) + rng.choice(["; ", "\n", ", "]).join(
        f"{name}{equals}{label}" for label, name in pairs
    )
