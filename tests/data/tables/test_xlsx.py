"""Excel workbooks, against openpyxl's own reading of them and as Excel itself writes them."""

from __future__ import annotations

import datetime
import gzip
import zipfile
from pathlib import Path

import openpyxl
import pytest
from table_values import codes, lines, values

from tunesmith.data.tables import open_table
from tunesmith.errors import InvalidFile, InvalidRequest

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


@pytest.fixture
def workbook(tmp_path: Path):
    def workbook(*sheets: list[list[object]], name: str = "rows.xlsx") -> Path:
        book = openpyxl.Workbook()
        for number, rows in enumerate(sheets):
            sheet = book.active if number == 0 else book.create_sheet()
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return workbook


def as_excel_writes(path: Path, sheet: str, texts: str = "", namespace: str = MAIN) -> Path:
    """A workbook with shared texts, as Excel writes them; openpyxl writes every text in its cell."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{relation}"><workbookPr date1904="1"/><sheets>'
        '<sheet name="hidden" sheetId="2" state="hidden" r:id="rId9"/><sheet name="数据" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        f'<Relationship Id="rId1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{relation}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<x:worksheet xmlns:x="{namespace}"><x:sheetData>'
        + sheet.replace("</", "</x:").replace("<x:/", "</x:")
        + "</x:sheetData></x:worksheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{namespace}">{texts}</sst>',
    }
    if namespace == MAIN:
        parts["xl/worksheets/sheet1.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>'
    else:
        parts["xl/worksheets/sheet1.xml"] = f'<worksheet xmlns="{STRICT}"><sheetData>{sheet}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_cells_become_texts_under_the_names_of_the_first_row(workbook):
    path = workbook(
        [
            [],
            ["问题", "n", "when", "ok", None],
            ["第一行\n第二行", 3, datetime.datetime(2026, 4, 21), True],
            [None, None, None, None],
            ["a < b & c", 2.5, datetime.datetime(2026, 4, 21, 13, 30), False],
            ["007", -1_000_000, datetime.date(1999, 12, 31), None],
        ]
    )
    table = open_table(path)

    assert (table.container, table.encoding, table.columns) == ("xlsx", None, ("问题", "n", "when", "ok"))
    assert values(table) == [
        {"问题": "第一行\n第二行", "n": "3", "when": "2026-04-21", "ok": "true"},
        {"问题": "a < b & c", "n": "2.5", "when": "2026-04-21 13:30:00", "ok": "false"},
        {"问题": "007", "n": "-1000000", "when": "1999-12-31", "ok": ""},
    ]
    assert lines(table) == [3, 5, 6]
    assert table.findings == ()


@pytest.mark.parametrize("namespace", [MAIN, STRICT])
def test_shared_texts_escapes_and_reading_aids_are_read_as_excel_shows_them(namespace, tmp_path):
    texts = (
        "<si><t>prompt</t></si><si><t>answer</t></si>"
        '<si><r><t>two </t></r><r><t xml:space="preserve">runs</t></r></si>'
        "<si><t>課長</t><rPh sb='0' eb='2'><t>かちょう</t></rPh></si>"
        "<si><t>a_x000D_\nb_x005F_x</t></si>"
    )
    sheet = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="4"><c r="A4" t="s"><v>2</v></c><c r="C4" t="s"><v>3</v></c></row>'
        '<row><c t="s"><v>4</v></c><c t="str"><f>A1</f><v></v></c><c t="inlineStr"><is><t>in</t></is></c></row>'
    )
    table = open_table(as_excel_writes(tmp_path / "rows.xlsx", sheet, texts, namespace))

    assert table.columns == ("prompt", "column_2", "answer")
    assert values(table) == [
        {"prompt": "two runs", "column_2": "", "answer": "課長"},
        {"prompt": "a\nb_x", "column_2": "", "answer": "in"},
    ]
    assert lines(table) == [4, 5]


def test_cells_that_hold_no_value_are_named(workbook):
    path = workbook([["a", "b"], ["1", "2"], ["=1/0", "x"], ["3", "4", "5"]])

    table = open_table(path)
    found = list(table.rows())

    assert values(table) == [{"a": "1", "b": "2"}, ("formula_without_value", 3), ("wrong_cell_count", 4)]
    assert "cell A3" in found[1].message
    assert "单元格 A3" in found[1].message_zh


def test_an_error_in_a_cell_is_named(tmp_path):
    sheet = '<row r="1"><c t="str"><v>a</v></c></row><row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>'

    assert values(open_table(as_excel_writes(tmp_path / "rows.xlsx", sheet))) == [("cell_error", 2)]


def test_the_first_sheet_is_read_unless_another_is_named(workbook):
    path = workbook([["a"], ["1"]], [["b"], ["2"]])

    table = open_table(path)

    assert (values(table), codes(table)) == ([{"a": "1"}], ["several_sheets"])
    assert values(open_table(path, sheet="Sheet1")) == [{"b": "2"}]
    with pytest.raises(InvalidRequest, match='no sheet "x"; the sheets are "Sheet", "Sheet1"'):
        open_table(path, sheet="x")


def test_an_empty_sheet_opens_with_an_error(workbook):
    table = open_table(workbook([]))

    assert (values(table), codes(table), table.columns) == ([], ["empty_file"], ())


def test_a_workbook_is_known_by_its_content_and_may_be_packed(workbook, tmp_path):
    content = workbook([["a", "b"], ["1", "2"]]).read_bytes()
    for name, packed, notes in (
        ("rows.csv", content, ["wrong_extension"]),
        ("rows.xlsx.gz", gzip.compress(content), ["gzip"]),
    ):
        (tmp_path / name).write_bytes(packed)
        table = open_table(tmp_path / name)
        assert (table.container, values(table), codes(table)) == ("xlsx", [{"a": "1", "b": "2"}], notes)


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (["word/document.xml"], "a Word document"),
        (["content.xml", "mimetype"], "an OpenDocument file"),
        (["train.jsonl"], "a zip archive (train.jsonl)"),
        (["xl/workbook.bin"], "a binary Excel workbook"),
    ],
)
def test_other_zip_files_are_said_to_be_what_they_are(members, text, tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.xlsx", "w") as archive:
        for member in members:
            archive.writestr(member, "x")

    with pytest.raises(InvalidFile) as caught:
        open_table(tmp_path / "rows.xlsx")
    assert text in caught.value.message


def test_many_rows_read_as_openpyxl_reads_them(workbook):
    rows = [["id", "text", "x"], *([n, f"文本 {n % 7} & <{n}>", n / 3] for n in range(500))]
    path = workbook(rows)
    sheet = openpyxl.load_workbook(path, read_only=True).active

    expected = [[cell for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]

    found = [list(value.values()) for value in values(open_table(path))]  # type: ignore[attr-defined]
    assert [[int(n), text, float(x)] for n, text, x in found] == expected
