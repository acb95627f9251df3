"""Personal data in a training file is counted by kind, with its lines, and can be masked or dropped."""

from __future__ import annotations

from pathlib import Path

import orjson

from tunesmith.data.fixes import plan_fixes, write_fixed
from tunesmith.data.lint import personal_data
from tunesmith.data.lint.check import LintContext, LintRow
from tunesmith.data.lint.engine import lint
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.sources import open_source


def rows(*texts: str, first: int = 1) -> list[LintRow]:
    return [LintRow(line, {}, None, text=text, position=line) for line, text in enumerate(texts, first)]


def seen(rows: list[LintRow]) -> personal_data.PersonalData:
    check = personal_data.make(LintContext(LintSettings()))
    assert isinstance(check, personal_data.PersonalData)
    for row in rows:
        check.see(row)
    return check


def test_kinds_are_counted_and_lines_named_in_both_languages() -> None:
    check = seen(rows("a@b.com 和 c@d.org", "nothing here", "电话13800138000"))
    (finding,) = check.findings()
    assert finding.code == "personal_data"
    assert finding.facts["kinds"] == {"email": 2, "phone": 1}
    assert finding.rows == (1, 3)
    assert "2 e-mail addresses, 1 phone number" in finding.message
    assert "邮箱 2 处、电话号码 1 处" in finding.message_zh
    assert finding.fix == "mask_personal_data"


def test_a_file_without_personal_data_has_neither_finding_nor_fix() -> None:
    check = seen(rows("hello", "你好", "订单号20241120123456"))
    assert check.findings() == []
    assert check.fixes() == []


def test_masking_is_recommended_where_it_is_not_only_ways_to_reach_somebody() -> None:
    hotline, _ = seen(rows("a@b.com", "x", "13800138000")).fixes()
    identity, _ = seen(rows("a@b.com", "x", "11010519491231002X")).fixes()
    assert (hotline.recommended, identity.recommended) == (False, True)


def test_masking_and_dropping_are_offered() -> None:
    mask, drop = seen(rows("a@b.com", "x", "13800138000")).fixes()
    assert (mask.code, drop.code, drop.recommended) == ("mask_personal_data", "drop_personal_data", False)
    assert mask.change is not None
    assert mask.change({"prompt": "to a@b.com", "completion": "ok"}) == {"prompt": "to <EMAIL_1>", "completion": "ok"}
    assert list(drop.drops) == [1, 3]


def test_two_parts_of_a_file_say_the_same_as_the_whole() -> None:
    texts = ["a@b.com", "x", "13800138000", "192.168.1.7"]
    part, later = seen(rows(*texts[:2])), seen(rows(*texts[2:], first=3))
    part.merge(later)
    assert part.findings() == seen(rows(*texts)).findings()


def test_a_file_is_masked_or_its_rows_dropped_by_the_fixes_of_its_report(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    texts = ["写信到a@b.com", "你好", "打13800138000或138-0013-8000"]
    path.write_bytes(b"".join(orjson.dumps({"prompt": text, "completion": "好"}) + b"\n" for text in texts))
    source, report = open_source(path), lint(path)
    masked, kept = tmp_path / "masked.jsonl", tmp_path / "kept.jsonl"
    write_fixed(source, plan_fixes(source, report, codes=["mask_personal_data"]), masked)
    write_fixed(source, plan_fixes(source, report, codes=["drop_personal_data"]), kept)
    prompts = [orjson.loads(line)["prompt"] for line in masked.read_bytes().splitlines()]
    assert prompts == ["写信到<EMAIL_1>", "你好", "打<PHONE_1>或<PHONE_1>"]
    assert [orjson.loads(line)["prompt"] for line in kept.read_bytes().splitlines()] == ["你好"]
    assert not any(finding.code == "personal_data" for finding in lint(masked).findings)
