"""CSV, TSV and their relatives, written by spreadsheets and by hand."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_values import codes, lines, values

from tunesmith.data.tables import open_table
from tunesmith.data.tables.delimited import Dialect, records


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode())
        return path

    return write


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.txt", "rows"])
def test_the_delimiter_is_found_from_the_content(delimiter, name, write):
    text = "question;answer;label\nwhat is it;this;1\nwhere to go;there;2\nwho are you;me;1\n"

    table = open_table(write(name, text.replace(";", delimiter)))

    assert table.container == ("tsv" if delimiter == "\t" else "csv")
    assert table.columns == ("question", "answer", "label")
    assert values(table)[0] == {"question": "what is it", "answer": "this", "label": "1"}
    assert lines(table) == [2, 3, 4]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(write):
    text = '问题,回答\r\n"你好，\r\n世界, 再见","他说 ""好"""\r\n\r\nplain,"a\nb\nc"\r\nlast,row\r\n'

    table = open_table(write("rows.csv", text))

    assert values(table) == [
        {"问题": "你好，\n世界, 再见", "回答": '他说 "好"'},
        {"问题": "plain", "回答": "a\nb\nc"},
        {"问题": "last", "回答": "row"},
    ]
    assert lines(table) == [2, 5, 8]


def test_tabs_without_quoting_keep_their_quotes(write):
    text = 'prompt\tcompletion\n"Hi" he said\tfine\n5" pipe\t"ok\nlast\trow\n'

    table = open_table(write("rows.tsv", text))

    assert values(table) == [
        {"prompt": '"Hi" he said', "completion": "fine"},
        {"prompt": '5" pipe', "completion": '"ok'},
        {"prompt": "last", "completion": "row"},
    ]


def test_rows_with_too_many_or_too_few_cells_are_named_and_the_rest_is_read(write):
    table = open_table(write("rows.csv", "a,b\n1,2\nhello, world,3\n4\n,\n5,6,,\n7,8\n"))
    found = list(table.rows())

    assert values(table) == [
        {"a": "1", "b": "2"},
        ("wrong_cell_count", 3),
        ("wrong_cell_count", 4),
        {"a": "5", "b": "6"},
        {"a": "7", "b": "8"},
    ]
    assert found[1].message.startswith("line 3: 3 cells, expected 2 as in the header")
    assert found[1].message_zh.startswith("第 3 行：有 3 个单元格，表头有 2 个")


def test_a_quote_that_is_never_closed_costs_one_row(write):
    table = open_table(write("rows.csv", 'a,b\n1,2\n3,"4\n5,6\n7,8\n'))

    assert values(table) == [
        {"a": "1", "b": "2"},
        ("quote_not_closed", 3),
        {"a": "5", "b": "6"},
        {"a": "7", "b": "8"},
    ]


def test_a_quote_inside_quotes_costs_one_row(write):
    table = open_table(write("rows.csv", 'a,b\n1,"say "hi" now"\n5,6\n'))

    assert values(table) == [("quote_not_doubled", 2), {"a": "5", "b": "6"}]


def test_columns_get_names_that_are_whole_and_unique(write):
    table = open_table(write("rows.csv", " prompt ,prompt,,text,,\na,b,c,d,,\n"))

    assert table.columns == ("prompt", "prompt_2", "column_3", "text")
    assert values(table) == [{"prompt": "a", "prompt_2": "b", "column_3": "c", "text": "d"}]
    assert codes(table) == ["columns_with_the_same_name"]


@pytest.mark.parametrize("first", ["1,what is it", "2.5,b", "hi," + "a long question " * 10])
def test_a_table_without_names_is_warned_of(first, write):
    table = open_table(write("rows.csv", f"{first}\n2,where is it\n3,who is it\n"))

    assert codes(table) == ["header_looks_like_data"]
    assert "第一行" in table.findings[0].message_zh


def test_line_ends_inside_cells_are_not_mixed_line_ends(write):
    assert codes(open_table(write("rows.csv", 'a,b\r\n1,"x\ny"\r\n'))) == ["crlf"]


def test_excels_line_that_names_the_delimiter_is_passed_over(write):
    table = open_table(write("rows.csv", "sep=;\na;b\n1,5;2\n"))

    assert (table.columns, values(table), lines(table)) == (("a", "b"), [{"a": "1,5", "b": "2"}], [3])


def test_a_table_of_one_column_is_a_table(write):
    assert values(open_table(write("rows.csv", "prompt\nhello\nworld\n"))) == [{"prompt": "hello"}, {"prompt": "world"}]


def test_a_long_article_in_a_cell_is_read(write):
    article = "文" * 500_000

    assert values(open_table(write("rows.csv", f'a,b\n1,"{article}"\n'))) == [{"a": "1", "b": article}]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.text(alphabet='ab",;\t\n|你 ', max_size=6), min_size=2, max_size=4).filter(any),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(",;\t|"),
)
def test_what_pythons_writer_writes_is_read_as_pythons_reader_reads_it(cells, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows(cells)
    expected = list(csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=delimiter))

    read = records(enumerate(written.getvalue().encode().split(b"\n"), 1), Dialect(delimiter))

    assert [record[1] for record in read] == [row for row in expected if row]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='a",\n', max_size=40))
def test_any_mess_of_quotes_ends_and_no_line_is_read_twice(text):
    found = list(records(enumerate(text.encode().split(b"\n"), 1), Dialect()))

    numbers = [record[0] if isinstance(record, tuple) else record.line for record in found]
    assert numbers == sorted(set(numbers))
