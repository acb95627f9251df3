# ruff: noqa: E501 - tables of words read better unwrapped
"""Copying, choosing, counting, sorting, reversing: tasks on the letters and items of the input itself."""

import random

from .sentences import sentence
from .task import Task
from .vocabulary import SLOTS, ZH_CHARACTERS, code, made_up_chinese, made_up_word

COPY = {
    "zh": ["原样抄写。", "重复下面的内容。", "照抄：", "请复述：", "把这句话原封不动地写一遍。"],
    "en": ["Copy the text exactly.", "Repeat this:", "Write it again unchanged.", "Echo:", "Say exactly the same."],
}
FIRST = {"zh": ["只写第一个。", "第一项是什么？"], "en": ["Give only the first item.", "What comes first?"]}
LAST = {"zh": ["只写最后一个。", "最后一项是什么？"], "en": ["Give only the last item.", "What comes last?"]}
NTH = {"zh": ["第{n}项是什么？", "写出第{n}个。"], "en": ["What is item {n}?", "Write item number {n}."]}
COUNT = {
    "zh": ["有几项？", "数一数有多少个。", "一共几个？"],
    "en": ["How many items?", "Count the items.", "Count them."],
}
SORT_NUMBERS = {
    "zh": ["从小到大排列。", "按升序排序。"],
    "en": ["Sort from small to large.", "Sort in ascending order."],
}
SORT_DOWN = {"zh": ["从大到小排列。", "按降序排序。"], "en": ["Sort from large to small.", "Sort in descending order."]}
SORT_WORDS = {"zh": ["按字母顺序排列。"], "en": ["Sort alphabetically.", "Put the words in alphabetical order."]}
REVERSE = {"zh": ["倒序写出。", "反过来排列。"], "en": ["Reverse the list.", "Write the items in reverse order."]}
LARGEST = {"zh": ["哪个数最大？", "找出最大的数。"], "en": ["Which number is largest?", "Give the biggest number."]}
SMALLEST = {"zh": ["哪个数最小？", "找出最小的数。"], "en": ["Which number is smallest?", "Give the smallest number."]}
WITHOUT = {"zh": ["去掉{item}。", "删除{item}，写出其余的。"], "en": ["Remove {item}.", "Leave out {item}."]}
REPLACE = {
    "zh": ["把{old}换成{new}。", "用{new}替换{old}。"],
    "en": ["Replace {old} with {new}.", "Change {old} to {new}."],
}
AFTER = {
    "zh": ["{item}后面是什么？", "紧跟在{item}之后的是哪一个？"],
    "en": ["What comes after {item}?", "Which item follows {item}?"],
}
CHARACTERS = {"zh": ["这句话有几个字？", "数字数。"], "en": ["How many words are there?", "Count the words."]}
INITIAL = {
    "zh": ["只写第一个字。", "第一个字是什么？"],
    "en": ["Write only the first word.", "What is the first word?"],
}
UPPER = {"zh": ["改成大写字母。"], "en": ["Write in capital letters.", "Make it uppercase."]}
HAS = {"zh": ["列表里有{item}吗？回答有或没有。"], "en": ["Is {item} in the list? Answer yes or no."]}
EVERYTHING = {
    "zh": ["用“{mark}”连接。", "改用{mark}分隔。"],
    "en": ["Join the items with {mark}.", "Separate them by {mark} instead."],
}


def copy(rng: random.Random, language: str, count: int) -> Task:
    return Task(rng.choice(COPY[language]), [(text, text) for text in (_anything(rng, language) for _ in range(count))])


