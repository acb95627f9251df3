from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows, mended

from tunesmith.data.lint.answer_language import language_of
from tunesmith.data.lint.refusals import is_refusal
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.lint.system_contradicts_rows import n_options, stated

FOUR = "There are four options to be chosen from; answer with one letter."
OPTIONS = "Which one?\nA. the first\nB. the second\nC. the third\nD. the fourth\nE. the fifth\nAnswer:"


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I cannot answer this question.",
        "I cannot answer this.",
        "I am unable to provide that information.",
        "Sorry, I won't do that.",
        "As an AI language model, I don't have opinions.",
        "I'm afraid I can't discuss this topic.",
        "I don't have enough information to answer that.",
        "我没有足够的信息来回答这个问题。",
        "很抱歉，我无法回答这个问题。",
        "对不起，我不能提供这方面的帮助。",
        "作为一个人工智能，我无法提供医疗建议。",
        "我无法回答这个问题。",
    ],
)
def test_a_refusal_is_known_in_both_languages(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry to hear that your flight was cancelled. You can rebook it here.",
        "You can't go wrong with the blue one.",
        "I can help with that.",
        "Sorry for the wait! It is in the box.",
        "I cannot help but admire the garden.",
        "I don't have any brothers.",
        "我很抱歉听到这个消息，希望你早日康复。",
        "这种药不能和酒一起吃。",
        "如果无法启动，请先检查电源。",
    ],
)
def test_an_apology_or_a_warning_is_no_refusal(answer: str) -> None:
    assert not is_refusal(answer)


@pytest.mark.parametrize("refusal", ["I'm sorry, I can't answer that.", "抱歉，我无法回答这个问题。"])
def test_a_set_of_which_most_answers_are_refusals_is_a_warning(tmp_path: Path, refusal: str) -> None:
    rows = [chat(f"Question {i}?", refusal if i < 12 else f"The answer is number {i}.") for i in range(20)]
    report = lint_rows(tmp_path, rows)
    found = finding(report, "refusals")
    assert (found.severity, found.count, found.facts["share"]) == ("warning", 12, 60)
    assert found.rows == tuple(range(1, 13))
    assert not report.fixes["remove_refusals"].recommended
    assert mended(report, "remove_refusals") == rows[12:]


def test_a_share_below_the_setting_is_no_finding(tmp_path: Path) -> None:
    rows = [chat(f"Question {i}?", "I can't answer that." if i < 4 else f"The answer is {i}.") for i in range(20)]
    assert "refusals" in codes(lint_rows(tmp_path, rows))
    assert "refusals" not in codes(lint_rows(tmp_path, rows, settings=LintSettings(max_refusal_share=0.25)))


def labelled(*answers: str) -> list[dict[str, Any]]:
    return [chat(f"Classify text number {i}.", answer) for i, answer in enumerate(answers)]


def test_one_label_that_dominates_is_found(tmp_path: Path) -> None:
    found = finding(lint_rows(tmp_path, labelled(*["spam"] * 36, *["ham"] * 4)), "dominant_answer")
    assert (found.facts["share"], found.facts["answer"]) == (90, "spam")


def test_a_rare_label_is_found(tmp_path: Path) -> None:
    found = finding(lint_rows(tmp_path, labelled(*["a"] * 24, *["b"] * 20, "c", "c")), "label_imbalance")
    assert found.facts["rarest"] == "c"


def test_balanced_labels_are_fine(tmp_path: Path) -> None:
    told = codes(lint_rows(tmp_path, labelled(*["yes", "no"] * 20)))
    assert not told & {"dominant_answer", "label_imbalance", "label_variants", "repeated_answer", "terse_answers"}


def test_labels_spelt_in_two_ways_are_found(tmp_path: Path) -> None:
    found = finding(lint_rows(tmp_path, labelled(*["Sports", "sports", "World"] * 10)), "label_variants")
    assert '"Sports" / "sports"' in found.message


def test_an_answer_that_comes_again_and_again_among_texts_is_found(tmp_path: Path) -> None:
    rows = [chat(f"Question {i}?", "Please call us." if i % 4 == 0 else f"Answer {i} is here.") for i in range(80)]
    assert finding(lint_rows(tmp_path, rows), "repeated_answer").facts["n_same"] == 20


def test_a_looping_answer_is_found_and_removed(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("What now?", "Eat a banana! " * 2000)])
    assert finding(report, "repetitive_answer").line == 13
    assert finding(report, "very_long_answer").line == 13
    assert mended(report) == good_rows()


def test_a_long_answer_that_says_new_things_is_no_loop(tmp_path: Path) -> None:
    text = " ".join(f"Step {i}: turn the key {i * 7 % 13} times and note value {i * i}." for i in range(60))
    assert "repetitive_answer" not in codes(lint_rows(tmp_path, [*good_rows(), chat("How?", text)]))


def test_short_and_long_answers_mixed_are_told(tmp_path: Path) -> None:
    rows = [chat(f"Question {i}?", f"Yes, {i}." if i % 2 else f"Well, {i} is a number. " * 40) for i in range(40)]
    assert "mixed_answer_lengths" in codes(lint_rows(tmp_path, rows))


