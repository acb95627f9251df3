"""Two processes that read half a file each say what one says that reads all of it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from lint_rows import chat, good_rows, write_rows

from tunesmith.data.lint import near_duplicates
from tunesmith.data.lint.blocks import lint_rows
from tunesmith.data.lint.check import LintContext, LintRow
from tunesmith.data.lint.part import Part, new_part
from tunesmith.data.lint.registry import CHECKS
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.sources import open_source

FOUR = "There are four options; answer with one letter."
OPTIONS = "Which?\nA. one\nB. two\nC. three\nD. four\nE. five"
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": {"page": 1, "city": None}}}


def messy_rows() -> list[dict[str, Any]]:
    rows = [
        chat("Why?", ""),
        chat("Who?", "I am {{name}}, <br> dear\ufffd \x07 cafÃ©"),
        chat("What shall I eat?", "Eat a banana! " * 500),
        chat("请问怎样才能修改我的账户密码？", "You can find it in the settings of your account, on the last page."),
        chat(OPTIONS, "E", system=FOUR),
        chat("Ready?", "Yes.</s>", wieght=1),
        chat("Ready?", "No."),
        {"messages": [{"role": "human", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]},
        {
            "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "a"}] * 2
            + [{"role": "user", "content": "x"}]
        },
        {
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "tool_calls": [CALL]},
                {"role": "user", "content": "?"},
            ]
        },
        *(chat(f"Is {i} good?", "I'm sorry, I can't answer that.") for i in range(8)),
    ]
    return [*rows, *good_rows(30, system="Be kind."), *rows]


def seen(rows: list[LintRow], context: LintContext) -> Part:
    part = new_part([check for check in CHECKS if check is not near_duplicates], context)
    for row in rows:
        part.see(row)
    return pickle.loads(pickle.dumps(part))


@pytest.mark.parametrize("cut", [1, 20, 47])
def test_what_is_found_does_not_depend_on_where_the_file_was_cut(tmp_path: Path, cut: int) -> None:
    source = open_source(write_rows(tmp_path / "rows.jsonl", messy_rows()))
    rows = [row for row in lint_rows(source) if isinstance(row, LintRow)]
    context = LintContext(LintSettings(), source=source)
    whole, first = seen(rows, context), seen(rows[:cut], context)
    first.merge(seen(rows[cut:], context))
    for one, other in zip(whole.checks, first.checks, strict=True):
        assert one.findings() == other.findings()
        assert [(fix.code, list(fix.drops)) for fix in one.fixes()] == [
            (fix.code, list(fix.drops)) for fix in other.fixes()
        ]
    assert len({finding.code for check in whole.checks for finding in check.findings()}) > 20
