"""Names and addresses are found when asked for: by rules, or by presidio where it and a model are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tunesmith.data.pii import Masker, NamedEntities, find_pii
from tunesmith.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("收件人：张三，电话见下", ["张三"]),
        ("我叫李小明，今年30岁", ["李小明"]),
        ("姓名：欧阳锋 性别：男", ["欧阳锋"]),
        ("My name is Ann Lee and I live here", ["Ann Lee"]),
        ("Name: John Q. Public", ["John Q. Public"]),
        ("我叫他来，他叫我去", []),
        ("我叫张老师帮忙", []),
        ("地址：北京市海淀区中关村大街27号院3号楼502室，速来", ["北京市海淀区中关村大街27号院3号楼502室"]),
        ("我住在上海市浦东新区世纪大道100号。", ["上海市浦东新区世纪大道100号"]),
        ("at 1600 Pennsylvania Avenue, Washington, DC 20500.", ["1600 Pennsylvania Avenue, Washington, DC 20500"]),
        ("221B Baker Street, London, NW1 6XE", ["221B Baker Street, London, NW1 6XE"]),
        ("他在路上走了3号线，第三条街5号", []),
    ],
)
def test_rules_find_names_that_are_announced_and_addresses_down_to_the_house(text: str, expected: list[str]) -> None:
    assert [match.text for match in find_pii(text, kinds={"name", "address"})] == expected


def test_names_and_addresses_are_only_looked_for_when_asked() -> None:
    assert find_pii("收件人：张三，北京市海淀区中关村大街27号") == []


def test_they_are_masked_like_everything_else() -> None:
    masker = Masker({"name", "phone"})
    assert masker.mask_text("联系人：张三，13800138000") == "联系人：<NAME_1>，<PHONE_1>"


@pytest.mark.skipif(importlib.util.find_spec("spacy") is not None, reason="spaCy is installed here")
def test_without_the_extra_the_error_says_what_to_install() -> None:
    with pytest.raises(InvalidRequest, match=r"tunesmith\[pii\]"):
        NamedEntities()


def test_presidio_finds_what_a_model_knows(tmp_path: Path) -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra `pii` is not installed")
    spacy = pytest.importorskip("spacy")
    model = spacy.blank("en")
    model.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Ann Lee"}])
    model.to_disk(tmp_path / "model")
    entities = NamedEntities({"en": str(tmp_path / "model")})
    found = find_pii("Ann Lee, ann@example.com", kinds={"name", "email"}, entities=entities)
    assert [(match.kind, match.text) for match in found] == [("name", "Ann Lee"), ("email", "ann@example.com")]
