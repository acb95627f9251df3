from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows, mended


def spoken(*roles: str) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": f"Words of number {i}."} for i, role in enumerate(roles)]}


@pytest.mark.parametrize(
    ("written", "right"),
    [("human", "user"), ("User", "user"), ("bot", "assistant"), ("assitant", "assistant"), ("Assistant", "assistant")],
)
def test_a_role_that_does_not_exist_is_named_and_corrected(tmp_path: Path, written: str, right: str) -> None:
    other = "assistant" if right == "user" else "user"
    roles = (written, other) if right == "user" else (other, written)
    report = lint_rows(tmp_path, [*good_rows(), spoken(*roles)])
    found = finding(report, "unknown_role")
    assert (found.severity, found.rows, found.fix) == ("error", (13,), "correct_roles")
    assert f'"{written}" -> "{right}"' in found.message
    assert mended(report)[12] == spoken(*(right if role == written else role for role in roles))


def test_the_role_of_a_sharegpt_turn_is_named_and_corrected(tmp_path: Path) -> None:
    def said(first: str, second: str, number: int) -> dict[str, Any]:
        turns = [
            {"from": first, "value": f"What is {number}?"},
            {"from": second, "value": f"A number, the {number}th."},
        ]
        return {"conversations": turns}

    rows = [said("Human" if number else "humna", "gpt", number) for number in range(12)]
    report = lint_rows(tmp_path, [*rows, said("narrator", "gpt", 12)])
    found = finding(report, "unknown_role")
    assert (found.rows, found.fix) == ((1, 13), "correct_roles")
    assert found.message.endswith(
        '"humna" -> "human", "narrator"; expected one of human, gpt, system, function_call, observation'
    )
    assert mended(report)[:2] == [said("human", "gpt", 0), said("Human", "gpt", 1)]


def test_a_role_that_means_nothing_can_only_be_left_out(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [*good_rows(), spoken("narrator", "assistant"), {"messages": "none"}])
    assert finding(report, "unknown_role").fix is None
    assert finding(report, "unusable_rows").rows == (13, 14)
    assert len(mended(report)) == 14
    assert mended(report, "remove_unusable_rows") == good_rows()


def test_rows_that_another_fix_mends_are_not_unusable(tmp_path: Path) -> None:
    late = chat("Hi", "Hello there!")
    late["messages"].append({"role": "user", "content": "Thanks"})
    report = lint_rows(tmp_path, [*good_rows(), late, spoken("human", "assistant")])
    assert "unusable_rows" not in codes(report)


@pytest.mark.parametrize(
    ("roles", "left"),
    [
        (("human",), ()),
        (("human", "bot", "human"), ("user", "assistant")),
        (("usr", "assitant", "usr"), ("user", "assistant")),
        (("human", "bot"), ("user", "assistant")),
    ],
)
def test_what_corrected_roles_bring_to_light_is_mended_at_once(
    tmp_path: Path, roles: tuple[str, ...], left: tuple[str, ...]
) -> None:
    made = mended(lint_rows(tmp_path, [*good_rows(), spoken(*roles)]))
    assert made[12:] == ([spoken(*left)] if left else [])
    assert mended(lint_rows(tmp_path, made)) == made


@pytest.mark.parametrize("mark", ["<|im_end|>", "</s>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>"])
def test_an_end_mark_is_found_and_removed(tmp_path: Path, mark: str) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat("Ready?", f"Yes, ready. {mark}\n")])
    assert finding(report, "end_marks").rows == (13,)
    assert "template_marks" not in codes(report)
    assert mended(report)[12] == chat("Ready?", "Yes, ready.")


@pytest.mark.parametrize(
    "text",
    ["<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant", "[INST] Hi [/INST]", "### Human: Hi\n### Assistant:"],
)
def test_a_conversation_inside_a_text_is_found(tmp_path: Path, text: str) -> None:
    report = lint_rows(tmp_path, [*good_rows(), chat(text, "Hello there!")])
    assert finding(report, "template_marks").rows == (13,)


@pytest.mark.parametrize("text", ["a <b> c", "### Results\nfine", "x -> y", "vector<string>", "5 > 4 <|> 3"])
def test_other_angles_and_headings_are_no_marks(tmp_path: Path, text: str) -> None:
    assert not codes(lint_rows(tmp_path, [*good_rows(), chat("What?", text)])) & {"end_marks", "template_marks"}
