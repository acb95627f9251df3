"""Any file that people send opens as the table that is in it, whatever it is called."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from table_values import codes, lines, values

from tunesmith.data.tables import Row, open_table
from tunesmith.errors import InvalidFile, InvalidRequest

ROWS: list[dict[str, Any]] = [
    {"prompt": "你好，[世界]", "completion": 'say "hi" {now}'},
    {"prompt": "a\\b\nc", "completion": "，"},
    {"prompt": "", "completion": "🙂"},
]
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
PRETTY = "\n".join(json.dumps(row, ensure_ascii=False, indent=4) for row in ROWS)
ARRAY = json.dumps(ROWS, ensure_ascii=False, indent=2)


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content", "container", "notes"),
    [
        ("rows.jsonl", JSONL, "jsonl", []),
        ("rows.ndjson", JSONL, "jsonl", []),
        ("rows.json", JSONL, "jsonl", ["wrong_extension"]),
        ("train.txt", JSONL, "jsonl", ["wrong_extension"]),
        ("rows.csv", JSONL, "jsonl", ["wrong_extension"]),
        ("rows", JSONL, "jsonl", ["no_extension"]),
        ("rows.json", ARRAY, "json", []),
        ("rows.jsonl", ARRAY, "json", ["json_array_in_jsonl"]),
        ("train.txt", ARRAY, "json", ["wrong_extension"]),
        ("rows.json", json.dumps(ROWS, ensure_ascii=False), "json", []),
        ("rows.jsonl", PRETTY, "json", ["pretty_printed"]),
        ("rows.json", PRETTY, "json", ["pretty_printed"]),
        ("rows.txt", PRETTY, "json", ["pretty_printed", "wrong_extension"]),
        ("rows.json", PRETTY.replace("}\n{", "},\n\n{"), "json", ["pretty_printed"]),
        ("rows.json", json.dumps({"version": 1, "data": ROWS}), "json", ["rows_under_key"]),
        ("rows.json", json.dumps({"meta": {"data": []}, "rows": ROWS}, indent=1), "json", ["rows_under_key"]),
        ("rows.jsonl.gz", gzip.compress(JSONL.encode()), "jsonl", ["gzip"]),
        ("rows.jsonl", gzip.compress(ARRAY.encode()), "json", ["gzip", "json_array_in_jsonl"]),
    ],
)
def test_json_in_every_layout_under_every_name_gives_the_same_rows(name, content, container, notes, write):
    table = open_table(write(name, content))

    assert (table.container, table.columns, table.is_compressed) == (container, None, "gzip" in notes)
    assert values(table) == ROWS
    assert codes(table) == notes
    assert all(finding.message_zh and finding.fix == "rewrite" for finding in table.findings)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rows.jsonl", JSONL, [1, 2, 3]),
        ("rows.jsonl", "\n" + JSONL.replace("\n", "\n\n"), [2, 4, 6]),
        ("rows.json", ARRAY, [2, 6, 10]),
        ("rows.jsonl", PRETTY, [1, 5, 9]),
        ("rows.json", json.dumps({"n": 1, "rows": ROWS}, indent=1), [4, 8, 12]),
    ],
)
def test_a_row_knows_the_line_where_it_starts(name, content, expected, write):
    assert lines(open_table(write(name, content))) == expected


def test_a_single_object_is_one_row(write):
    for content, notes in ((json.dumps(ROWS[0]), []), (json.dumps(ROWS[0], indent=2), ["pretty_printed"])):
        table = open_table(write("one.json", content + "\n"))
        assert (table.container, values(table), codes(table)) == ("json", [ROWS[0]], notes)
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    assert values(open_table(write("one.json", json.dumps(chat)))) == [chat]


def test_rows_can_be_read_again_and_elsewhere(write):
    table = open_table(write("rows.jsonl", JSONL))
    other = pickle.loads(pickle.dumps(table))

    assert values(table) == values(table) == values(other) == ROWS


@pytest.mark.parametrize("size_bytes", [1, 50, 2**22])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_blocks_hold_whole_lines_as_utf8_with_their_numbers(size_bytes, encoding, write):
    rows = [{"prompt": f"今天天气怎么样 {n}", "completion": "晴"} for n in range(50)]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    table = open_table(write("rows.jsonl", text.encode(encoding)))

    blocks = list(table.blocks(size_bytes))

    assert b"".join(block.data for block in blocks).decode() == text
    assert [(row.line, row.value) for block in blocks for row in block.rows()] == list(enumerate(rows, 1))
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])


def test_a_line_over_the_limit_is_a_block_of_its_own(write):
    table = open_table(write("rows.jsonl", b'{"a":1}\n{"a":"' + b"x" * 20_000_000 + b'"}\n{"a":3}\n{"a":4}'))

    rows = [row for block in table.blocks(2**20) for row in block.rows()]

    assert [row.value if isinstance(row, Row) else row.code for row in rows] == [
        {"a": 1},
        "row_too_large",
        {"a": 3},
        {"a": 4},
    ]
    assert [row.line for row in rows] == [1, 2, 3, 4]


def test_only_json_lines_can_be_cut_into_blocks(write):
    with pytest.raises(InvalidRequest, match="only JSON lines"):
        open_table(write("rows.json", ARRAY)).blocks()


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (JSONL.replace("\n", "\r\n"), ["crlf"]),
        (JSONL.replace("\n", "\r\n", 1), ["mixed_line_ends"]),
        (JSONL.rstrip("\n"), ["no_final_newline"]),
        (JSONL.replace("\n", "\r"), ["cr_line_ends"]),
    ],
)
def test_line_ends_are_said_and_do_not_matter(content, notes, write):
    table = open_table(write("rows.jsonl", content))

    assert values(table) == ROWS
    assert codes(table) == notes


def test_an_empty_file_opens_with_an_error(write):
    table = open_table(write("rows.jsonl", b""))

    assert values(table) == []
    assert [(finding.code, finding.severity) for finding in table.findings] == [("empty_file", "error")]


@pytest.mark.parametrize(
    ("bad", "said", "said_zh"),
    [
        ('{prompt: "a", "completion": "b"}', "a key must be in double quotes", "键必须用双引号"),
        ('{"prompt": a, "completion": "b"}', "a text must be in double quotes", "文本必须用双引号"),
        ('{"prompt": "called as" tik-tak-go"", "completion": "b"}', 'written \\"', '写成 \\"'),
        ('{"prompt": "a"  "completion": "b"}', "a comma is missing", "缺少逗号"),
        ('{"prompt": "a", "completion": "b",}', "comma before the closing bracket", "多了逗号"),
        ('{"prompt": "a", "completion": None}', "JSON writes null", "应写 null"),
        ('{"prompt": "a\tb", "completion": "b"}', "written as \\n, \\t", "写成 \\n、\\t"),
        ('{"prompt": "C:\\Users", "completion": "b"}', "a backslash inside a text", "反斜杠"),
        ('{“prompt”: "a", "completion": "b"}', "“ at column 2", "英文半角标点"),
        ('{"prompt"："a"，"completion"："b"}', "： at column 10", "英文半角标点"),
        ('{"prompt": "a"} {"completion": "b"}', "one object on each line", "每行只写一个对象"),
        ('{"prompt": "a", "completion": "b"},', "a comma after the object", "多了逗号"),
        ("{'prompt': 'a', 'completion': 'b'}", "single quotes", "单引号"),
        ('"{""prompt"": ""a"", ""completion"": ""b""}"', "as a cell of a CSV file", "CSV 单元格"),
    ],
)
def test_a_line_that_is_not_json_is_named_with_the_mistake_and_the_others_are_read(bad, said, said_zh, write):
    table = open_table(write("rows.jsonl", JSONL + bad + "\n" + JSONL))

    found = list(table.rows())

    assert [getattr(row, "value", None) for row in found] == [*ROWS, None, *ROWS]
    assert found[3].line == 4
    assert found[3].message.startswith("line 4: ")
    assert said in found[3].message
    assert found[3].message_zh.startswith("第 4 行：")
    assert said_zh in found[3].message_zh


def test_a_broken_element_of_a_pretty_array_does_not_cost_the_others(write):
    rows = [{"prompt": f"{n}", "completion": "x" * 40} for n in range(5)]
    text = json.dumps(rows, indent=2).replace('"prompt": "1"', '"prompt": "called as" tik-tak-go"')

    table = open_table(write("rows.json", text))

    assert values(table) == [rows[0], ("invalid_json", 6), *rows[2:]]


def test_a_json_lines_file_with_a_heading_is_still_json_lines(write):
    table = open_table(write("rows.jsonl", "my training data\n" + JSONL))

    assert values(table) == [("invalid_json", 1), *ROWS]


def test_a_container_can_be_named(write):
    path = write("rows.txt", "a,b\n1,2\n")

    assert values(open_table(path, container="csv")) == [{"a": "1", "b": "2"}]
    assert values(open_table(path, container="txt")) == [{"text": "a,b"}, {"text": "1,2"}]
    with pytest.raises(InvalidRequest, match='"xml" is not one of'):
        open_table(path, container="xml")  # type: ignore[arg-type]
    with pytest.raises(InvalidFile, match="the file is not parquet"):
        open_table(path, container="parquet")


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("rows.jsonl", b"%PDF-1.7 ...", "a PDF document"),
        ("rows.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        ("rows.jsonl.xz", b"\xfd7zXZ\0", "an xz archive"),
        ("rows.jsonl", bytes(range(256)) * 20, "binary data"),
        ("rows.jsonl", JSONL.encode("utf-32"), "UTF-32"),
    ],
)
def test_what_is_no_table_is_refused_and_said_what_it_is(name, content, text, write):
    with pytest.raises(InvalidFile) as caught:
        open_table(write(name, content))

    assert text in caught.value.message
    assert caught.value.findings[0].message_zh


def test_plain_text_is_a_row_for_every_line(write):
    table = open_table(write("notes.txt", "Dear reader, hello.\n\n  问：你好吗？\n答：很好。\n"))

    assert (table.container, table.columns) == ("txt", ("text",))
    assert values(table) == [{"text": "Dear reader, hello."}, {"text": "问：你好吗？"}, {"text": "答：很好。"}]
    assert lines(table) == [1, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "Well, yes\nNo, never\nHello, world\nOh, dear\n",
        "[INFO] started\n[INFO] done\n",
        "{not json} but text\nmore of it\n",
        "第一，你好。\n第二，再见。\n第三，谢谢。\n",
    ],
)
def test_prose_is_not_taken_for_a_table(text, write):
    table = open_table(write("notes.txt", text))

    assert table.container == "txt"
    assert [row.value["text"] for row in table.rows()] == text.splitlines()  # type: ignore[union-attr]


# Real files


REAL_FILES = {
    "ar_lsat/chat_train.jsonl": ("jsonl", "utf-8", 1630, set()),
    "alpaca/rasbt/instruction-data.json": ("json", "utf-8", 1100, set()),
    "alpaca/smile_alpaca_history_2000.json": ("json", "utf-8", 2000, set()),
    "openai_format/cookbook/AG_news_samples.csv": ("csv", "utf-8", 2000, set()),
    "openai_format/cookbook/helpcenter_articles.csv": ("csv", "utf-8", 4, {"no_final_newline"}),
    "openai_format/cookbook/labelled_transactions.csv": ("csv", "utf-8", 101, {"crlf", "no_final_newline"}),
    "openai_format/cookbook/dbpedia_samples.jsonl": ("jsonl", "utf-8", 200, set()),
    "zh_qa/medical_gbk/internal_medicine.gb18030.csv": ("csv", "gb18030", 7144, {"read_as_gb18030"}),
    "messy/25000_spend_dataset_current.csv": ("csv", "cp1252", 359, {"read_as_cp1252", "crlf"}),
    "preference_rft_tools/bfcl/BFCL_v4_multiple.json": (
        *("jsonl", "utf-8", 200),
        {"wrong_extension", "no_final_newline"},
    ),
    "preference_rft_tools/bbh/snarks.json": ("json", "utf-8", 178, {"rows_under_key"}),
    "preference_rft_tools/gsm8k/train.jsonl": ("jsonl", "utf-8", 7473, set()),
    "preference_rft_tools/tm4_reward/reward_06.json": ("json", "utf-8", 228, set()),
}


@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_file_opens_without_a_hint_and_reads_whole(name, shared_data):
    container, encoding, n_rows, notes = REAL_FILES[name]

    table = open_table(shared_data / name)
    rows = list(table.rows())

    assert (table.container, table.encoding, set(codes(table))) == (container, encoding, notes)
    assert [row for row in rows if not isinstance(row, Row)] == []
    assert len(rows) == n_rows


def test_a_real_pretty_printed_file_gives_its_rows_and_names_the_one_cut_off(shared_data):
    table = open_table(shared_data / "messy/01-testing-example.tail.jsonl")
    broken, row = table.rows()

    assert codes(table) == ["pretty_printed"]
    assert (broken.code, broken.line) == ("text_between_rows", 1)
    assert row.line == 5
    assert [message["role"] for message in row.value["messages"]] == ["system", "user", "assistant"]


def test_the_real_spend_table_keeps_its_pound_sign(shared_data):
    table = open_table(shared_data / "messy/25000_spend_dataset_current.csv")

    assert table.columns == ("Date", "Supplier", "Description", "Transaction value (£)")
    assert next(table.rows()).value["Transaction value (£)"] == "35098"


def test_the_real_gb18030_table_reads_as_its_utf8_twin(shared_data, write):
    path = shared_data / "zh_qa/medical_gbk/internal_medicine.gb18030.csv"
    twin = write("twin.csv", path.read_bytes().decode("gb18030").encode())

    assert values(open_table(path)) == values(open_table(twin))
