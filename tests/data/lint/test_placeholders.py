from __future__ import annotations

from pathlib import Path

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows

from tunesmith.data.lint.placeholders import placeholders


def test_leftover_placeholders_are_found_with_their_names(tmp_path: Path) -> None:
    rows = [
        *good_rows(),
        chat("Who are you?", "I am {{name}}, made by {{author}}."),
        chat("Sign it", "Best, [Your Name]"),
    ]
    found = finding(lint_rows(tmp_path, rows), "placeholder")
    assert found.rows == (13, 14)
    assert "{{name}}" in found.message
    assert "[Your Name]" in found.message_zh


@pytest.mark.parametrize(
    "text",
    [
        "{name} bought it",
        "<name>, hello",
        "Dear [NAME]",
        "${user} paid",
        "{{公司名}}欢迎您",
        "[用户姓名]您好",
        "{姓名}你好",
    ],
)
def test_a_slot_to_be_filled_is_a_placeholder(text: str) -> None:
    assert placeholders(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ann"}',
        "see [1] and [2]",
        "x = {1, 2}",
        "a < b and c > d",
        "[link](https://example.com)",
        "```js\nconst a = `${name}`\n```",
        "<b>bold</b>",
        "集合 {x | x > 0}",
        "def f(name): return f'{name}'",
    ],
)
def test_code_json_and_citations_are_no_placeholders(text: str) -> None:
    assert not placeholders(text)


def test_clean_rows_have_no_placeholder(tmp_path: Path) -> None:
    assert "placeholder" not in codes(lint_rows(tmp_path, good_rows()))
