from __future__ import annotations

from pathlib import Path
from typing import Any

from lint_rows import chat, codes, finding, good_rows, lint_rows, mended


def turn(role: str, content: str | None, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def row(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"messages": list(turns)}


def test_a_row_that_ends_with_the_user_is_cut_after_the_last_answer(tmp_path: Path) -> None:
    good = [turn("user", "Hi"), turn("assistant", "Hello, how can I help?")]
    report = lint_rows(tmp_path, [*good_rows(), row(*good, turn("user", "And?")), row(turn("user", "Hi"))])
    found = finding(report, "last_message_not_assistant")
    assert (found.severity, found.rows, found.fix) == ("error", (13,), "cut_after_last_answer")
    assert finding(report, "no_assistant_message").rows == (14,)
    assert mended(report)[12:] == [row(*good)]


def test_empty_answers_are_found_and_removed(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("Why?", ""), chat("How?", " \n")])
    found = finding(report, "empty_answer")
    assert (found.rows, found.fix) == ((13, 14), "remove_empty_answers")
    assert mended(report) == good_rows()


def test_rows_without_a_trained_token_are_an_error(tmp_path: Path) -> None:
    untrained = row(turn("user", "Hi"), turn("assistant", "Hello", weight=0))
    report = lint_rows(tmp_path, [*good_rows(), untrained])
    assert finding(report, "no_trained_tokens").severity == "error"
    assert mended(report) == good_rows()


def test_two_answers_in_a_row_are_joined(tmp_path: Path) -> None:
    twice = row(turn("user", "Hi"), turn("assistant", "One."), turn("assistant", "Two."))
    report = lint_rows(tmp_path, [*good_rows(), twice])
    assert finding(report, "assistant_twice").rows == (13,)
    assert mended(report)[12] == row(turn("user", "Hi"), turn("assistant", "One.\nTwo."))


def test_two_user_messages_in_a_row_are_joined_only_when_asked(tmp_path: Path) -> None:
    twice = row(turn("user", "Hi."), turn("user", "Are you there?"), turn("assistant", "Yes, I am."))
    report = lint_rows(tmp_path, [*good_rows(), twice])
    assert finding(report, "user_twice").rows == (13,)
    assert mended(report)[12] == twice
    joined = row(turn("user", "Hi.\nAre you there?"), turn("assistant", "Yes, I am."))
    assert mended(report, "join_user_turns")[12] == joined


def test_answers_with_different_weights_stay_apart(tmp_path: Path) -> None:
    twice = row(turn("user", "Hi"), turn("assistant", "One.", weight=0), turn("assistant", "Two.", weight=1))
    report = lint_rows(tmp_path, [*good_rows(), twice])
    assert finding(report, "assistant_twice").rows == (13,)
    assert mended(report)[12] == twice


def test_a_late_system_message_moves_to_the_front(tmp_path: Path) -> None:
    late = row(turn("user", "Hi"), turn("system", "Be kind."), turn("assistant", "Hello!"))
    report = lint_rows(tmp_path, [*good_rows(), late])
    assert finding(report, "system_not_first").line == 13
    assert mended(report)[12] == row(turn("system", "Be kind."), turn("user", "Hi"), turn("assistant", "Hello!"))


def test_a_row_without_a_user_message_is_found(tmp_path: Path) -> None:
    alone = row(turn("system", "Be kind."), turn("assistant", "Hello!"))
    report = lint_rows(tmp_path, [*good_rows(), alone])
    assert finding(report, "no_user_message").line == 13


def test_a_long_conversation_in_order_is_fine(tmp_path: Path) -> None:
    turns = [turn("user", "a?"), turn("assistant", "Answer a."), turn("user", "b?"), turn("assistant", "Answer b.")]
    fine = [row(turn("system", "Be kind."), *turns)]
    told = codes(lint_rows(tmp_path, [*good_rows(system="Be kind."), *fine]))
    assert not told & {"assistant_twice", "user_twice", "system_not_first", "assistant_first", "no_user_message"}


def test_the_same_holds_for_sharegpt_rows(tmp_path: Path) -> None:
    def said(who: str, text: str) -> dict[str, str]:
        return {"from": who, "value": text}

    good = [{"conversations": [said("human", f"Question {i}?"), said("gpt", f"Answer number {i}.")]} for i in range(12)]
    bad = {"conversations": [said("human", "Hi"), said("gpt", "Hello."), said("human", "And?")]}
    report = lint_rows(tmp_path, [*good, bad])
    assert finding(report, "last_message_not_assistant").line == 13
    assert mended(report)[12] == {"conversations": bad["conversations"][:2]}


def test_an_empty_prompt_is_open_ended_generation(tmp_path: Path) -> None:
    rows = [{"prompt": "", "completion": f"A poem about case {i}."} for i in range(12)]
    assert finding(lint_rows(tmp_path, rows), "empty_prompt").severity == "info"
    some = [*rows[:3], *({"prompt": f"Write on case {i}", "completion": f"Case {i} is a case."} for i in range(12))]
    found = finding(lint_rows(tmp_path, some), "empty_prompt")
    assert (found.severity, found.rows) == ("warning", (1, 2, 3))


def test_a_misspelled_key_is_told_with_what_it_was_meant_to_be(tmp_path: Path) -> None:
    rows = [*good_rows(), row(turn("user", "Hi"), turn("assistant", "Hello", wieght=0))]
    found = finding(lint_rows(tmp_path, rows), "misspelled_key")
    assert found.line == 13
    assert "weight" in found.message


def test_keys_that_are_not_used_are_listed_once(tmp_path: Path) -> None:
    rows = [{**each, "source": "wiki", "year": 2020} for each in good_rows()]
    assert '"source"' in finding(lint_rows(tmp_path, rows), "unused_key").message


def test_sharegpt_rows_keep_their_answers_whatever_the_assistant_is_called(tmp_path: Path) -> None:
    def said(speaker: str, text: str) -> dict[str, str]:
        return {"from": speaker, "value": text}

    good = [{"conversations": [said("user", f"Question {i}?"), said("bot", f"Answer number {i}.")]} for i in range(12)]
    late = {"conversations": [said("user", "Hi"), said("ChatGPT", "Hello."), said("user", "And?")]}
    calls = {"conversations": [said("human", "Time?"), *[said("tool_call", '{"name": "now", "arguments": {}}')] * 2]}
    report = lint_rows(tmp_path, [*good, late, calls])
    assert finding(report, "last_message_not_assistant").rows == (13,)
    assert mended(report)[12:] == [{"conversations": late["conversations"][:2]}, calls]
