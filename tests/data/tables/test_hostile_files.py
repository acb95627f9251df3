"""Files that are broken, or made to break the reader: a finding or a clear error, and never more than 64 MB."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

MB = 2**20
MOST_EXTRA_MB = 64
ROW = '{"prompt": "你好", "completion": "世界"}\n'.encode()
CASES: dict[str, tuple[Callable[[Path], Any], set[str]]] = {}


def case(name: str, *codes: str) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register a file to make and the codes, one of which must be said."""

    def register(make: Callable[[Path], Any]) -> Callable[[Path], Any]:
        CASES[name] = (make, set(codes))
        return make

    return register


def workbook(path: Path, n_rows: int = 50) -> bytes:
    book = openpyxl.Workbook()
    for number in range(n_rows):
        book.active.append([f"问题 {number}", "回答"])
    book.save(path)
    return path.read_bytes()


def repack(path: Path, changes: dict[str, bytes | Callable[[zipfile.ZipFile, str], None]]) -> None:
    """Write a workbook with some of its parts replaced."""
    workbook(path)
    with zipfile.ZipFile(path) as old:
        parts = {info.filename: old.read(info) for info in old.infolist()}
    if "xl/sharedStrings.xml" in changes:  # openpyxl writes none
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        link = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rId9"/></Relationships>'
        rels = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", link.encode())
        changes = {"xl/_rels/workbook.xml.rels": rels, **changes}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (parts | changes).items():
            if callable(content):
                content(new, name)
            else:
                new.writestr(name, content)


