"""Masks are consistent within a row, and a masked row is still a row."""

from __future__ import annotations

import json

from tunesmith.data.pii import Masker, find_pii


def chat(*contents: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


def test_the_same_number_gets_the_same_mask_however_it_is_written() -> None:
    masked = Masker().mask(chat("打13800138000", "就是+86 138 0013 8000，不是13900139000"))
    assert masked == chat("打<PHONE_1>", "就是<PHONE_1>，不是<PHONE_2>")


def test_a_row_without_personal_data_is_the_same_object() -> None:
    row = chat("你好", "Hello")
    assert Masker().mask(row) is row


def test_masking_twice_changes_nothing() -> None:
    once = Masker().mask(chat("a@example.com, 110105194912310021? 11010519491231002X 192.168.1.7"))
    assert Masker().mask(once) is once


def test_arguments_of_tool_calls_stay_json() -> None:
    call = {"id": "call_13800138000", "function": {"name": "dial", "arguments": '{"phone": 13800138000, "n": 1}'}}
    row = {"messages": [{"role": "assistant", "tool_calls": [call]}]}
    masked = Masker().mask(row)["messages"][0]["tool_calls"][0]
    assert json.loads(masked["function"]["arguments"]) == {"phone": "<PHONE_1>", "n": 1}
    assert masked["id"] == "call_13800138000"


def test_each_kind_has_its_own_numbers() -> None:
    assert Masker().mask_text("a@b.com, c@d.org, 13800138000, A@b.com") == "<EMAIL_1>, <EMAIL_2>, <PHONE_1>, <EMAIL_1>"


def test_only_the_kinds_asked_for_are_masked() -> None:
    assert Masker({"email"}).mask_text("a@b.com 13800138000") == "<EMAIL_1> 13800138000"


def test_masks_are_not_personal_data() -> None:
    assert find_pii("<PHONE_1> <EMAIL_12> <CN_RESIDENT_ID_3> <BANK_CARD_1>") == []


def test_a_mask_that_stands_in_the_row_already_is_not_given_to_somebody_else() -> None:
    assert Masker().mask(chat("<PHONE_1>找13800138000")) == chat("<PHONE_1>找<PHONE_2>")
