"""Sums of small numbers, in figures and in words."""

import random

from .task import Task
from .vocabulary import EN_FIRST, EN_FOODS, ZH_GIVEN

ASK = {
    "zh": ["计算。", "算一算：", "只写结果。", "等于几？"],
    "en": ["Calculate.", "Compute:", "Give the result only.", "What is it?"],
}
ZH_DIGITS = "零一二三四五六七八九十"
EN_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def arithmetic(rng: random.Random, language: str, count: int) -> Task:
    form = rng.randrange(4)
    cases = [_case(rng, language, form) for _ in range(count)]
    return Task(rng.choice(ASK[language]), cases)


def _case(rng: random.Random, language: str, form: int) -> tuple[str, str]:
    a, b = rng.randint(0, 9), rng.randint(0, 9)
    if form == 0:
        a = rng.choice([a, rng.randint(10, 99)])
        sign, value = rng.choice([("+", a + b), ("-", a - b)])
        return rng.choice([f"{a}{sign}{b}=", f"{a} {sign} {b}"]), str(value)
    if form == 1:
        sign = "×" if language == "zh" else rng.choice(["x", "*"])
        return f"{a}{sign}{b}", str(a * b)
    a, b = max(a, b), min(a, b)
    if language == "zh":
        who, thing = "小" + rng.choice(ZH_GIVEN), rng.choice(["苹果", "书", "铅笔", "糖", "球", "鸡蛋", "花"])
        if form == 2:
            return f"{who}有{a}个{thing}，又买了{b}个，一共有几个？", str(a + b)
        return f"{who}有{a}个{thing}，给了别人{b}个，还剩几个？", str(a - b)
    who, thing = rng.choice(EN_FIRST), rng.choice(["apples", "books", "pens", "balls", "eggs", *EN_FOODS[20:24]])
    if form == 2:
        return f"{who} has {a} {thing} and buys {b} more. How many now?", str(a + b)
    return f"{who} has {a} {thing} and gives away {b}. How many are left?", str(a - b)


def spell(rng: random.Random, language: str, count: int) -> Task:
    """Figures to number words and back."""
    table = ZH_DIGITS if language == "zh" else EN_DIGITS
    to_words = rng.random() < 0.5
    cases = []
    for _ in range(count):
        value = rng.randint(0, 10)
        cases.append((str(value), table[value]) if to_words else (table[value], str(value)))
    asks = {
        ("zh", True): "写成汉字。",
        ("zh", False): "写成数字。",
        ("en", True): "Write as a word.",
        ("en", False): "Write as a figure.",
    }
    return Task(asks[language, to_words], cases)