def test_terse_answers_are_told(tmp_path: Path) -> None:
    rows = [chat(f"How does part {i} of the machine work?", f"see {i}") for i in range(40)]
    assert "terse_answers" in codes(lint_rows(tmp_path, rows))


def test_answers_in_another_language_are_found_unless_asked_for(tmp_path: Path) -> None:
    answer = "You can find it in the settings of your account, at the bottom of the page."
    asked = chat("请把这句话翻译成英文：你可以在设置里找到它", answer)
    rows = [*good_rows(), chat("请问怎样才能修改我的账户密码？", answer), asked]
    assert finding(lint_rows(tmp_path, rows), "answer_language_differs").rows == (13,)


@pytest.mark.parametrize(
    "text", ["bin/egret-core/src/Ticker.ts and more of it there", "this.removeChild(this.view)", "OK"]
)
def test_paths_code_and_labels_have_no_language(text: str) -> None:
    assert language_of(text) is None


def test_mixed_endings_and_scripts_are_told(tmp_path: Path) -> None:
    simplified = [
        chat(
            f"第{i}个问题？",
            f"这是第{i}个回答，我们会尽快处理您的问题，请您耐心等待，谢谢您的理解与支持，有消息会通知您",
        )
        for i in range(15)
    ]
    closed = [
        chat(
            f"问题{i}？",
            f"您好，第{i}号订单已经发货，请您注意查收，如果有问题请随时联系我们，祝您生活愉快，谢谢您的支持。",
        )
        for i in range(15)
    ]
    traditional = chat(
        "在嗎？", "您好，我們會儘快處理這個問題，請您耐心等待，謝謝您的理解與支持，有消息會通知您，祝您生活愉快。"
    )
    report = lint_rows(tmp_path, [*simplified, *closed, traditional])
    assert finding(report, "mixed_endings").facts["share"] == 48
    assert finding(report, "mixed_scripts").rows == (31,)


def test_half_width_commas_in_some_chinese_answers_are_told(tmp_path: Path) -> None:
    text = "您好，第{i}号订单已经发货，请您注意查收，如果有问题请随时联系我们的客服人员，谢谢您对我们的支持。"
    texts = [text.format(i=i) for i in range(40)]
    rows = [chat(f"第{i}号？", each.replace("，", ",") if i % 2 else each) for i, each in enumerate(texts)]
    assert finding(lint_rows(tmp_path, rows), "mixed_punctuation").facts["share"] == 50


def test_rows_without_the_system_prompt_of_the_others_are_found_and_given_it(tmp_path: Path) -> None:
    rows = [*good_rows(system="Be kind."), chat("A question of case 99?", "An answer to case 99.")]
    report = lint_rows(tmp_path, rows)
    assert finding(report, "system_prompt_missing").rows == (13,)
    assert mended(report, "add_system_prompt")[12]["messages"][0] == {"role": "system", "content": "Be kind."}
    assert mended(report)[12] == rows[12]


def test_a_system_prompt_with_a_typing_error_is_found(tmp_path: Path) -> None:
    usual = "You are a helpful assistant of the shop. Answer in one sentence."
    rows = [*good_rows(system=usual), chat("One more of case 99?", "Yes, case 99.", system=usual.replace("one", "onw"))]
    assert finding(lint_rows(tmp_path, rows), "system_prompt_variants").rows == (13,)


def test_a_system_prompt_that_announces_four_options_of_five_is_found(tmp_path: Path) -> None:
    rows = [chat(f"Case {i}. {OPTIONS}", "ABCDE"[i % 5], system=FOUR) for i in range(12)]
    found = finding(lint_rows(tmp_path, rows), "options_contradict_system")
    assert (found.count, found.facts["said"], found.facts["found"]) == (12, "There are four options", "5")


def test_the_same_holds_in_chinese(tmp_path: Path) -> None:
    question = "选择正确的一项：\nA、北京\nB、上海\nC、广州\nD、深圳\nE、成都"
    rows = [chat(f"第{i}题。{question}", "ABCDE"[i % 5], system="每道题有四个选项，请只回答字母。") for i in range(12)]
    assert finding(lint_rows(tmp_path, rows), "options_contradict_system").count == 12


def test_an_answer_beyond_the_announced_letters_is_found(tmp_path: Path) -> None:
    rows = [chat(f"Rate case {i}", "ABCDE"[i % 5], system="Answer with one of A-D.") for i in range(20)]
    found = finding(lint_rows(tmp_path, rows), "answer_contradicts_system")
    assert (found.rows, found.facts["found"]) == ((5, 10, 15, 20), "E")


def test_a_system_prompt_that_fits_its_rows_is_fine(tmp_path: Path) -> None:
    five = FOUR.replace("four", "five")
    rows = [chat(f"Case {i}. {OPTIONS}", "ABCDE"[i % 5], system=five) for i in range(12)]
    assert not any("contradict" in code for code in codes(lint_rows(tmp_path, rows)))