def random_characters(rng: random.Random, language: str, count: int) -> Task:
    """Strings without meaning, which can only be copied."""
    texts = []
    for _ in range(count):
        length = rng.randint(2, 14)
        if language == "zh":
            texts.append("".join(rng.choice(ZH_CHARACTERS) for _ in range(length)))
        else:
            texts.append(
                " ".join(
                    rng.choice([made_up_word(rng), code(rng), made_up_word(rng).lower()])
                    for _ in range(length // 2 + 1)
                )
            )
    return Task(rng.choice(COPY[language]), [(text, text) for text in texts])


def list_work(rng: random.Random, language: str, count: int) -> Task:
    """One operation on lists, the same for all cases."""
    work = rng.choice([_first, _last, _nth, _count, _reverse, _without, _after, _has, _rejoin, _replace])
    return work(rng, language, count)


def number_work(rng: random.Random, language: str, count: int) -> Task:
    ask, answer = rng.choice(
        [
            (SORT_NUMBERS, sorted),
            (SORT_DOWN, lambda v: sorted(v, reverse=True)),
            (LARGEST, lambda v: [max(v)]),
            (SMALLEST, lambda v: [min(v)]),
        ]
    )
    cases = []
    comma = _comma(rng, language)
    for _ in range(count):
        top = rng.choice([9, 20, 100])
        values = rng.sample(range(top + 1), rng.randint(2, 6))
        cases.append((comma.join(map(str, values)), comma.join(map(str, answer(values)))))
    return Task(rng.choice(ask[language]), cases)


def words(rng: random.Random, language: str, count: int) -> Task:
    form = rng.randrange(4 if language == "en" else 2)
    cases = []
    ask = [CHARACTERS, INITIAL, UPPER, SORT_WORDS][form]
    for _ in range(count):
        if form == 3:
            picked = [made_up_word(rng).lower() for _ in range(rng.randint(2, 4))]
            cases.append((", ".join(picked), ", ".join(sorted(picked))))
        elif form == 2:
            text = made_up_word(rng).lower()
            cases.append((text, text.upper()))
        elif language == "zh":
            text = (
                "".join(rng.choice(ZH_CHARACTERS) for _ in range(rng.randint(2, 9)))
                if form == 0
                else sentence(rng, "zh").text
            )
            cases.append((text, str(len(text)) if form == 0 else text[0]))
        else:
            pieces = sentence(rng, "en").text.split()[: rng.randint(3, 9)]
            cases.append((" ".join(pieces), str(len(pieces)) if form == 0 else pieces[0]))
    return Task(rng.choice(ask[language]), cases)


def _anything(rng: random.Random, language: str) -> str:
    kind = rng.random()
    if kind < 0.5:
        return sentence(rng, language).text
    if kind < 0.75:
        slot = rng.choice(list(SLOTS[language]))
        return SLOTS[language][slot](rng)
    return _comma(rng, language).join(_items(rng, language))


def _items(rng: random.Random, language: str, least: int = 2, most: int = 6) -> list[str]:
    slots = SLOTS[language]
    draw = rng.choice([slots["person"], slots["city"], slots["food"], slots["product"], slots["color"], slots["animal"], slots["number"], slots["code"],
                       made_up_chinese if language == "zh" else made_up_word])  # fmt: skip
    wanted, found = rng.randint(least, most), []
    for _ in range(60):
        value = draw(rng)
        if value not in found:
            found.append(value)
        if len(found) == wanted:
            break
    return found


def _comma(rng: random.Random, language: str) -> str:
    return rng.choice(["、", "，", " ", "\n"] if language == "zh" else [", ", ", ", " ", "\n", "; "])


def _lists(rng: random.Random, language: str, count: int, least: int = 2) -> tuple[str, list[list[str]]]:
    return rng.choice(["、", "，", "\n"] if language == "zh" else [", ", "\n", "; "]), [
        _items(rng, language, least) for _ in range(count)
    ]


def _first(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count)
    return Task(rng.choice(FIRST[language]), [(comma.join(one), one[0]) for one in found])


def _last(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count)
    return Task(rng.choice(LAST[language]), [(comma.join(one), one[-1]) for one in found])


def _nth(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count, least=3)
    n = rng.randint(1, 3)
    return Task(rng.choice(NTH[language]).format(n=n), [(comma.join(one), one[n - 1]) for one in found])


def _count(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count)
    return Task(rng.choice(COUNT[language]), [(comma.join(one), str(len(one))) for one in found])


def _reverse(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count)
    return Task(rng.choice(REVERSE[language]), [(comma.join(one), comma.join(reversed(one))) for one in found])


def _rejoin(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, count)
    mark = rng.choice(
        [mark for mark in ["|", "-", "/", "+", "；" if language == "zh" else ";"] if mark != comma.strip()]
    )
    return Task(
        rng.choice(EVERYTHING[language]).format(mark=mark), [(comma.join(one), mark.join(one)) for one in found]
    )


def _without(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, 1, least=3)
    item = rng.choice(found[0])
    return Task(
        rng.choice(WITHOUT[language]).format(item=item),
        [(comma.join(found[0]), comma.join(one for one in found[0] if one != item))],
    )


def _after(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, 1, least=3)
    place = rng.randrange(len(found[0]) - 1)
    return Task(rng.choice(AFTER[language]).format(item=found[0][place]), [(comma.join(found[0]), found[0][place + 1])])


def _has(rng: random.Random, language: str, count: int) -> Task:
    comma, found = _lists(rng, language, 1, least=3)
    there = rng.random() < 0.5
    item = rng.choice(found[0]) if there else rng.choice(_items(rng, language))
    there = item in found[0]
    yes, no = ("有", "没有") if language == "zh" else ("yes", "no")
    return Task(rng.choice(HAS[language]).format(item=item), [(comma.join(found[0]), yes if there else no)])


def _replace(rng: random.Random, language: str, count: int) -> Task:
    found = sentence(rng, language)
    while not found.slots:
        found = sentence(rng, language)
    slot = rng.choice(list(found.slots))
    old, new = found.slots[slot], SLOTS[language][slot.rstrip("0123456789")](rng)
    return Task(rng.choice(REPLACE[language]).format(old=old, new=new), [(found.text, found.text.replace(old, new))])
