"""Cutting text into JSON values without parsing it, against json's own reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data.tables.json_values import JsonValues

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[],:\n 你🙂', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
INDENTS = st.sampled_from([None, 0, 2])


def chunks(text: str, size: int) -> Iterator[bytes]:
    content = text.encode()
    return (content[at : at + size] for at in range(0, len(content), size))


def parsed(values: Any) -> list[tuple[int, Any]]:
    return [(line, json.loads(value) if isinstance(value, bytes) else value.code) for line, value in values]


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON, max_size=5), INDENTS, st.integers(1, 30))
def test_the_elements_of_any_array_are_found_whatever_the_chunks(rows, indent, size):
    text = json.dumps(rows, indent=indent, ensure_ascii=False)

    found = parsed(JsonValues(chunks(text, size)).elements())

    assert [value for _, value in found] == rows
    assert [line for line, _ in found] == sorted(line for line, _ in found)


def test_elements_on_one_line_are_numbered_also_where_one_is_broken():
    text = '[{"a": 1}, {"a": 2}, ' + "[" * 11_000 + ', {"a": 3}'

    found = parsed(JsonValues(chunks(text, 7)).elements())

    assert found == [(1, {"a": 1}), (2, {"a": 2}), (3, "too_deep"), (3, "array_not_closed")]
    assert parsed(JsonValues(chunks('[1, 2,\n3] "x', 7)).elements()) == [
        (1, 1),
        (2, 2),
        (3, 3),
        (3, "text_after_array"),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=5), INDENTS, st.integers(1, 30))
def test_objects_one_after_another_are_found_whatever_the_chunks(rows, indent, size):
    texts = [json.dumps(row, indent=indent, ensure_ascii=False) for row in rows]

    found = parsed(JsonValues(chunks("\n".join(texts), size)).objects())

    first_lines = [1 + sum(text.count("\n") + 1 for text in texts[:n]) for n in range(len(texts))]
    assert found == list(zip(first_lines, rows, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=4), JSON, INDENTS, st.integers(1, 30))
def test_the_list_under_a_key_is_found_whatever_is_before_it(rows, before, indent, size):
    text = json.dumps({"before": before, "键": rows, "after": 1}, indent=indent)
    text = text.replace(json.dumps("键"), '"键"')

    found = parsed(JsonValues(chunks(text, size)).elements_under("键"))

    assert [value for _, value in found] == rows


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='{}[]",:\\a \n', max_size=60), st.integers(1, 20))
def test_any_text_comes_to_an_end(text, size):
    for values in (JsonValues(chunks(text, size)).elements(), JsonValues(chunks(text, size)).objects()):
        assert len(list(values)) <= len(text) + 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        ("[1, 2,]", [1, 2]),
        ('[{"a": 1}', [{"a": 1}, "array_not_closed"]),
        ('[{"a": 1}, {"b', [{"a": 1}, "value_not_closed", "array_not_closed"]),
        ("[1] 2", [1, "text_after_array"]),
        ('[1, "a, 2]', [1, "value_not_closed", "array_not_closed"]),
    ],
)
def test_an_array_that_is_not_whole_says_so(text, expected):
    assert [value for _, value in parsed(JsonValues(chunks(text, 3)).elements())] == expected
