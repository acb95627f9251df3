from __future__ import annotations

from pathlib import Path

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows, mended

from tunesmith.data.lint.control_characters import strip_control_characters
from tunesmith.data.lint.mojibake import repair


def test_lost_characters_are_found_and_their_marks_removed(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("天气怎么样？", "今天天\ufffd很好，适合出门。")])
    found = finding(report, "replacement_character")
    assert (found.line, found.fix) == (13, "strip_replacement_characters")
    assert mended(report)[12] == chat("天气怎么样？", "今天天很好，适合出门。")


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x1b", "\x7f", "\x85", "\ufeff"])
def test_control_characters_are_found_and_removed(tmp_path: Path, character: str) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("Is it on?", f"Yes,{character} the lamp is green.")])
    found = finding(report, "control_characters")
    assert found.rows == (13,)
    assert f"U+{ord(character):04X}" in found.message
    assert mended(report)[12] == chat("Is it on?", "Yes, the lamp is green.")


def test_latex_that_lost_its_backslash_gets_it_back(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("Half of x?", "It is \x0crac{x}{2}, or \x08eta.")])
    assert finding(report, "control_characters").line == 13
    assert mended(report)[12] == chat("Half of x?", "It is \\frac{x}{2}, or \\beta.")


def test_tabs_line_breaks_and_accents_are_no_control_characters(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("Café?\r\n\tSí", "naïve façade, 中文，日本語, emoji 🎉")]
    assert not codes(lint_rows(tmp_path, rows)) & {"control_characters", "replacement_character", "mojibake"}


@pytest.mark.parametrize("text", ["café", "你好，世界", "“quoted” – and…", "naïve €5", "Москва", "🎉"])
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_utf8_read_as_latin_is_repaired_whenever_the_bytes_prove_it(text: str, wrong: str) -> None:
    try:
        broken = text.encode().decode(wrong)
    except UnicodeDecodeError:
        pytest.skip("cp1252 has no character for one of these bytes")
    assert repair(broken) == text


@pytest.mark.parametrize("text", ["Ünïcödé straße", "ÄÖÜ", "Â", "São Paulo", "中文没有问题", "œuvre «é»", "Å: 3 Ä"])
def test_right_text_is_left_alone(text: str) -> None:
    assert repair(text) == text


def test_mojibake_is_found_shown_and_repaired(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("Where?", "At the cafÃ©, ä½\xa0å¥½!")])
    found = finding(report, "mojibake")
    assert (found.line, found.fix) == (13, "repair_mojibake")
    assert "Ã© -> é" in found.message
    assert mended(report)[12] == chat("Where?", "At the café, 你好!")


def test_characters_lost_in_gbk_are_named(tmp_path: Path) -> None:
    as_gbk = "你好，世界。今天天气很好".encode().decode("gbk", "replace")
    rows = [*good_rows(), chat("问", "锟斤拷锟斤拷"), chat("问", as_gbk)]
    assert finding(lint_rows(tmp_path, rows), "lost_in_gbk").rows == (13, 14)


def test_html_is_found_and_stripped(tmp_path: Path) -> None:
    answer = 'One<br/>two &amp; three, <a href="x">here</a>&nbsp;now'
    report = lint_rows(tmp_path, [*good_rows(), chat("List?", answer)])
    assert finding(report, "html").line == 13
    assert mended(report)[12] == chat("List?", "One\ntwo & three, here now")


def test_a_closing_tag_leaves_no_line_end_behind(tmp_path: Path) -> None:
    rows = [chat("Where?", "<p>On the <b>left</b></p>"), chat("<p>Who?</p>\n", "Anna")]
    assert mended(lint_rows(tmp_path, [*good_rows(), *rows]))[12:] == [
        chat("Where?", "On the left"),
        chat("Who?\n\n", "Anna"),
    ]


def test_tags_written_as_entities_go_too(tmp_path: Path) -> None:
    report = lint_rows(
        tmp_path, [*good_rows(), chat("Who?", "Nike &lt;b&gt;...&lt;/b&gt; &amp;amp; others, x;amp;lt;5")]
    )
    assert finding(report, "html").line == 13
    assert mended(report)[12] == chat("Who?", "Nike ... & others, x;<5")


def test_a_row_about_html_is_left_alone_in_all_its_texts(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("Explain this HTML.", "It is a <b>bold</b> text."), chat("Who?", "<b>Nike</b>")]
    report = lint_rows(tmp_path, rows)
    assert finding(report, "html").rows == (14,)
    assert mended(report)[12] == rows[12]


def test_entities_that_lost_their_ampersand_are_found(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("It #39;s  quot;alarming quot; growth", "World")])
    assert finding(report, "html").line == 13
    assert mended(report)[12] == chat('It\'s "alarming" growth', "World")


@pytest.mark.parametrize(
    "text",
    [
        "if a < b and b > c",
        "```html\n<p>hi</p>\n```",
        "Write HTML: <div>",
        "Vue shows it with <div class='a'>{{ name }}</div>",
        "{% for x in y %}<li>{{ x }}</li>{% endfor %}",
        "Use `<b>` for bold",
        "a <- b",
        "AT&T; R&D",
        "<think>hm</think>",
    ],
)
def test_comparisons_and_rows_about_html_are_left_alone(tmp_path: Path, text: str) -> None:
    assert "html" not in codes(lint_rows(tmp_path, [*good_rows(), chat("What?", text)]))


def test_spaces_of_no_width_are_found_and_stripped_but_emoji_keep_their_joiners() -> None:
    row = {"prompt": "价格\u200b是多少？", "completion": "9 元 👩\u200d🍳"}
    assert strip_control_characters(row) == {"prompt": "价格是多少？", "completion": "9 元 👩\u200d🍳"}
