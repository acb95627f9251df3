"""Parquet files, against pyarrow's own reading of them."""

from __future__ import annotations

import datetime
import decimal
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from table_values import codes, lines, values

from tunesmith.data.tables import open_table

CHATS = [
    {
        "messages": [{"role": "user", "content": f"问 {n}"}, {"role": "assistant", "content": "答" * (n % 5)}],
        "source": f"s{n % 3}",
        "n": n,
        "score": n / 2,
        "tags": ["a", None] if n % 2 else [],
        "none": None,
    }
    for n in range(2000)
]


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"compression": "zstd", "row_group_size": 300}])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_nested_rows_read_as_they_were_written(options, version, tmp_path):
    pq.write_table(pa.Table.from_pylist(CHATS), tmp_path / "rows.parquet", data_page_version=version, **options)

    table = open_table(tmp_path / "rows.parquet")

    assert (table.container, table.encoding, codes(table)) == ("parquet", None, [])
    assert table.columns == ("messages", "source", "n", "score", "tags", "none")
    assert values(table) == values(table) == CHATS
    assert lines(table) == list(range(1, 2001))


def test_texts_that_outgrow_their_dictionary_are_read_whole(tmp_path):
    texts = [f"{n} " + "问答" * 100 for n in range(6000)]
    rows = [{"flat": text, "messages": [{"role": "user", "content": text}]} for text in texts]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", row_group_size=5000)

    assert values(open_table(tmp_path / "rows.parquet")) == rows


def test_what_json_cannot_hold_becomes_text(tmp_path):
    rows = pa.table(
        {
            "day": [datetime.date(2026, 4, 21)],
            "time": [datetime.datetime(2026, 4, 21, 13, 30)],
            "price": [decimal.Decimal("1.50")],
            "nan": [float("nan")],
            "bytes": pa.array(["你好".encode()], pa.binary()),
            "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
            "kind": pa.array(["x"]).dictionary_encode(),
        }
    )
    pq.write_table(rows, tmp_path / "rows.parquet")

    assert values(open_table(tmp_path / "rows.parquet")) == [
        {
            **{"day": "2026-04-21", "time": "2026-04-21 13:30:00", "price": "1.50", "nan": None},
            **{"bytes": "你好", "map": {"a": 1}, "kind": "x"},
        }
    ]


def test_bytes_that_are_no_text_are_named(tmp_path):
    pq.write_table(pa.table({"a": pa.array([b"ok", b"\xff", b"ok"], pa.binary())}), tmp_path / "rows.parquet")

    assert values(open_table(tmp_path / "rows.parquet")) == [{"a": "ok"}, ("not_utf8", 2), {"a": "ok"}]


def test_it_is_known_by_its_content_and_may_be_packed(tmp_path):
    pq.write_table(pa.table({"a": ["1"]}), tmp_path / "rows.parquet")
    content = (tmp_path / "rows.parquet").read_bytes()
    for name, packed, notes in (
        ("rows.jsonl", content, ["wrong_extension"]),
        ("rows.parquet.gz", gzip.compress(content), ["gzip"]),
    ):
        (tmp_path / name).write_bytes(packed)
        table = open_table(tmp_path / name)
        assert (table.container, values(table), codes(table)) == ("parquet", [{"a": "1"}], notes)


def test_a_file_without_rows_opens_with_an_error(tmp_path: Path):
    pq.write_table(pa.table({"a": pa.array([], pa.string())}), tmp_path / "rows.parquet")

    table = open_table(tmp_path / "rows.parquet")

    assert (values(table), codes(table)) == ([], ["empty_file"])
