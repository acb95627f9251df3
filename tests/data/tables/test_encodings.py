"""Text in every encoding that Chinese and Western desks write, alone or mixed in one file."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from table_values import codes, values

from tunesmith.data.tables import open_table, packed, survey
from tunesmith.errors import InvalidFile, InvalidRequest

CHINESE = [{"prompt": f"今天天气怎么样？第 {n} 天", "completion": "晴，气温 20 度。"} for n in range(20)]
FRENCH = [{"prompt": f"Où est le café n° {n} ?", "completion": "À côté, à 5 £ près."} for n in range(20)]


def jsonl(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def csv(rows: list[dict[str, str]]) -> str:
    return "prompt,completion\r\n" + "".join(f'"{row["prompt"]}","{row["completion"]}"\r\n' for row in rows)


def txt(rows: list[dict[str, str]]) -> str:
    return "".join(row["prompt"] + "\n" for row in rows)


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


CODECS = [
    ("utf-8", b"", "utf-8", []),
    ("utf-8", codecs.BOM_UTF8, "utf-8-sig", ["utf8_bom"]),
    ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16", ["read_as_utf16"]),
    ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16", ["read_as_utf16"]),
    ("utf-16-le", b"", "utf-16", ["read_as_utf16"]),
    ("utf-16-be", b"", "utf-16", ["read_as_utf16"]),
    ("gb18030", b"", "gb18030", ["read_as_gb18030"]),
]


@pytest.mark.parametrize("chunk_bytes", [7, 2**20])
@pytest.mark.parametrize("form", [jsonl, csv, txt])
@pytest.mark.parametrize(("codec", "bom", "encoding", "notes"), CODECS)
def test_chinese_reads_the_same_in_every_encoding(codec, bom, encoding, notes, form, chunk_bytes, write, monkeypatch):
    monkeypatch.setattr(packed, "CHUNK_BYTES", chunk_bytes if codec != "utf-16-le" else 2**20)
    table = open_table(write(f"rows.{form.__name__}", bom + form(CHINESE).encode(codec)))

    assert table.encoding == encoding
    assert values(table) == ([{"text": row["prompt"]} for row in CHINESE] if form is txt else CHINESE)
    assert codes(table) == notes + (["crlf"] if form is csv else [])


@pytest.mark.parametrize("form", [jsonl, csv, txt])
def test_western_text_that_is_not_utf8_is_cp1252(form, write):
    table = open_table(write(f"rows.{form.__name__}", form(FRENCH).encode("cp1252")))

    assert table.encoding == "cp1252"
    assert values(table) == ([{"text": row["prompt"]} for row in FRENCH] if form is txt else FRENCH)
    assert "read_as_cp1252" in codes(table)


def test_one_pound_sign_in_an_ascii_file_is_enough(write):
    table = open_table(write("spend.csv", b"date,value (\xa3)\r\n" + b"2016-04-21,3\r\n" * 100))

    assert (table.encoding, table.columns) == ("cp1252", ("date", "value (£)"))


@pytest.mark.parametrize("form", [jsonl, csv, txt])
@pytest.mark.parametrize(("main", "other"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_lines_in_a_second_encoding_are_read_and_named(main, other, form, write):
    text = form(CHINESE).splitlines(keepends=True)
    strays = [4, 9, 10]
    content = b"".join(line.encode(other if n in strays else main) for n, line in enumerate(text, 1))

    table = open_table(write(f"rows.{form.__name__}", content))

    assert table.encoding == main
    assert values(table) == ([{"text": row["prompt"]} for row in CHINESE] if form is txt else CHINESE)
    (mixed,) = (finding for finding in table.findings if finding.code == "mixed_encodings")
    assert (mixed.severity, mixed.rows, mixed.count, mixed.line) == ("warning", tuple(strays), 3, 4)
    assert mixed.message.startswith("lines 4, 9, 10: in ")
    assert mixed.message_zh.startswith("第 4、9、10 行的编码是")


def test_latin1_lines_in_a_utf8_file_are_read_and_named(write):
    lines = jsonl(FRENCH).splitlines(keepends=True)
    content = b"".join(line.encode("cp1252" if n == 7 else "utf-8") for n, line in enumerate(lines, 1))

    table = open_table(write("rows.jsonl", content))

    assert values(table) == FRENCH
    assert [(finding.code, finding.rows) for finding in table.findings] == [("mixed_encodings", (7,))]


def test_a_line_in_no_encoding_is_a_finding_and_the_others_are_read(write):
    lines = jsonl(CHINESE).encode().splitlines(keepends=True)
    lines[5] = lines[5][:20] + b"\xff\xfe" + lines[5][20:]

    for name, content in {"a.jsonl": b"".join(lines), "b.jsonl": b"".join(lines).rstrip(b"\n")}.items():
        table = open_table(write(name, content))
        assert values(table) == [*CHINESE[:5], ("not_utf8", 6), *CHINESE[6:]]
        assert "mixed_encodings" not in codes(table)


def test_a_name_written_with_a_rare_character_does_not_make_chinese_western(write):
    rows = [*CHINESE, {"prompt": "张喆是谁？镕", "completion": "喆"}]

    table = open_table(write("rows.jsonl", jsonl(rows).encode("gb18030")))

    assert (table.encoding, values(table)) == ("gb18030", rows)


@pytest.mark.parametrize(
    ("codec", "text"),
    [("big5", "臺灣繁體中文資料"), ("shift_jis", "これはデータです"), ("cp1251", "Это русский текст")],
)
def test_text_in_an_encoding_that_is_not_known_is_refused_with_the_line(codec, text, write):
    path = write("rows.txt", b"ok\n" + (text + "\n").encode(codec) * 30)

    with pytest.raises(InvalidFile, match="save the file as UTF-8") as caught:
        open_table(path)
    assert [(finding.code, finding.line) for finding in caught.value.findings] == [("not_utf8", 2)]


def test_an_encoding_can_be_named(write):
    path = write("rows.txt", "联通\n".encode("gb18030"))  # the two bytes pairs are good UTF-16 and nearly UTF-8

    for name in ("gb18030", "GBK", "gb2312", "cp936"):
        assert values(open_table(path, encoding=name)) == [{"text": "联通"}]
    assert values(open_table(path, encoding="latin-1")) == [{"text": "ÁªÍ¨"}]
    assert values(open_table(path, encoding="utf-8")) == [("not_utf8", 1)]
    with pytest.raises(InvalidRequest, match='encoding "klingon" is not one of utf-8'):
        open_table(path, encoding="klingon")


def test_stray_zero_bytes_do_not_make_utf16(write):
    table = open_table(write("rows.jsonl", b'{"a": "b\0c"}\n' + b'{"a": 1}\n' * 50))

    assert table.encoding == "utf-8"
    assert values(table)[:2] == [("nul_byte", 1), {"a": 1}]


def test_files_with_a_bom_joined_one_after_another_are_read(write):
    table = open_table(write("rows.jsonl", jsonl(CHINESE).encode("utf-8-sig") * 2))

    assert values(table) == CHINESE * 2


def test_a_line_in_another_encoding_deep_in_a_large_file_is_named_when_it_is_read(write, monkeypatch):
    monkeypatch.setattr(survey, "_PROOF_BYTES", 2000)
    monkeypatch.setattr(packed, "CHUNK_BYTES", 1000)
    good = '{"text": "中文资料"}\r\n'.encode()
    path = write("rows.jsonl", good * 500 + '{"text": "中文"}\n'.encode("gb18030") + good)

    table = open_table(path)

    found = values(table)
    assert (table.encoding, found[500], found[501]) == ("utf-8", ("not_utf8", 501), {"text": "中文资料"})
    assert [finding.facts["n_crlf"] for finding in table.findings if finding.code == "mixed_line_ends"] == [501]