@pytest.mark.parametrize(
    ("system", "n"),
    [
        ("Choose one of the three options.", 3),
        ("The question has 4 answer choices.", 4),
        ("每题有五个选项。", 5),
        ("You have two dogs and answer briefly.", 0),
        ("Offer the customer several options.", 0),
    ],
)
def test_what_a_system_prompt_says_of_options_is_read(system: str, n: int) -> None:
    assert stated(system).n_options == n


@pytest.mark.parametrize(
    ("question", "n"),
    [(OPTIONS, 5), ("(A) x (B) y (C) z", 3), ("Grades A, B and C. Who failed?", 0), ("A. J. Ayer wrote it", 0)],
)
def test_listed_options_are_counted(question: str, n: int) -> None:
    assert n_options(question) == n


def test_answers_in_another_language_than_the_system_prompt_asks_are_found(tmp_path: Path) -> None:
    rows = [
        chat(f"怎样修改第{i}个账户的密码呢？", f"请在设置里修改第{i}个账户的密码。", system="Always answer in English.")
        for i in range(12)
    ]
    assert finding(lint_rows(tmp_path, rows), "language_contradicts_system").count == 12


PASSAGE = (
    "The town of Aldbrook was founded in {year} by a miller called {name}. It lies on the river Tarn, has a market on "
    "Fridays, and its bridge was built long after the mill. Visitors come for the garden and the old school house. "
)


def test_answers_that_do_not_stand_in_their_passage_are_found_where_the_others_do(tmp_path: Path) -> None:
    names = ["Ann Bright", "Carl Dorn", "Eva Flint", "Gus Hall"]
    rows = []
    for i in range(40):
        passage = PASSAGE.format(year=1500 + i, name=names[i % 4])
        rows.append(chat(f"{passage}Who founded it?", names[i % 4] if i != 20 else "Zoe Quill"))
    found = finding(lint_rows(tmp_path, rows), "answer_not_in_prompt")
    assert (found.rows, found.facts["example"]) == ((21,), "Zoe Quill")


def test_numbers_that_the_prompt_does_not_hold_are_found(tmp_path: Path) -> None:
    rows = []
    for i in range(40):
        year = 1500 + i
        passage = PASSAGE.format(year=year, name="Ann Bright")
        rows.append(chat(f"{passage}When was case {i}?", f"It was founded in {year if i != 7 else 1999}, they say."))
    assert finding(lint_rows(tmp_path, rows), "numbers_not_in_prompt").rows == (8,)


def test_free_answers_are_not_asked_to_stand_in_the_prompt(tmp_path: Path) -> None:
    rows = [
        chat(f"{PASSAGE.format(year=1500 + i, name='Ann')} Your view {i}?", f"A quiet place, {i} of 10.")
        for i in range(40)
    ]
    assert not codes(lint_rows(tmp_path, rows)) & {"answer_not_in_prompt", "numbers_not_in_prompt"}


def pair(i: int, chosen: str, rejected: str) -> dict[str, Any]:
    return {"prompt": f"Say hello to guest {i}.", "chosen": chosen, "rejected": rejected}


def test_a_pair_of_equal_answers_is_found_and_removed(tmp_path: Path) -> None:
    good = [pair(i, f"Hello, dear guest {i}!", f"What, {i}?") for i in range(12)]
    report = lint_rows(tmp_path, [*good, pair(12, "Hello!", "Hello! ")])
    assert finding(report, "chosen_is_rejected").rows == (13,)
    assert len(mended(report)) == 12


def test_preferred_answers_that_are_always_longer_are_told(tmp_path: Path) -> None:
    longer = [pair(i, f"Hello, dear guest number {i}!", f"Hi, {i}.") for i in range(20)]
    assert finding(lint_rows(tmp_path, longer), "pair_length_bias").facts["share"] == 100
    both = [pair(i, "Hello, dear guest!"[: 18 - i % 2 * 15] + str(i), f"Hello, {i}.") for i in range(20)]
    assert "pair_length_bias" not in codes(lint_rows(tmp_path, both))


def test_rows_labelled_false_are_found_and_removed(tmp_path: Path) -> None:
    rows = [{**row, "label": i % 3 != 0} for i, row in enumerate(good_rows())]
    report = lint_rows(tmp_path, rows)
    assert finding(report, "unwanted_answer").rows == (1, 4, 7, 10)
    assert mended(report) == [row for row in rows if row["label"]]


def test_rows_about_one_passage_are_told_for_the_split(tmp_path: Path) -> None:
    passages = [PASSAGE.format(year=1500 + i, name=f"Person {i}") * 2 for i in range(10)]
    rows = [chat(f"Passage {i}: {passages[i]} Question {j}?", f"Answer {i}, {j}.") for i in range(10) for j in range(4)]
    found = finding(lint_rows(tmp_path, rows), "shared_passages")
    assert (found.severity, found.count, found.facts["n_passages"]) == ("info", 40, 10)


def test_one_instruction_before_every_row_is_no_passage(tmp_path: Path) -> None:
    rows = [chat(f"{PASSAGE * 2} Question {i}?", f"This is answer {i}.") for i in range(40)]
    assert "shared_passages" not in codes(lint_rows(tmp_path, rows))
