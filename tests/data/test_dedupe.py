"""Texts alike: found, verified, grouped."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from tunesmith.data import dedupe
from tunesmith.data.dedupe import SimilarTexts, first_with_same, text_key
from tunesmith.data.minhash import jaccard, nearly_equal, signatures, windows


def _words(chance: random.Random, n: int) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(3, 9))) for _ in range(n)]


def _texts(n: int, *, n_near: int) -> tuple[list[str], list[tuple[int, int]]]:
    """`n` texts of no likeness and `n_near` with one word of twenty changed, behind them; and which belong together."""
    chance = random.Random(3)
    texts = [" ".join(_words(chance, 60)) for _ in range(n)]
    pairs = []
    for original in chance.sample(range(n), n_near):
        words = texts[original].split()
        for at in chance.sample(range(60), 3):
            words[at] = _words(chance, 1)[0]
        pairs.append((original, len(texts)))
        texts.append(" ".join(words))
    return texts, pairs


def _index(texts: Sequence[str]) -> SimilarTexts:
    index = SimilarTexts()
    for position, text in enumerate(texts):
        index.add(position, text)
    return index


def _groups(index: SimilarTexts, texts: Sequence[str], *, threshold: float = 0.8) -> list[list[int]]:
    def reread(positions: Sequence[int]) -> Iterator[tuple[int, str]]:
        return ((position, texts[position]) for position in positions)

    return index.groups(reread, threshold=threshold, with_copies=False)


def _jaccard_by_sets(one: str, other: str) -> float:
    def of(text: str) -> set[bytes]:
        data = text.lower().encode() + b"\0" * 6
        starts = [at for at in range(len(data) - 6) if data[at] & 0xC0 != 0x80]
        return {data[at : at + 6] for at in starts}

    return len(of(one) & of(other)) / len(of(one) | of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the cat sat on the mat", "the cat sat on a mat"),
        ("北京今天天气怎么样？", "上海今天天气怎么样？"),
        ("Straße in Köln, 价格 100 元", "strasse in Köln, 价格 200 元"),
        ("a", "ab"),
        ("same", "SAME"),
    ],
)
def test_jaccard_equals_that_of_the_sets_of_windows(one: str, other: str) -> None:
    assert jaccard(one, other) == pytest.approx(_jaccard_by_sets(one, other))


def test_a_text_has_one_window_for_every_character() -> None:
    hashed, begins = windows(["abc", "", "中文字"])
    assert begins.tolist() == [0, 3, 3, 6]
    assert len(hashed) == 6


def test_sketches_estimate_jaccard_within_their_error() -> None:
    texts, pairs = _texts(300, n_near=100)
    _, sketches = signatures(texts)
    errors = [np.mean(sketches[a] == sketches[b]) - jaccard(texts[a], texts[b]) for a, b in pairs]
    assert np.sqrt(np.mean(np.square(errors))) < 0.07
    assert abs(np.mean(errors)) < 0.02


def test_every_near_copy_is_found_and_nothing_else() -> None:
    texts, pairs = _texts(2000, n_near=200)
    expected = sorted([a, b] for a, b in pairs if jaccard(texts[a], texts[b]) >= 0.8)
    found = _groups(_index(texts), texts)
    assert len(expected) > 100
    assert all(pair in expected for pair in found)
    assert len(found) >= 0.95 * len(expected)


def test_an_index_made_of_parts_finds_the_same_as_one() -> None:
    texts, _ = _texts(500, n_near=50)
    whole = _groups(_index(texts), texts)
    merged = SimilarTexts()
    for start in range(0, len(texts), 130):
        part = SimilarTexts()
        for position in range(start, min(start + 130, len(texts))):
            part.add(position, texts[position])
        merged.merge(pickle.loads(pickle.dumps(part)))
    assert _groups(merged, texts) == whole
    assert len(whole) > 30


def test_texts_that_find_no_room_to_wait_are_compared_in_another_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = _texts(500, n_near=50)
    whole = _groups(_index(texts), texts)
    monkeypatch.setattr(dedupe, "_WAITING_CHARS", 2000)
    assert _groups(_index(texts), texts) == whole


def test_a_chain_of_small_changes_is_one_group() -> None:
    chance = random.Random(5)
    words = _words(chance, 80)
    texts = []
    for at in chance.sample(range(80), 12):
        texts.append(" ".join(words))
        words[at] = "changed"
    texts += [" ".join(_words(chance, 80)) for _ in range(20)]
    assert _groups(_index(texts), texts) == [list(range(12))]


def test_copies_count_only_when_they_are_asked_for() -> None:
    texts = ["one text of some length", "another thing entirely, not the same", "one text of some length "]
    index = _index(texts)
    assert _groups(index, texts) == []
    reread = lambda positions: ((position, texts[position]) for position in positions)  # noqa: E731
    assert index.groups(reread, threshold=0.8, with_copies=True) == [[0, 2]]


def test_an_index_of_nothing_or_one_text_has_no_groups() -> None:
    assert _groups(SimilarTexts(), []) == []
    assert _groups(_index(["alone"]), ["alone"]) == []
    assert _groups(_index(["", "", "a"]), ["", "", "a"]) == []


def test_the_first_of_equal_keys_is_named_for_each() -> None:
    keys = np.array([5, 7, 5, 9, 7, 5], np.uint64)
    assert first_with_same(keys).tolist() == [0, 1, 0, 3, 1, 0]
    assert first_with_same(keys[:0]).tolist() == []


def test_blanks_around_a_text_do_not_make_it_another() -> None:
    assert text_key(" yes\n") == text_key("yes") != text_key("no")


def test_questions_about_one_passage_are_not_nearly_equal() -> None:
    passage = " ".join(_words(random.Random(5), 250))
    first = f"{passage}\nWhich printer is older than the one in office 7, and by how much?\nThe one in office 2."
    second = f"{passage}\nWho keeps the keys when nobody has bought a lamp?\nNobody does, it stays open."
    assert jaccard(first, second) >= 0.8
    assert not nearly_equal(first, second, threshold=0.8)
    assert nearly_equal(first, first.replace("office 2.", "office 3."), threshold=0.8)
