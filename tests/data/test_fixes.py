from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.data.fixes import FixPlan, plan_fixes, write_fixed
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.sources import Source, open_source
from tunesmith.errors import InvalidRequest


def row(i: int, answer: str | None = None) -> dict[str, Any]:
    answer = f"The answer to case {i} is in the book." if answer is None else answer
    question = {"role": "user", "content": f"What is written about case {i}?"}
    return {"messages": [question, {"role": "assistant", "content": answer}]}


ROWS = [*(row(i) for i in range(12)), row(12, "A lamp\ufffd, <br>red"), row(13, " "), row(14, "\x07ring"), row(3)]


def written(path: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    return path


def linted(path: Path) -> tuple[Source, LintReport]:
    source = open_source(path)
    return source, lint(source, LintOptions(near_duplicates=False))


def fixed(path: Path, out: Path) -> FixPlan:
    source, report = linted(path)
    return write_fixed(source, plan_fixes(source, report), out)


def test_the_plan_says_what_would_happen_and_writes_nothing(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    plan = plan_fixes(source, report)
    assert (plan.removed, plan.changed, plan.kept) == (2, 2, 12)
    assert plan.by_code["remove_empty_answers"] == plan.by_code["remove_exact_duplicates"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_samples_show_the_words_before_and_after_with_the_reason_in_both_languages(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    shown = {sample.code: sample for sample in plan_fixes(source, report).samples}
    change = shown["strip_replacement_characters"]
    assert (change.line, change.action) == (13, "change")
    assert "A lamp\ufffd, " in change.before
    assert change.after is not None
    assert "A lamp, " in change.after
    assert change.why
    assert change.why_zh
    assert (shown["remove_empty_answers"].line, shown["remove_empty_answers"].after) == (14, None)


def test_the_new_file_holds_the_mended_rows_and_the_original_is_untouched(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    before = path.read_bytes()
    done = fixed(path, tmp_path / "clean.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows == [*ROWS[:12], row(12, "A lamp, \nred"), row(14, "ring")]
    assert (done.removed, done.changed, done.kept) == (2, 2, 12)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clean.jsonl", "rows.jsonl"]


def test_fixing_a_fixed_file_changes_nothing(tmp_path: Path) -> None:
    fixed(written(tmp_path / "rows.jsonl"), tmp_path / "once.jsonl")
    again = fixed(tmp_path / "once.jsonl", tmp_path / "twice.jsonl")
    assert (again.removed, again.changed) == (0, 0)
    assert (tmp_path / "twice.jsonl").read_bytes() == (tmp_path / "once.jsonl").read_bytes()


def test_only_the_fixes_that_are_asked_for_are_made(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    plan = plan_fixes(source, report, codes=["remove_empty_answers"])
    assert (plan.removed, plan.changed) == (1, 0)


def test_a_fix_that_the_report_does_not_offer_is_refused_with_those_it_does(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    with pytest.raises(InvalidRequest, match="remove_empty_answers"):
        plan_fixes(source, report, codes=["remove_everything"])


def test_the_original_cannot_be_the_new_file(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    with pytest.raises(InvalidRequest, match="original"):
        write_fixed(source, plan_fixes(source, report), source.path)


def test_rows_of_one_line_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    fixed(path, tmp_path / "clean.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows == [*ROWS[:12], row(12, "A lamp, \nred"), row(14, "ring")]


def test_rows_that_cannot_be_read_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", ROWS[:12])
    path.write_text(path.read_text(encoding="utf-8") + '{"messages": [\n', encoding="utf-8")
    source, report = linted(path)
    plan = plan_fixes(source, report)
    assert (plan.removed, plan.by_code) == (1, {"remove_unreadable_rows": 1})
    assert plan.samples[0].line == 13
    assert plan.samples[0].why


def test_a_failed_write_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    plan = plan_fixes(source, report)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_fixed(source, plan, tmp_path / "clean.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_the_plan_in_json_names_every_fix_in_both_languages(tmp_path: Path) -> None:
    source, report = linted(written(tmp_path / "rows.jsonl"))
    shown = json.loads(json.dumps(plan_fixes(source, report).to_json()))
    assert shown["fixes"]["strip_html"]["zh"]
    assert shown["removed"] == 2


def test_why_a_row_cannot_be_read_is_said_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row(i)) + "\n" for i in range(12)) + "not JSON\n", encoding="utf-8")
    (left_out,) = plan_fixes(*linted(path)).samples
    assert left_out.before.startswith("line 13: ")
    assert left_out.before_zh
    assert left_out.before_zh.startswith("第 13 行")


def test_rows_that_a_fix_makes_equal_or_empty_go_too(tmp_path: Path) -> None:
    rows = [
        *(row(i) for i in range(12)),
        row(12, "A lamp"),
        row(12, "A \x07lamp"),
        row(13, "\ufffd"),
        row(14, "\x07A lamp"),
    ]
    source, report = linted(written(tmp_path / "rows.jsonl", rows))
    plan = plan_fixes(source, report)
    assert (plan.removed, plan.changed, plan.kept) == (2, 1, 13)
    assert plan.by_code["remove_exact_duplicates"] == 1
    write_fixed(source, plan, tmp_path / "once.jsonl")
    again = fixed(tmp_path / "once.jsonl", tmp_path / "twice.jsonl")
    assert (again.removed, again.changed, again.kept) == (0, 0, 14)


def rows_of_any_kind() -> st.SearchStrategy[dict[str, Any]]:
    """Rows that are right except for some values, which may be anything."""
    words = st.sampled_from(
        ["ok", "", " ", "\x01\ufffd", "cafÃ©", "<br>&amp;", "{{name}}", "</s>", "I can't answer that."]
    )
    junk = st.one_of(st.none(), st.booleans(), st.integers(), words, st.just([]), st.just({}), st.just([None]))
    call = st.fixed_dictionaries(
        {"name": st.just("f"), "arguments": st.one_of(junk, st.just("{'a': 1}"), st.just({"a": None}))}
    )
    turn = st.fixed_dictionaries(
        {"role": st.one_of(st.sampled_from(["system", "user", "assistant", "tool", "function", "human"]), junk)},
        optional={
            "content": st.one_of(words, junk),
            "weight": st.sampled_from([0, 1, None, "1"]),
            "tool_calls": st.one_of(
                junk, st.lists(st.fixed_dictionaries({"id": words, "function": st.one_of(call, junk)}), max_size=2)
            ),
            "function_call": st.one_of(call, junk),
        },
    )
    return st.fixed_dictionaries(
        {"messages": st.one_of(st.lists(st.one_of(turn, junk), max_size=5), junk)},
        optional={"tools": junk, "functions": junk, "label": st.booleans()},
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(rows_of_any_kind(), max_size=8))
def test_any_rows_can_be_fixed_and_fixing_again_changes_nothing(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    fixed(written(tmp_path / "rows.jsonl", [row(0), row(1), *rows]), tmp_path / "once.jsonl")
    again = fixed(tmp_path / "once.jsonl", tmp_path / "twice.jsonl")
    assert (again.removed, again.changed) == (0, 0)
