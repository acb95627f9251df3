"""Whatever shape a model gives its rows, they are read; whatever is no row is not."""

from __future__ import annotations

import json
import time

import pytest

from tunesmith.data.augment.answers import MAX_ITEMS, Pair, read_pairs, read_texts

TWO = [Pair("What is 1 + 1?", "2"), Pair("What is 2 + 2?", "4")]
AS_JSON = json.dumps([{"question": pair.question, "answer": pair.answer} for pair in TWO])


@pytest.mark.parametrize(
    "text",
    [
        AS_JSON,
        f"Here you are:\n```json\n{AS_JSON}\n```\nAnything else?",
        f"<think>They want two [rows] {{}}.</think>\n{AS_JSON}",
        f"```\n{AS_JSON}",
        '{"rows": ' + AS_JSON + "}",
        "Sure! " + AS_JSON + " I hope this helps.",
        "\n".join(json.dumps({"prompt": pair.question, "completion": pair.answer}) for pair in TWO),
        "\n".join(json.dumps({"Question": pair.question, "Answer": pair.answer}) + "," for pair in TWO),
        "\n".join(
            json.dumps(
                {"messages": [{"role": "user", "content": p.question}, {"role": "assistant", "content": p.answer}]}
            )
            for p in TWO
        ),
        "Q: What is 1 + 1?\nA: 2\n\nQ: What is 2 + 2?\nA: 4",
        "1. Q: What is 1 + 1?\n   A: 2\n2. Q: What is 2 + 2?\n   A: 4\n",
        "**Question 1:** What is 1 + 1?\n**Answer 1:** 2\n\n**Question 2:** What is 2 + 2?\n**Answer:** 4",
        '[{"question": "What is 1 + 1?", "answer": 2}, {"question": "What is 2 + 2?", "answer": 4}]',
        AS_JSON[:-1] + ', {"question": "What is 3 +',
    ],
    ids=[
        "json",
        "fenced",
        "thinking",
        "open fence",
        "wrapped",
        "among words",
        "lines",
        "lines with commas",
        "messages",
        "Q and A",
        "numbered",
        "bold",
        "numbers",
        "cut off",
    ],
)
def test_pairs_are_read_from(text: str) -> None:
    assert read_pairs(text) == TWO


def test_chinese_pairs_are_read() -> None:
    expected = [Pair("怎么退货？", "七天内可退。"), Pair("多久到账？", "三天。")]
    assert read_pairs("问：怎么退货？\n答：七天内可退。\n\n问：多久到账？\n答：三天。") == expected
    assert (
        read_pairs('[{"问题": "怎么退货？", "回答": "七天内可退。"}, {"问": "多久到账？", "答": "三天。"}]') == expected
    )


@pytest.mark.parametrize(
    "text",
    [
        '["How do I return it?", "Can I send it back?"]',
        '```json\n["How do I return it?", "Can I send it back?"]\n```',
        "1. How do I return it?\n2. Can I send it back?",
        "Here are two:\n- How do I return it?\n- Can I send it back?\n",
        '[{"question": "How do I return it?"}, {"question": "Can I send it back?"}]',
        '{"paraphrases": ["How do I return it?", "Can I send it back?"]}',
        '["How do I return it?", "Can I send it back?", "Is it poss',
    ],
    ids=["json", "fenced", "numbered", "bullets", "objects", "wrapped", "cut off"],
)
def test_texts_are_read_from(text: str) -> None:
    assert read_texts(text) == ["How do I return it?", "Can I send it back?"]


@pytest.mark.parametrize(
    "text",
    ["", "I cannot do that.", "[]", "{}", "[1, 2", "null", "```\n```", '{"question": "no answer"}', "Q: alone", "\x00"],
)
def test_nothing_is_read_where_no_pair_is(text: str) -> None:
    assert read_pairs(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[" * 400_000,
        "{" * 200_000 + "}" * 200_000,
        '"' * 400_000,
        "Q:" * 200_000,
        "1. " * 130_000,
        '{"a":' * 80_000,
        "\\" * 400_000,
    ],
    ids=["brackets", "braces", "quotes", "labels", "numbers", "nested", "backslashes"],
)
def test_hostile_answers_cost_little(text: str) -> None:
    began = time.monotonic()
    assert read_pairs(text) == []
    assert len(read_texts(text)) <= MAX_ITEMS
    assert time.monotonic() - began < 5


def test_an_endless_list_is_cut() -> None:
    assert len(read_pairs(json.dumps([{"q": str(n), "a": "x"} for n in range(1000)]))) == MAX_ITEMS