def pour(stream: Any, piece: bytes, n_bytes: int) -> None:
    for _ in range(n_bytes // len(piece)):
        stream.write(piece)


def table(n_rows: int = 1000) -> pa.Table:
    return pa.table({"prompt": [f"问 {n}" * 20 for n in range(n_rows)], "completion": ["答" * 50] * n_rows})


# Text


@case("cut_off.jsonl", "object_over_lines", "not_utf8")
def _(path: Path) -> None:
    path.write_bytes((ROW * 100)[:-30])


@case("cut_off_in_a_character.jsonl", "not_utf8")
def _(path: Path) -> None:
    path.write_bytes(ROW * 100 + ROW[: ROW.index("好".encode()) + 2])


@case("cut_off.json", "value_not_closed", "array_not_closed")
def _(path: Path) -> None:
    path.write_bytes(b"[" + ROW.replace(b"\n", b",\n") * 100 + ROW[:20])


@case("cut_off_pretty.jsonl", "value_not_closed")
def _(path: Path) -> None:
    rows = [json.dumps(json.loads(ROW), indent=2)] * 100
    path.write_text("\n".join(rows)[:-10])


@case("mixed_encodings.jsonl", "mixed_encodings")
def _(path: Path) -> None:
    path.write_bytes((ROW * 3 + ROW.decode().encode("gb18030")) * 50)


@case("three_encodings.csv", "not_utf8")
def _(path: Path) -> None:
    row = "你好,世界\n"
    path.write_bytes(b"prompt,completion\n" + (row.encode() * 3 + row.encode("gb18030") + b"\x81\xff\xfe,\x80\n") * 50)


@case("noise.jsonl", "not_text", "not_utf8")
def _(path: Path) -> None:
    path.write_bytes(os.urandom(4 * MB))


@case("noise_later.jsonl", "not_utf8", "nul_byte", "invalid_json")
def _(path: Path) -> None:
    path.write_bytes(ROW * 5000 + os.urandom(2 * MB))


for container in ("jsonl", "json", "csv", "tsv", "txt"):

    @case(f"nul.{container}", "nul_byte", "invalid_json")
    def _(path: Path, container: str = container) -> None:
        row = {"csv": b"a,b\n", "tsv": b"a\tb\n", "txt": b"text\n"}.get(container, ROW)
        rows = row * 40 + row[:-2] + b"\0" + row[-2:] + row * 3
        path.write_bytes(b"[" + rows.replace(b"\n", b",\n") + b"]" if container == "json" else rows)

    @case(f"all_nul.{container}", "not_text")
    def _(path: Path) -> None:
        path.touch()
        os.truncate(path, 500 * MB)

    @case(f"nul_to_the_end.{container}", "row_too_large", "nul_byte", "value_not_closed", "array_not_closed")
    def _(path: Path, container: str = container) -> None:
        row = {"csv": b"a,b\n", "tsv": b"a\tb\n", "txt": b"text\n"}.get(container, ROW)
        path.write_bytes((b"[" if container == "json" else b"") + row * 20_000 + row[:-2])
        os.truncate(path, 100 * MB)

    @case(f"64_mb_line.{container}", "row_too_large", "quote_not_closed")
    def _(path: Path, container: str = container) -> None:
        row = {"csv": b"a,b\n", "tsv": b"a\tb\n", "txt": b"text\n"}.get(container, ROW)
        with path.open("wb") as stream:
            stream.write(b"[" + row[:-1] + b", " if container == "json" else row * 3)
            stream.write(b'{"prompt": "' if container.startswith("json") else b'x,"' if container == "csv" else b"")
            pour(stream, b"a" * MB, 64 * MB)
            stream.write(b'"}]' if container == "json" else b'"}\n' + row)


for opener, name in ((b"[", "lists"), (b'{"a":', "objects")):

    @case(f"100000_deep_{name}.jsonl", "too_deep")
    def _(path: Path, opener: bytes = opener) -> None:
        path.write_bytes(ROW + opener * 100_000 + b"\n" + ROW)

    @case(f"100000_deep_{name}.json", "too_deep", "value_not_closed", "array_not_closed")
    def _(path: Path, opener: bytes = opener) -> None:
        path.write_bytes(b"[" + opener * 100_000)

    @case(f"100000_deep_closed_{name}.json", "too_deep")
    def _(path: Path, opener: bytes = opener) -> None:
        closer = b"]" if opener == b"[" else b"}"
        path.write_bytes(b"[{}," + opener * 100_000 + b"1" + closer * 100_000 + b"]")


@case("millions_of_values.jsonl", "too_many_values")
def _(path: Path) -> None:
    path.write_bytes(ROW + b'{"a": [' + b"[]," * (5 * MB) + b"[]]}\n" + ROW)


for name, character in {"chinese": "你", "emoji": "🙂", "escaped": r"\ud83d\ude42"}.items():

    @case(f"15_mb_with_one_{name}_character.jsonl", "row_too_large")
    def _(path: Path, character: str = character) -> None:
        path.write_bytes(ROW + b'{"a": "' + b"x" * (15 * MB) + character.encode() + b'"}\n' + ROW)


@case("15_mb_of_ascii.jsonl")
def _(path: Path) -> None:
    path.write_bytes(ROW + b'{"a": "' + b"x" * (15 * MB) + b'"}\n' + ROW)


@case("15_mb_brackets.jsonl", "too_deep")
def _(path: Path) -> None:
    path.write_bytes(b"[" * (15 * MB))


@case("odd_quotes_everywhere.json", "invalid_json", "value_not_closed", "array_not_closed")
def _(path: Path) -> None:
    path.write_bytes(b"[\n" + b'{"a": "called as" tik-tak"}\n,{"a": "fine"},\n' * 20_000 + b"]")


@case("never_closed_quote.csv", "quote_not_closed")
def _(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b'a,b\n1,2\n3,"4\n')
        pour(stream, b"5" * 200 + b",6\n", 6 * MB)


@case("every_quote_open.csv", "quote_not_doubled", "quote_not_closed")
def _(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b'1,"2\n' * 50_001)


@case("one_cell_of_500_mb.csv", "row_too_large")
def _(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b"a,b\n" + b"1,2\n" * 20_000 + b'3,"')
        stream.seek(500 * MB)
        stream.write(b'"\n1,2\n')


@case("millions_of_cells.csv", "row_too_large", "too_many_cells")
def _(path: Path) -> None:
    path.write_bytes(b"a,b\n1,2\n" + b"," * (3 * MB) + b"\n" + b"," * (12 * MB) + b"\n3,4\n")


@case("half_a_character.txt", "not_utf8")
def _(path: Path) -> None:
    path.write_bytes("你好\n世界\n".encode("utf-16") + b"\x00")


# gzip


@case("cut_off.jsonl.gz", "gzip_cut_off")
def _(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(1000).hex().encode() * 50)[:-100])


