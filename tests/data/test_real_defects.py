"""Defects that users of such services reported, each found at its line and mended where a mend is named.

The numbers are those of the list beside the real rows; every defect is synthesised, so that the tests need no other
file, and looked for in the real rows too where they have it.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.fixes import plan_fixes, write_fixed
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.reading import read_examples
from tunesmith.data.render import Renderer
from tunesmith.data.sources import open_source
from tunesmith.findings import Finding
from tunesmith.models.nano import nano_folder


def row(i: int, answer: str | None = None, **more: Any) -> dict[str, Any]:
    question = {"role": "user", "content": f"What stands on page {i} of the handbook?"}
    answer = f"Page {i} explains step {i} of the repair." if answer is None else answer
    return {"messages": [question, {"role": "assistant", "content": answer}], **more}


ROWS = [row(i) for i in range(12)]


def turns(*texts: str, **last: Any) -> dict[str, Any]:
    """Turns of "role: text"; `last` is added to the last of them."""
    split = [text.partition(": ") for text in texts]
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, _, text in split]
    messages[-1] |= last
    return {"messages": messages}


def jsonl(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows)


def look(path: Path, content: str | bytes, **options: Any) -> LintReport:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return lint(path, LintOptions(**options))


def found(report: LintReport, code: str) -> Finding:
    findings = [finding for finding in report.findings if finding.code == code]
    assert findings, f"no {code} among {[(finding.code, finding.line) for finding in report.findings]}"
    assert findings[0].message_zh
    return findings[0]


def mended(report: LintReport) -> list[dict[str, Any]]:
    """The rows of the new file, which is clean: no recommended fix finds anything in it."""
    source = open_source(report.path)
    out = report.path.with_name("mended.jsonl")
    write_fixed(source, plan_fixes(source, report), out)
    again = open_source(out)
    plan = plan_fixes(again, lint(again))
    assert (plan.removed, plan.changed) == (0, 0)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_1_pretty_printed_objects_are_read_and_their_lines_known(tmp_path: Path) -> None:
    texts = [json.dumps(each, indent=4) for each in (*ROWS, row(12, " "))]
    report = look(tmp_path / "train.jsonl", "\n".join(texts))
    assert found(report, "pretty_printed").fix == "rewrite"
    assert report.n_examples == 13
    # An object of two messages takes 12 lines.
    assert found(report, "empty_answer").line == 12 * texts[0].count("\n") + 13
    assert mended(report) == ROWS


def test_1_the_real_pretty_printed_file_is_read(shared_data: Path) -> None:
    report = lint(shared_data / "messy" / "01-testing-example.tail.jsonl")
    assert found(report, "pretty_printed")
    assert found(report, "text_between_rows").line == 1
    assert report.n_examples == 1


def test_2_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", b"\xef\xbb\xbf" + jsonl(*ROWS).encode())
    assert found(report, "utf8_bom").severity == "info"
    assert mended(report) == ROWS
    assert (tmp_path / "mended.jsonl").read_bytes().startswith(b"{")


def test_2_a_row_quoted_twice_is_named(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS) + json.dumps(json.dumps(row(12))) + "\n")
    assert any(finding.severity == "error" and finding.line == 13 for finding in report.findings)


@pytest.mark.parametrize(
    "line",
    ["{messages: []}", '{"prompt": yes}', '{"prompt": "He called it "tik-tak" now", "completion": "x"}'],
)
def test_3_an_unquoted_key_a_bare_value_and_open_quotes_are_named_by_line(tmp_path: Path, line: str) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS[:5]) + line + "\n" + jsonl(*ROWS[5:]))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [finding.line for finding in errors] == [6]
    assert report.n_examples == 12
    assert mended(report) == ROWS


@pytest.mark.parametrize(("name", "code"), [("train.jsonl", "json_array_in_jsonl"), ("train.txt", "wrong_extension")])
def test_4_an_array_is_read_whatever_the_file_is_called(tmp_path: Path, name: str, code: str) -> None:
    report = look(tmp_path / name, json.dumps(ROWS))
    assert found(report, code).fix == "rewrite"
    assert mended(report) == ROWS


def test_4_json_lines_in_a_text_file_are_read_also_in_chinese(tmp_path: Path) -> None:
    rows = [{"prompt": f"第{i}个问题是什么？", "completion": f"第{i}个回答在手册里。"} for i in range(12)]
    report = look(tmp_path / "train.txt", jsonl(*rows))
    assert found(report, "wrong_extension").severity == "info"
    assert (report.format, report.n_examples) == ("prompt_completion", 12)


def test_5_a_byte_order_mark_before_utf16_is_understood(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS).encode("utf-16"))
    assert found(report, "read_as_utf16").fix == "rewrite"
    assert mended(report) == ROWS


def test_6_empty_prompts_are_told_apart_from_missing_ones(tmp_path: Path) -> None:
    rows = [{"prompt": f"Page {i}?", "completion": f"Page {i} explains step {i}."} for i in range(12)]
    report = look(tmp_path / "train.jsonl", jsonl(*rows, {"prompt": "", "completion": "An open-ended text."}))
    assert found(report, "empty_prompt").rows == (13,)
    assert report.n_examples == 13


def test_7_a_gb18030_file_is_read_and_written_as_utf8(tmp_path: Path) -> None:
    rows = [{"prompt": f"第{i}页写了什么内容？", "completion": f"第{i}页介绍了维修的第{i}步。"} for i in range(12)]
    report = look(tmp_path / "train.jsonl", jsonl(*rows).encode("gb18030"))
    assert found(report, "read_as_gb18030").fix == "rewrite"
    assert mended(report) == rows


def test_7_the_real_gb18030_table_is_read(shared_data: Path) -> None:
    report = lint(shared_data / "zh_qa/medical_gbk/internal_medicine.gb18030.csv", LintOptions(near_duplicates=False))
    assert found(report, "read_as_gb18030")
    assert (report.format, report.n_examples) == ("prompt_completion", 7144)


def test_8_one_cp1252_byte_in_an_ascii_table_is_a_character(tmp_path: Path) -> None:
    cells = "".join(f"How much is item {i}?,It costs \xa3{i}.\n" for i in range(12))
    report = look(tmp_path / "train.csv", f"question,answer\n{cells}".encode("cp1252"))
    assert found(report, "read_as_cp1252").fix == "rewrite"
    assert mended(report)[3] == {"prompt": "How much is item 3?", "completion": "It costs £3."}


def test_8_the_real_cp1252_table_is_read(shared_data: Path) -> None:
    report = lint(shared_data / "messy/25000_spend_dataset_current.csv")
    assert found(report, "read_as_cp1252")


def test_9_a_row_that_ends_with_the_user_is_cut(tmp_path: Path) -> None:
    late = turns("user: Hi", "assistant: Hello!", "user: Thanks")
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, late))
    assert (found(report, "last_message_not_assistant").line, report.has_errors) == (13, True)
    assert mended(report) == [*ROWS, turns("user: Hi", "assistant: Hello!")]


def test_10_no_user_a_banana_loop_and_no_system_message_are_three_findings(tmp_path: Path) -> None:
    system = "system: You are kind."
    good = [turns(system, f"user: What is on page {i}?", f"assistant: Step {i} is on page {i}.") for i in range(12)]
    banana = turns(system, "user: What shall I eat?", "assistant: " + "Eat a banana!" * 2000)
    rows = [*good, turns("user: Hi", "assistant: Hello!"), turns(system, "assistant: Hello!"), banana]
    report = look(tmp_path / "train.jsonl", jsonl(*rows))
    assert found(report, "system_prompt_missing").line == 13
    assert found(report, "no_user_message").line == 14
    assert found(report, "repetitive_answer").line == 15
    assert mended(report) == rows[:14]


def test_10_the_real_broken_file_has_all_three(shared_data: Path) -> None:
    report = lint(shared_data / "openai_format/cookbook/toy_chat_fine_tuning.jsonl")
    assert found(report, "too_few_examples").facts["n_examples"] == 5
    assert found(report, "system_prompt_missing").line == 3
    assert found(report, "no_user_message").line == 4
    assert found(report, "repetitive_answer").line == 5


CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"page": 1}'}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "step 1"}


def test_11_two_answers_after_a_tool_call_are_named_and_joined(tmp_path: Path) -> None:
    said = [{"role": "assistant", "content": text} for text in ("One moment.", "It is step 1.")]
    start = [{"role": "user", "content": "What is on page 1?"}, {"role": "assistant", "tool_calls": [CALL]}, RESULT]
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, {"messages": [*start, *said]}))
    assert found(report, "assistant_twice").line == 13
    joined = {"role": "assistant", "content": "One moment.\nIt is step 1."}
    assert mended(report)[12] == {"messages": [*start, joined]}


def test_12_the_old_function_calling_is_read_and_written_as_tools(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "What is on page 1?"}
    called = {"role": "assistant", "content": None, "function_call": CALL["function"]}
    answered = {"role": "function", "name": "look", "content": "step 1"}
    end = {"role": "assistant", "content": "It is step 1."}
    schema = {"name": "look", "parameters": {"type": "object", "properties": {"page": {"type": "integer"}}}}
    report = look(
        tmp_path / "train.jsonl", jsonl(*ROWS, {"messages": [asked, called, answered, end], "functions": [schema]})
    )
    assert found(report, "legacy_functions").line == 13
    assert not report.has_errors
    new = mended(report)[12]
    assert new["tools"] == [{"type": "function", "function": schema}]
    assert [message["role"] for message in new["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert new["messages"][1]["tool_calls"][0]["id"] == new["messages"][2]["tool_call_id"]


def test_13_arguments_as_objects_with_merged_nulls_become_text_without_them(tmp_path: Path) -> None:
    merged = {**CALL, "function": {"name": "look", "arguments": {"page": 1, "city": None, "stock": None}}}
    asked = {"role": "user", "content": "What is on page 1?"}
    report = look(
        tmp_path / "train.jsonl", jsonl(*ROWS, {"messages": [asked, {"role": "assistant", "tool_calls": [merged]}]})
    )
    assert found(report, "arguments_as_object").line == 13
    assert found(report, "null_arguments").line == 13
    assert mended(report)[12]["messages"][1]["tool_calls"][0] == CALL


def test_14_a_pair_without_a_preference_is_removed(tmp_path: Path) -> None:
    pairs = [{"prompt": f"Page {i}?", "chosen": f"Step {i}, please.", "rejected": f"No idea, {i}."} for i in range(12)]
    equal = {"prompt": "Page 12?", "chosen": "Step 12.", "rejected": "Step 12."}
    report = look(tmp_path / "train.jsonl", jsonl(*pairs, equal))
    assert found(report, "chosen_is_rejected").line == 13
    assert "0.6931" in found(report, "chosen_is_rejected").message
    assert mended(report) == pairs


def test_14_the_real_pairs_hold_equal_ones(shared_data: Path) -> None:
    path = shared_data / "preference_rft_tools/dpo/rasbt_instruction-data-with-preference.json"
    assert found(lint(path, LintOptions(near_duplicates=False)), "chosen_is_rejected").count == 6


def test_15_every_answer_gets_a_trained_end_and_lint_says_so(tmp_path: Path) -> None:
    said = found(look(tmp_path / "train.jsonl", jsonl(*ROWS)), "epochs_for_rows")
    assert "end token" in said.message
    assert "结束符" in said.message_zh
    renderer = Renderer.from_folder(nano_folder())
    rendered = renderer.render(ChatExample(1, (Message("user", "Page 1?"), Message("assistant", "Step 1."))))
    last = max(index for index, weight in enumerate(rendered.weights) if weight)
    end = renderer.tokenizer.decode([rendered.input_ids[last]], skip_special_tokens=False)
    assert end.startswith("<|")


def test_16_the_sensible_number_of_epochs_for_the_rows_is_told(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*(row(i) for i in range(200))), near_duplicates=False)
    assert found(report, "epochs_for_rows").facts["epochs"] == 3


def test_17_few_rows_for_a_batch_are_told(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*(row(i) for i in range(30))))
    assert found(report, "few_examples").facts["n_examples"] == 30
    assert "batch_size can be 30 at most" in found(report, "epochs_for_rows").message


def test_18_exact_duplicates_are_found_at_the_later_line_and_removed(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, ROWS[3], ROWS[5]))
    assert found(report, "exact_duplicates").rows == (13, 14)
    assert mended(report) == ROWS


def test_18_the_real_sets_have_as_many_duplicates_as_known(shared_data: Path) -> None:
    options = LintOptions(near_duplicates=False)
    assert found(lint(shared_data / "ar_lsat/chat_train.jsonl", options), "exact_duplicates").count == 21
    path = shared_data / "preference_rft_tools/dpo/dpo_zh_demo.json"
    assert found(lint(path, options), "exact_duplicates").count == 11


def test_19_one_prompt_with_two_answers_is_found_in_both_rows(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, row(3, "It is empty, I looked twice.")))
    assert found(report, "different_answers").rows == (4, 13)


def test_19_the_real_instructions_have_twenty_such_prompts(shared_data: Path) -> None:
    path = shared_data / "alpaca/rasbt/instruction-data.json"
    finding = found(lint(path, LintOptions(near_duplicates=False)), "different_answers")
    assert 20 in finding.facts.values()


def test_20_a_set_of_refusals_is_a_warning_with_its_share(tmp_path: Path) -> None:
    rows = [row(i, f"I'm sorry, but I can't answer question {i}.") if i % 5 < 3 else row(i) for i in range(50)]
    finding = found(look(tmp_path / "train.jsonl", jsonl(*rows), near_duplicates=False), "refusals")
    assert (finding.facts["share"], finding.rows[:3]) == (60, (1, 2, 3))


def test_21_personal_data_is_found_and_masked(tmp_path: Path) -> None:
    secret = row(12, "Write to anna.berg@posteo.de or call +49 30 901820.")
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, secret))
    finding = found(report, "personal_data")
    assert finding.line == 13
    source = open_source(report.path)
    out = tmp_path / "masked.jsonl"
    write_fixed(source, plan_fixes(source, report, codes=[finding.fix or ""]), out)
    assert "anna.berg@posteo.de" not in out.read_text(encoding="utf-8")


def test_22_lost_characters_are_found_and_their_marks_removed(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, row(12, "所需的工\ufffd\ufffd\ufffd和知识。")))
    assert found(report, "replacement_character").line == 13
    assert mended(report)[12] == row(12, "所需的工和知识。")


def test_22_all_seventeen_marks_of_the_real_pairs_go(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "preference_rft_tools/dpo/dpo_zh_demo.json"
    assert path.read_text(encoding="utf-8").count("\ufffd") == 17
    source = open_source(path)
    report = lint(source, LintOptions(near_duplicates=False))
    assert found(report, "replacement_character").line == 682
    write_fixed(source, plan_fixes(source, report), tmp_path / "mended.jsonl")
    assert "\ufffd" not in (tmp_path / "mended.jsonl").read_text(encoding="utf-8")


FOUR = "There are four options to be chosen from, you need to choose the only correct option."


def test_23_a_system_prompt_that_contradicts_the_rows_is_found(tmp_path: Path) -> None:
    options = "\nA. a lamp\nB. a door\nC. a wall\nD. a roof\nE. a floor\nAnswer:"
    rows = [turns(f"system: {FOUR}", f"user: What is {i}?{options}", f"assistant: {'ABCDE'[i % 5]}") for i in range(20)]
    finding = found(look(tmp_path / "train.jsonl", jsonl(*rows), near_duplicates=False), "options_contradict_system")
    assert (finding.line, finding.count, finding.facts["found"]) == (1, 20, "5")


def test_23_the_real_questions_have_five_options_and_not_four(shared_data: Path) -> None:
    report = lint(shared_data / "ar_lsat/chat_train.jsonl", LintOptions(near_duplicates=False))
    finding = found(report, "options_contradict_system")
    # 45 of the 1,630 questions do have four.
    assert (finding.line, finding.count) == (1, 1585)
    assert "four options" in finding.message


@pytest.mark.parametrize("name", ["train", "train.jsonl", "train.data"])
def test_25_the_extension_does_not_matter(tmp_path: Path, name: str) -> None:
    report = look(tmp_path / name, jsonl(*ROWS))
    assert (report.container, report.n_examples) == ("jsonl", 12)


def test_25_windows_line_ends_and_a_missing_last_one_are_told_and_mended(tmp_path: Path) -> None:
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, row(12, " ")).replace("\n", "\r\n").rstrip())
    assert found(report, "crlf").fix == "rewrite"
    assert found(report, "no_final_newline").fix == "rewrite"
    assert found(report, "empty_answer").line == 13
    assert mended(report) == ROWS
    assert b"\r" not in (tmp_path / "mended.jsonl").read_bytes()


def test_25_a_compressed_file_is_read_without_its_extension(tmp_path: Path) -> None:
    report = look(tmp_path / "train", gzip.compress(jsonl(*ROWS).encode()))
    assert found(report, "gzip")
    assert mended(report) == ROWS


def test_a_mended_file_can_be_trained_on(tmp_path: Path) -> None:
    late = turns("user: Hi", "assistant: Hello!", "user: Thanks")
    report = look(tmp_path / "train.jsonl", jsonl(*ROWS, late, row(12, " "), turns("user: Hi")) + "{broken\n")
    mended(report)
    examples = read_examples(tmp_path / "mended.jsonl", name="mended.jsonl", strict_jsonl=True, min_examples=10)
    assert len(examples.examples) == 13
