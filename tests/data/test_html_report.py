"""The lint report as a page: whole, in two languages, and safe whatever the rows hold."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from tunesmith.data.html_report import html_report
from tunesmith.data.lint.check import Fix, Texts
from tunesmith.data.lint.report import LintReport
from tunesmith.findings import Finding, Language

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}'
HISTOGRAM = {
    "min": 1,
    "p5": 2,
    "median": 30,
    "p95": 80,
    "max": 90,
    "mean": 33.3,
    "counts": [4, 0, 9, 1],
    "edges": [0.0, 25.0, 50.0, 75.0, 100.0],
}


def report(*findings: Finding, name: str = "train.jsonl", text: str = "hello") -> LintReport:
    row = orjson.dumps({"prompt": text, "completion": text}).decode()
    return LintReport(
        name=name,
        path=Path(name),
        container="jsonl",
        encoding="utf-8",
        format="prompt_completion",
        detection={"confidence": 0.97, "mapping": {text: "prompt"}, "because": "two keys", "because_zh": "两个键"},
        n_rows=14,
        n_examples=13,
        findings=findings,
        fixes={"mend": Fix("mend", Texts("mend it", "修好它"))},
        stats={
            "row_chars": HISTOGRAM,
            "answer_chars": HISTOGRAM,
            "languages": {"en": 9, "zh": 4, "mixed": 1},
            "roles": {"user": 13, "assistant": 13},
            "turns": {str(n): 1 for n in range(1, 14)},
            "system_prompts": {"without": 3, "different": 9, "top": [{"text": text, "count": 5}]},
            "examples": {
                "first": {"line": 1, "chars": 10, "row": row, "is_cut": False},
                "longest": {"line": 7, "chars": 9000, "row": row[:20], "is_cut": True},
            },
        },
    )


class Tags(HTMLParser):
    """Every tag with its attributes, and all the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["en", "zh"])
def test_rows_cannot_put_tags_into_the_page(language: Language) -> None:
    finding = Finding("odd", "error", EVIL, 3, EVIL, message_zh=EVIL, rows=(3, 4), count=2, fix="mend")
    page = Tags(html_report(report(finding, name=EVIL, text=EVIL), language=language))
    names = {name for name, _ in page.tags}
    assert not names & {"script", "img", "iframe", "link", "object"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(EVIL) >= 5


def test_the_page_needs_no_network_and_no_script() -> None:
    page = Tags(html_report(report(), language="en"))
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert addresses == []
    policy = next(attributes["content"] for name, attributes in page.tags if attributes.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_findings_come_worst_first_with_their_lines_and_fixes() -> None:
    note = Finding("a_note", "info", "only so")
    error = Finding("an_error", "error", "very bad", rows=(3, 9, 12), count=40, fix="mend")
    text = Tags(html_report(report(note, error), language="en")).text
    assert text.index("an_error") < text.index("a_note")
    assert "3, 9, 12" in text
    assert "The first 3 of 40 lines" in text
    assert "mend it" in text
    assert "Not ready: 1 error, 0 warnings" in text


def test_the_chinese_page_is_chinese() -> None:
    finding = Finding("odd", "warning", "english words", message_zh="中文说明", rows=(3, 4), count=2, fix="mend")
    text = Tags(html_report(report(finding), language="zh")).text
    assert "english words" not in text
    for word in ("检查结果", "中文说明", "修好它", "全部 2 行的行号", "数据概况", "可以训练，但有 1 个警告", "两个键"):
        assert word in text


def test_a_file_without_rows_has_a_page_too() -> None:
    empty = LintReport("empty.jsonl", Path("empty.jsonl"), "jsonl", None, None, {}, 0, 0, ())
    assert "every check passed" in html_report(empty, language="en")
