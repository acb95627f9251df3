"""Make tests/data/prepare/fixtures: files, and what `openai tools fine_tunes.prepare_data -q` of 2023 makes of them.

    python -m venv oracle && oracle/bin/pip install openai==0.28.1 pandas openpyxl
    python scripts/make_prepare_fixtures.py oracle/bin/python

Made with pandas 3.1.1 and openpyxl 3.1.5. Each fixture is a folder: the file, and `expected/` with stdout.txt,
stderr.txt and the files written. Needs openpyxl here too.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "data" / "prepare" / "fixtures"
PREPARE = "import sys; from openai._openai_scripts import main; sys.exit(main())"

Rows = Sequence[Sequence[Any]]


def pairs(rows: Rows, names: Sequence[str] = ("prompt", "completion")) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def jsonl(objects: Sequence[dict[str, Any]], *, ascii_only: bool = False) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=ascii_only) + "\n" for one in objects).encode()


def table(rows: Rows, *, delimiter: str = ",", line_end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def workbook(*sheets: Rows) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(list(row))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


HEADER = ("prompt", "completion")
CITIES = [("France", "Paris"), ("Japan", "Tokyo"), ("Peru", "Lima")]
REVIEWS = [(f"Review {n}: {'wonderful' if n % 3 else 'dull'} film", "good" if n % 3 else "bad") for n in range(40)]
NEWS = [(f"Headline number {n}\n\n###\n\n", f" {('sports', 'world', 'business')[n % 3]}") for n in range(120)]
POEMS = "床前明月光\n疑是地上霜\n\n举头望明月\n低头思故乡\n"
HARD_TEXTS = [
    ("path /usr/bin and C:\\temp", 'he said "yes"'),
    ("emoji 😀 and é", "tab\there"),
    ("line\u2028separator and \u00a0", "bell \u0007 and delete \u007f"),
    ("<b>html</b> & more", "two\nlines"),
    ("end\r\nhere", "slash/"),
]

FILES: dict[str, tuple[str, bytes]] = {
    "three_rows": ("capitals.jsonl", jsonl(pairs(CITIES))),
    "binary_classification": ("reviews.csv", table([HEADER, *REVIEWS])),
    "several_classes_ready": ("news.jsonl", jsonl(pairs(NEWS))),
    "open_ended": (
        "stories.jsonl",
        jsonl(pairs([("", "Once upon a time."), ("", "It was late."), ("", "It rained.")])),
    ),
    "chinese_tab_separated": (
        "问答.tsv",
        table(
            [HEADER, ("感冒吃什么药？", "多喝水，注意休息。"), ("发烧怎么办？", "先量体温。")],
            delimiter="\t",
            line_end="\r\n",
        ),
    ),
    "text_lines": ("poems.txt", POEMS.encode()),
    "workbook_of_two_sheets": (
        "orders.xlsx",
        workbook(
            [
                ("id", "Prompt", "COMPLETION"),
                (1, "How many?", 3),
                (2, "What price?", 2.5),
                (3, "Is it open?", True),
                (4, "When?", datetime(2023, 4, 4, 15, 28)),
                (5, "Which size?", "N/A"),
                (6, None, 4.0),
            ],
            [("other",), ("sheet",)],
        ),
    ),
    "json_array": ("rows.json", json.dumps(pairs(CITIES), indent=2).encode()),
    "json_columns": ("columns.json", json.dumps({"prompt": ["a", "b", "c"], "completion": ["x", None, "z"]}).encode()),
    "json_that_is_lines": ("lines.json", jsonl(pairs(CITIES))),
    "lines_that_are_json": ("array.jsonl", json.dumps(pairs(CITIES)).encode()),
    "upper_case": (
        "LOUD.CSV",
        table([("PROMPT", "COMPLETION"), ("WHAT IS THE CAPITAL OF FRANCE", "PARIS"), ("OF PERU", "LIMA")]),
    ),
    "additional_columns": (
        "wide.jsonl",
        jsonl(pairs([("1", "What?", "This"), ("2", "Who?", "She")], ("id", "prompt", "completion"))),
    ),
    "duplicates_and_empty": (
        "twice.jsonl",
        jsonl(pairs([("a?", "one."), ("b?", ""), ("a?", "one."), ("c?", "three."), ("d?", None), ("a?", "other.")])),
    ),
    "long_examples": (
        "long.csv",
        table([HEADER, ("short", "one"), ("word " * 2100, "two"), ("brief", "three"), ("s", "4")]),
    ),
    "duplicates_before_long": (
        "shifted.jsonl",
        jsonl(pairs([("a", "1"), ("a", "1"), ("b", "2"), ("word " * 2100, "3"), ("c", "4")])),
    ),
    "common_beginnings": (
        "instructions.jsonl",
        jsonl(pairs([(f"Answer the question: {q} ->", f" The answer is {a} END") for q, a in CITIES])),
    ),
    "separator_inside": (
        "arrows.jsonl",
        jsonl(pairs([("a -> b ->", " c."), ("d ->", " e. f."), ("g ->", " h.")])),
    ),
    "every_separator_taken": (
        "taken.jsonl",
        jsonl(
            pairs(
                [
                    (
                        "->\n\n###\n\n, \n\n===\n\n, \n\n---\n\n, \n\n===>\n\n, \n\n--->\n\n!",
                        ". END***+++&&&$$$@@@%%%\nx",
                    ),
                    ("second", "y"),
                ]
            )
        ),
    ),
    "hard_texts": ("hard.jsonl", jsonl(pairs(HARD_TEXTS), ascii_only=True)),
    "values_that_are_not_text": (
        "values.jsonl",
        jsonl(pairs([(1, 10), (2.5, None), (None, 0.1), (3, 1e16), (True, 3)]))
        + b'{"prompt": [1, "two", null], "completion": 123456789.123456789}\n',
    ),
    "words_for_nothing": (
        "missing.csv",
        table([HEADER, ("NA", "yes"), ("null", "no"), ("fine", "N/A"), ("None", "n/a"), ("nan", "-"), ("x", "nil")]),
    ),
    "odd_csv": (
        "odd.csv",
        b'\xef\xbb\xbf\n"prompt",completion,completion,\r\n"a ""b""","b"c,d,e\r\n   \r\nshort\r\nlast,"a ""word"""\n',
    ),
    "row_labels": ("labelled.csv", b"prompt,completion\nr1,What?,This.\nr2,Who?,She.\nr2,When?,Then.\n"),
    "trailing_commas": ("commas.json", b'[{"prompt": "a", "completion": "b",}, {"prompt": "c", "completion": "d",}]'),
    "nothing_to_do": ("ready.jsonl", jsonl(pairs([(f"q{n} ->", f" a{n}.") for n in range(5)]))),
    "one_row": ("one.jsonl", jsonl(pairs([("only", "row")]))),
    "identical_prompts": ("same.jsonl", jsonl(pairs([("same", "a"), ("same", "b")]))),
    "identical_completions": ("same.tsv", table([HEADER, ("a", "x"), ("b", "x")], delimiter="\t")),
    "no_completion": ("questions.csv", table([("prompt", "answer"), ("a", "b")])),
    "broken_json": ("broken.jsonl", b'{"prompt": "a", "completion": "b"\n'),
    "empty_table": ("empty.csv", b""),
    "gb18030": ("chinese.csv", table([HEADER, ("问", "答")]).decode().encode("gb18030")),
    "ragged": ("ragged.csv", b"prompt,completion\na,b\nc,d,e\n"),
    "unknown_extension": ("rows.doc", b"prompt"),
}


def make(name: str, file_name: str, data: bytes, oracle: str) -> None:
    folder = FIXTURES / name
    expected = folder / "expected"
    shutil.rmtree(folder, ignore_errors=True)
    expected.mkdir(parents=True)
    (folder / file_name).write_bytes(data)
    command = [oracle, "-W", "ignore", "-c", PREPARE, "tools", "fine_tunes.prepare_data", "-f", file_name, "-q"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    (expected / "stdout.txt").write_bytes(done.stdout)
    (expected / "stderr.txt").write_bytes(done.stderr)
    for written in folder.glob("*_prepared*"):
        written.rename(expected / written.name)
    if b"Traceback" in done.stderr:
        raise SystemExit(f"{name}: the tool of 2023 crashed\n{done.stderr.decode()}")
    print(f"{name}: exit code {done.returncode}, {len(list(expected.iterdir())) - 2} files")


if __name__ == "__main__":
    for fixture, (name_of_file, content) in FILES.items():
        make(fixture, name_of_file, content, str(Path(sys.argv[1]).absolute()))
