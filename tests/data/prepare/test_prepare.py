"""The dialogue of 2023 against what the tool itself said and wrote (scripts/make_prepare_fixtures.py)."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tunesmith.data.prepare import ValidatorError, prepare
from tunesmith.errors import InvalidFile

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(folder.name for folder in FIXTURES.iterdir())


@pytest.mark.parametrize("fixture", NAMES)
def test_prepare_says_and_writes_what_the_tool_of_2023_did(
    fixture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = (entry for entry in (FIXTURES / fixture).iterdir() if entry.is_file())
    shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    error = ""
    try:
        prepare(file.name, ask=None, say=said.append)
    except ValidatorError as refused:
        error = refused.text
    said_and_written = {
        "stdout.txt": "".join(said).encode(),
        "stderr.txt": error.encode(),
        **{path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != file.name},
    }
    assert said_and_written == {path.name: path.read_bytes() for path in (FIXTURES / fixture / "expected").iterdir()}


def test_all_but_a_thousand_of_many_rows_are_for_training(tmp_path: Path) -> None:
    """The sums are of the files that openai 0.28.1 with pandas 3.1.1 wrote for these rows."""
    file = tmp_path / "many.jsonl"
    rows = ({"prompt": f"number {n}\n\n###\n\n", "completion": " odd" if n % 2 else " even"} for n in range(6000))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(str(file), ask=None, say=[].append)
    assert prepared.training_file
    assert prepared.validation_file
    train, valid = Path(prepared.training_file).read_bytes(), Path(prepared.validation_file).read_bytes()
    assert (train.count(b"\n"), valid.count(b"\n")) == (5000, 1000)
    assert hashlib.sha256(train).hexdigest() == "17b6b090ed88baa1739062d94c2f6da2ad0cd6bccfc8ecf2e6b2f8cbd5989ff6"
    assert hashlib.sha256(valid).hexdigest() == "b32fcebc018f03180d17bc43ccff0315797518c71bdd62852f6105cee778bfc4"


def test_what_is_refused_is_not_done(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("prompt,completion\nWhat?,This\nWho?,She\n")
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return "Add a suffix" not in question

    prepared = prepare(str(file), ask=ask, say=[].append)
    assert prepared.training_file == str(tmp_path / "rows_prepared.jsonl")
    assert Path(prepared.training_file).read_text() == (
        '{"prompt":"What?","completion":" This"}\n{"prompt":"Who?","completion":" She"}\n'
    )
    assert questions == [
        "- [Recommended] Add a suffix ending `\\n` to all completions [Y/n]: ",
        "- [Recommended] Add a whitespace character to the beginning of the completion [Y/n]: ",
        "\n\nYour data will be written to a new JSONL file. Proceed [Y/n]: ",
    ]


def test_nothing_is_written_when_the_user_does_not_proceed(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("prompt,completion\nWhat?,This\nWho,She\n")
    said: list[str] = []
    prepared = prepare(str(file), ask=lambda question: "Proceed" not in question, say=said.append)
    assert prepared.training_file is None
    assert said[-1] == "Aborting... did not write the file\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_prepared_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("prompt,completion\nWhat?,This\nWho,She\n")
    files = [prepare(str(file), ask=None, say=[].append).training_file for _ in range(3)]
    stem = tmp_path / "rows_prepared"
    assert files == [f"{stem}.jsonl", f"{stem} (1).jsonl", f"{stem} (2).jsonl"]


def test_a_completion_that_was_only_the_common_beginning_gets_its_space(tmp_path: Path) -> None:
    """The tool of 2023 stops here with an IndexError."""
    file = tmp_path / "rows.jsonl"
    completions = ["Answer", "Answer: a", "Answer: a", "Answer", "Answer: a", "Answer", "Answer: a"]
    rows = [{"prompt": f"q{n} ->", "completion": text} for n, text in enumerate(completions)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(str(file), ask=lambda question: "split" not in question, say=[].append)
    assert prepared.training_file
    written = [json.loads(line)["completion"] for line in Path(prepared.training_file).read_text().splitlines()]
    assert written == [" ", " : a", " : a", " ", " : a", " ", " : a"]


def test_long_rows_go_where_the_tool_of_2023_found_no_such_label(tmp_path: Path) -> None:
    """It stops with a KeyError: the row's position is taken for a label that went with a duplicate."""
    file = tmp_path / "rows.jsonl"
    pairs = [("a", "1"), ("a", "1"), ("word " * 2100, "2"), ("b", "3"), ("c", "4")]
    file.write_text("".join(json.dumps({"prompt": prompt, "completion": text}) + "\n" for prompt, text in pairs))
    prepared = prepare(str(file), ask=None, say=[].append)
    assert prepared.training_file
    prompts = [json.loads(line)["prompt"] for line in Path(prepared.training_file).read_text().splitlines()]
    assert prompts == ["a ->", "b ->", "c ->"]


def test_half_a_character_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a\\ude00", "completion": "b"}\n{"prompt": "c", "completion": "d"}\n')
    with pytest.raises(ValidatorError, match=r"U\+DE00"):
        prepare(str(file), ask=None, say=[].append)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deep.json", b"[" * 100_000),
        ("deep.jsonl", b'{"a":' * 100_000),
        ("nul.jsonl", b'{"prompt": "a\0", "completion": "b"}\n'),
        ("text.xlsx", b"prompt,completion\n"),
        ("binary.csv", bytes(range(256))),
        ("open_quote.csv", b'prompt,completion\n"a,b\n'),
        ("numbers.json", b"1"),
        ("mixed.jsonl", b'{"prompt": "a", "completion": "b"}\n1\n'),
    ],
)
def test_a_file_that_is_not_what_its_extension_says_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(ValidatorError, match="does not appear to be in valid"):
        prepare(str(file), ask=None, say=[].append)
    assert list(tmp_path.iterdir()) == [file]


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    file.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(InvalidFile, match="damaged"):
        prepare(str(file), ask=None, say=[].append)
    assert list(tmp_path.iterdir()) == [file]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidatorError, match="does not exist"):
        prepare(str(tmp_path / "none.csv"), ask=None, say=[].append)