@case("damaged.jsonl.gz", "gzip_damaged")
def _(path: Path) -> None:
    packed = bytearray(gzip.compress(ROW + os.urandom(50_000)))
    packed[2000:2010] = b"0123456789"
    path.write_bytes(packed)


@case("bomb.jsonl.gz", "gzip_bomb")
def _(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as stream:
        pour(stream, b"a" * MB, 128 * MB)


@case("bomb_of_rows.jsonl.gz", "gzip_bomb")
def _(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as stream:
        pour(stream, ROW * 20_000, 128 * MB)


@case("bomb.xlsx.gz", "gzip_bomb")
def _(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(b"PK\x03\x04")
        pour(stream, b"\0" * MB, 128 * MB)


@case("gzip_in_gzip.jsonl.gz", "gzip_twice")
def _(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.compress(ROW)))


# Excel


@case("cut_off.xlsx", "xlsx_damaged")
def _(path: Path) -> None:
    path.write_bytes(workbook(path)[:-200])


@case("cut_off_early.xlsx", "xlsx_damaged")
def _(path: Path) -> None:
    path.write_bytes(workbook(path)[:2000])


@case("damaged.xlsx", "xlsx_damaged")
def _(path: Path) -> None:
    content = bytearray(workbook(path, 2000))
    at = content.index(b"xl/worksheets/sheet1.xml") + 200
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)


@case("zip_bomb.xlsx", "xlsx_bomb")
def _(path: Path) -> None:
    def sheet(archive: zipfile.ZipFile, name: str) -> None:
        with archive.open(name, "w", force_zip64=True) as stream:
            stream.write(b"<worksheet><sheetData>")
            pour(stream, b"<row><c><v>1</v></c></row>" * 10_000, 64 * MB)

    repack(path, {"xl/worksheets/sheet1.xml": sheet})


@case("lying_sizes.xlsx", "xlsx_damaged")
def _(path: Path) -> None:
    repack(path, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + b"<row></row>" * 100_000})
    content = bytearray(path.read_bytes())
    size = (22 + 11 * 100_000).to_bytes(4, "little")
    at = content.rindex(size)
    content[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(12))
    + b"]>"
)


@case("billion_laughs.xlsx", "xlsx_entities")
def _(path: Path) -> None:
    sheet = LAUGHS + b"<worksheet><sheetData><row><c t='str'><v>&m;</v></c></row></sheetData></worksheet>"
    repack(path, {"xl/worksheets/sheet1.xml": sheet})


@case("billion_laughs_in_texts.xlsx", "xlsx_entities")
def _(path: Path) -> None:
    repack(path, {"xl/sharedStrings.xml": LAUGHS + b"<sst><si><t>&m;</t></si></sst>"})


@case("tag_without_end.xlsx", "xlsx_outsized")
def _(path: Path) -> None:
    noise = zlib.compress(os.urandom(4 * MB), 0).hex().encode()
    repack(path, {"xl/worksheets/sheet1.xml": b'<worksheet><sheetData a="' + noise})


@case("deep.xlsx", "xlsx_outsized")
def _(path: Path) -> None:
    repack(path, {"xl/worksheets/sheet1.xml": b"<worksheet>" + b"<a>" * 100_000})


@case("huge_cell.xlsx", "row_too_large", "xlsx_bomb")
def _(path: Path) -> None:
    noise = os.urandom(4 * MB).hex().encode()
    sheet = b"<worksheet><sheetData><row><c t='str'><v>a</v></c></row><row><c t='str'><v>" + noise
    repack(path, {"xl/worksheets/sheet1.xml": sheet + b"</v></c></row></sheetData></worksheet>"})


