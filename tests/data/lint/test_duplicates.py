"""Rows that repeat others, in this file or in the validation file, and prompts with several answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows, mended, write_rows

from tunesmith.data.lint.engine import LintOptions, lint

LONG = (
    "To set the clock, hold the two upper buttons until the display blinks, choose the hour with the left button and"
    " the minute with the right one, then wait for five seconds; the display stops blinking and the time is kept even"
    " when the batteries are changed, as long as that takes less than a minute."
)


def test_all_copies_but_the_first_are_listed_and_removed(tmp_path: Path) -> None:
    rows = good_rows()
    report = lint_rows(tmp_path, [*rows, rows[2], rows[0], rows[2]])
    found = finding(report, "exact_duplicates")
    assert found.rows == (13, 14, 15)
    assert found.facts["first_of"] == [3, 1, 3]
    assert mended(report) == rows


def test_a_row_that_differs_only_in_blanks_around_it_is_a_copy(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("  How many?", "Two."), chat("  How many?", "Two.\n")]
    assert finding(lint_rows(tmp_path, rows), "exact_duplicates").rows == (14,)


def test_roles_labels_and_graded_fields_make_rows_different(tmp_path: Path) -> None:
    wanted = [chat("How many?", "Two.", label=True), chat("How many?", "Two.", label=False)]
    assert "exact_duplicates" not in codes(lint_rows(tmp_path, wanted))
    graded = [{"messages": [{"role": "user", "content": "6 x 7?"}], "answer": answer} for answer in ("42", "forty-two")]
    assert "exact_duplicates" not in codes(lint_rows(tmp_path, graded))
    moved = [{"messages": [{"role": role, "content": "A"}, *chat("B", "C")["messages"]]} for role in ("system", "user")]
    assert "exact_duplicates" not in codes(lint_rows(tmp_path, moved))


def test_copies_in_an_array_on_one_line_are_removed_by_their_position(tmp_path: Path) -> None:
    rows = good_rows()
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([*rows, rows[4]]))
    report = lint(path)
    assert finding(report, "exact_duplicates").count == 1
    assert list(report.fixes["remove_exact_duplicates"].drops) == [13]
    assert mended(report, "remove_exact_duplicates") == rows


def test_near_copies_are_found_with_the_row_they_repeat(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("How do I set the clock?", LONG)]
    rows += [chat("How do I set the clock?", LONG.replace("five seconds", "ten seconds"))]
    report = lint(write_rows(tmp_path / "rows.jsonl", rows))
    found = finding(report, "near_duplicates")
    assert found.rows == (14,)
    assert found.facts["example"] == "13, 14"
    assert not report.fixes["remove_near_duplicates"].recommended
    assert mended(report, "remove_near_duplicates") == rows[:-1]


def test_near_copies_in_chinese_are_found(tmp_path: Path) -> None:
    answer = (
        "请先按住上面的两个按键，直到屏幕开始闪烁，然后用左键选择小时，用右键选择分钟，等待五秒钟，屏幕停止闪烁即可。"
    )
    rows = [*good_rows(), chat("怎么设置时钟？", answer), chat("怎么设置时钟？", answer.replace("五秒", "十秒"))]
    report = lint(write_rows(tmp_path / "rows.jsonl", rows))
    assert finding(report, "near_duplicates").rows == (14,)


def test_copies_word_for_word_are_not_told_again_as_near_copies(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("How do I set the clock?", LONG), chat("How do I set the clock?", LONG)]
    found = codes(lint(write_rows(tmp_path / "rows.jsonl", rows)))
    assert "exact_duplicates" in found
    assert "near_duplicates" not in found


def test_a_long_system_prompt_that_all_rows_share_makes_no_near_copies(tmp_path: Path) -> None:
    report = lint(write_rows(tmp_path / "rows.jsonl", good_rows(12, system=LONG * 3)))
    assert "near_duplicates" not in codes(report)


def test_the_threshold_of_near_copies_can_be_set(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("Clock?", LONG), chat("Clock?", LONG[: len(LONG) // 2] + LONG[: len(LONG) // 3].upper())]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    settings = LintOptions().settings
    assert "near_duplicates" not in codes(lint(path))
    low = type(settings)(near_duplicate_similarity=0.3)
    assert "near_duplicates" in codes(lint(path, LintOptions(settings=low)))


def test_near_copies_can_be_left_out(tmp_path: Path) -> None:
    rows = [*good_rows(), chat("Clock?", LONG), chat("Clock?", LONG + " Done.")]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    assert "near_duplicates" in codes(lint(path))
    assert "near_duplicates" not in codes(lint(path, LintOptions(near_duplicates=False)))
    assert "near_duplicates" not in codes(lint(path, LintOptions(skip=["near_duplicates"])))


def test_one_prompt_with_different_answers_is_told_with_all_its_rows(tmp_path: Path) -> None:
    rows = good_rows()
    rows[3] = chat("What is the capital?", "Paris.")
    rows[7] = chat("What is the capital?", "Lyon.")
    rows[9] = chat("What is the capital? ", "Paris.")
    found = finding(lint_rows(tmp_path, rows), "different_answers")
    assert found.rows == (4, 8, 10)
    assert found.facts["n_prompts"] == 1
    assert found.facts["groups"] == [[4, 8, 10]]


def test_another_system_prompt_or_an_empty_prompt_is_no_contradiction(tmp_path: Path) -> None:
    rows = [chat("Who are you?", "Ann.", system="You are Ann."), chat("Who are you?", "Bob.", system="You are Bob.")]
    assert "different_answers" not in codes(lint_rows(tmp_path, rows))
    assert "different_answers" not in codes(lint_rows(tmp_path, [chat("", "One."), chat("", "Two.")]))


def test_wanted_and_unwanted_answers_to_one_prompt_are_no_contradiction(tmp_path: Path) -> None:
    rows = [chat("Who are you?", "Ann.", label=True), chat("Who are you?", "Go away.", label=False)]
    assert "different_answers" not in codes(lint_rows(tmp_path, rows))


def test_rows_and_prompts_of_the_validation_file_are_removed_from_the_training_file(tmp_path: Path) -> None:
    rows = good_rows()
    held_out = write_rows(
        tmp_path / "valid.jsonl", [rows[5], chat("How do I reset the router? It is case number 0.", "?")]
    )
    report = lint_rows(tmp_path, rows, validation=held_out)
    assert finding(report, "validation_overlap").rows == (6,)
    assert finding(report, "validation_prompt_overlap").rows == (1,)
    assert mended(report, "remove_validation_rows", "remove_validation_prompts") == [*rows[1:5], *rows[6:]]


def test_a_validation_file_in_another_format_is_compared_as_well(tmp_path: Path) -> None:
    rows = good_rows()
    question, answer = (message["content"] for message in rows[2]["messages"])
    held_out = tmp_path / "valid.csv"
    held_out.write_text(f'prompt,completion\n"{question}","{answer}"\n"x","y"\n')
    report = lint_rows(tmp_path, rows, validation=held_out)
    assert finding(report, "validation_overlap").rows == (3,)


@pytest.mark.parametrize(
    ("file", "count"), [("ar_lsat/chat_train.jsonl", 21), ("preference_rft_tools/dpo/dpo_zh_demo.json", 11)]
)
def test_the_copies_of_real_files_are_counted(shared_data: Path, file: str, count: int) -> None:
    report = lint(shared_data / file, LintOptions(near_duplicates=False))
    assert finding(report, "exact_duplicates").count == count


def test_twenty_prompts_of_a_real_file_have_different_answers(shared_data: Path) -> None:
    report = lint(shared_data / "alpaca/rasbt/instruction-data.json", LintOptions(near_duplicates=False))
    assert finding(report, "different_answers").facts["n_prompts"] == 20
