"""Good files of every container with a few bytes changed, added or lost: read or refused, never a crash."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tunesmith.data.tables import Row, open_table
from tunesmith.errors import InvalidFile

ROWS = [{"prompt": f'你好 {n}, "x"', "completion": "a\tb\n" + "答" * n} for n in range(20)]
CHATS = [{"messages": [{"role": "user", "content": row["prompt"]}], "tags": [1, None]} for row in ROWS]
STRAYS = [b'"', b"{", b"}", b"[", b"]", b",", b"\n", b"\r", b"\\", b"\0", b"\xff", b"\xe4\xbd", b"<", b"&", b"9" * 20]
N_DAMAGED = 40


def jsonl(encoding: str) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode(encoding)


def table(encoding: str) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([["prompt", "completion"], *(row.values() for row in ROWS)])
    return written.getvalue().encode(encoding)


def parquet(**options: str | bool) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(CHATS), written, **options)
    return written.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(list(row.values()))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def damage(content: bytes, random: Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 5])):
        at = random.randrange(len(damaged))
        match random.randrange(4):
            case 0:
                damaged[at] = random.randrange(256)
            case 1:
                damaged[at:at] = random.choice(STRAYS)
            case 2:
                del damaged[at : at + random.choice([1, 3, 100])]
            case 3:
                damaged[at:at] = damaged[: random.choice([1, 10, 300])]
        damaged = damaged or bytearray(b"x")
    return bytes(damaged)


def damage_a_part(content: bytes, random: Random) -> bytes:
    """The archive stays whole; one of the XML files in it is damaged."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w") as new:
        chosen = random.choice([name for name in old.namelist() if name.startswith("xl/")])
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damage(part, random) if name == chosen else part)
    return written.getvalue()


FILES: dict[str, tuple[Callable[[], bytes], Callable[[bytes, Random], bytes]]] = {
    "utf8.jsonl": (lambda: jsonl("utf-8"), damage),
    "gb18030.jsonl": (lambda: jsonl("gb18030"), damage),
    "utf16.jsonl": (lambda: jsonl("utf-16"), damage),
    "packed.jsonl.gz": (lambda: gzip.compress(jsonl("utf-8")), damage),
    "array.json": (lambda: json.dumps(ROWS, ensure_ascii=False, indent=2).encode(), damage),
    "key.json": (lambda: json.dumps({"n": 1, "data": CHATS}).encode(), damage),
    "pretty.json": (lambda: "\n".join(json.dumps(row, indent=2) for row in CHATS).encode(), damage),
    "utf8.csv": (lambda: table("utf-8"), damage),
    "gb18030.tsv": (lambda: table("gb18030").replace(b",", b"\t"), damage),
    "text.txt": (lambda: table("utf-8"), damage),
    "folded.parquet": (parquet, damage),
    "plain.parquet": (lambda: parquet(compression="none", use_dictionary=False, data_page_version="2.0"), damage),
    "archive.xlsx": (workbook, damage),
    "parts.xlsx": (workbook, damage_a_part),
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused_with_words_in_both_languages(name: str, tmp_path: Path):
    make, harm = FILES[name]
    good, random, path = make(), Random(name), tmp_path / name

    for _ in range(N_DAMAGED):
        path.write_bytes(harm(good, random))
        try:
            opened = open_table(path)
            findings = [*opened.findings, *(row for row in opened.rows() if not isinstance(row, Row))]
        except InvalidFile as error:
            findings = list(error.findings)
            assert findings
        assert all(finding.message and finding.message_zh for finding in findings)