@case("million_texts.xlsx")
def _(path: Path) -> None:
    texts = b"".join(b"<si><t>%d</t></si>" % n for n in range(100_000))
    repack(path, {"xl/sharedStrings.xml": b"<sst>" + texts + b"</sst>"})


@case("million_members.xlsx", "xlsx_bomb")
def _(path: Path) -> None:
    content = bytearray(workbook(path))
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = (2**30).to_bytes(4, "little")
    path.write_bytes(content)


# Parquet


@case("cut_off.parquet", "parquet_damaged")
def _(path: Path) -> None:
    pq.write_table(table(), path)
    path.write_bytes(path.read_bytes()[:-100])


@case("damaged.parquet", "parquet_damaged")
def _(path: Path) -> None:
    pq.write_table(table(), path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)


@case("damaged_footer.parquet", "parquet_damaged")
def _(path: Path) -> None:
    pq.write_table(table(), path)
    content = bytearray(path.read_bytes())
    content[-200:-8] = os.urandom(192)
    path.write_bytes(content)


@case("huge_dictionary.parquet", "parquet_page_too_large")
def _(path: Path) -> None:
    texts = pa.array(["x" * MB * 2 + str(n) for n in range(20)])
    folded = pa.DictionaryArray.from_arrays(pa.array(list(range(20)) * 100, pa.int32()), texts)
    pq.write_table(pa.table({"a": folded}), path, dictionary_pagesize_limit=2**30, compression="zstd")


@case("one_text_a_thousand_times.parquet")
def _(path: Path) -> None:
    folded = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["x" * 4 * MB]))
    pq.write_table(pa.table({"a": folded}), path, dictionary_pagesize_limit=2**30, compression="zstd")


@case("one_text_a_thousand_times_in_a_row.parquet", "parquet_page_too_large")
def _(path: Path) -> None:
    folded = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["x" * MB]))
    nested = pa.ListArray.from_arrays(
        pa.array([0, 500, 1000], pa.int32()), pa.StructArray.from_arrays([folded], ["content"])
    )
    pq.write_table(pa.table({"messages": nested}), path, dictionary_pagesize_limit=2**30, compression="zstd")


@case("one_text_in_every_message.parquet")
def _(path: Path) -> None:
    folded = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), pa.array(["x" * MB]))
    nested = pa.ListArray.from_arrays(
        pa.array(range(0, 401, 2), pa.int32()), pa.StructArray.from_arrays([folded], ["content"])
    )
    pq.write_table(pa.table({"messages": nested}), path, dictionary_pagesize_limit=2**30, compression="zstd")


@case("one_row_of_64_mb.parquet", "parquet_page_too_large")
def _(path: Path) -> None:
    rows = pa.table({"a": ["x" * 64 * MB]})
    pq.write_table(rows, path, use_dictionary=False, compression="zstd")


@case("large_rows.parquet")
def _(path: Path) -> None:
    rows = pa.table({"a": [str(n) + "x" * (MB // 2) for n in range(200)]})
    pq.write_table(rows, path, use_dictionary=False, compression="zstd")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in CASES.items():
        make(folder / name)
    command = [sys.executable, str(Path(__file__).with_name("hostile.py")), *(str(folder / name) for name in CASES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return {outcome["name"]: outcome for outcome in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_gets_a_finding_or_a_clear_error_in_bounded_memory(name, outcomes):
    outcome = outcomes[name]
    codes = CASES[name][1]

    assert "Traceback" not in outcome["outcome"], outcome["outcome"]
    assert codes & set(outcome["codes"]) or (not codes and not outcome["n_findings"]), outcome
    assert not outcome["n_untranslated"], outcome
    assert outcome["peak_mb"] < MOST_EXTRA_MB, outcome
    assert outcome["seconds"] < 20, outcome
