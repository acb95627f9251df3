"""`tunesmith data prepare` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tunesmith.cli.main import app

FIXTURES = Path(__file__).parents[1] / "data" / "prepare" / "fixtures"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_stdout_and_files_are_those_of_2023_and_the_next_command_is_on_stderr(tmp_path: Path) -> None:
    fixture = FIXTURES / "binary_classification"
    (tmp_path / "reviews.csv").write_bytes((fixture / "reviews.csv").read_bytes())
    done = CliRunner().invoke(app, ["data", "prepare", "reviews.csv", "-q"])
    assert done.exit_code == 0
    assert done.stdout == (fixture / "expected" / "stdout.txt").read_text()
    for part in ("train", "valid"):
        name = f"reviews_prepared_{part}.jsonl"
        assert (tmp_path / name).read_bytes() == (fixture / "expected" / name).read_bytes()
    assert done.stderr.endswith(
        "> tunesmith jobs create reviews_prepared_train.jsonl --validation-file reviews_prepared_valid.jsonl\n"
    )


def test_an_answer_of_n_is_no_and_everything_else_yes(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("prompt,completion\nWhat?,This\nWho,She\n")
    done = CliRunner().invoke(app, ["data", "prepare", "rows.csv"], input="N\n\nyes\ny\n")
    assert done.exit_code == 0
    assert (tmp_path / "rows_prepared.jsonl").read_text() == (
        '{"prompt":"What?","completion":" This\\n"}\n{"prompt":"Who","completion":" She\\n"}\n'
    )


def test_no_answer_at_all_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("prompt,completion\nWhat?,This\nWho,She\n")
    done = CliRunner().invoke(app, ["data", "prepare", "rows.csv"], input="y\n")
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_json_takes_the_recommendations_and_prints_the_files(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("prompt,completion\nWhat?,This\nWho,She\n")
    done = CliRunner().invoke(app, ["data", "prepare", "rows.csv", "--json"])
    assert json.loads(done.stdout) == {
        "training_file": "rows_prepared.jsonl",
        "validation_file": None,
        "format": "prompt_completion",
        "has_errors": False,
    }


def test_a_file_with_errors_that_only_a_person_can_mend_is_not_sent_to_a_job(tmp_path: Path) -> None:
    def row(number: int, weight: int) -> str:
        answer = {"role": "assistant", "content": f"The {number}th.", "weight": weight}
        return json.dumps({"messages": [{"role": "user", "content": f"Which is {number}?"}, answer]}) + "\n"

    rows = [row(number, 1) for number in range(12)]
    (tmp_path / "rows.jsonl").write_text("".join([*rows, row(12, 2), rows[0]]))
    done = CliRunner().invoke(app, ["data", "prepare", "rows.jsonl", "-q"])
    assert done.exit_code == 0
    assert "line 13: messages[1].weight is 2" in done.stdout
    assert done.stderr.endswith("> tunesmith data lint rows_prepared.jsonl\n")
    (tmp_path / "good.jsonl").write_text("".join([*rows, "not JSON\n"]))
    done = CliRunner().invoke(app, ["data", "prepare", "good.jsonl", "-q"])
    assert done.stderr.endswith("> tunesmith jobs create good_prepared.jsonl\n")


def test_preference_pairs_are_not_sent_to_a_supervised_job(tmp_path: Path) -> None:
    pairs = [{"prompt": f"Where is town {n}?", "chosen": f"Mile {n}.", "rejected": "Who knows?"} for n in range(12)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    done = CliRunner().invoke(app, ["data", "prepare", "pairs.jsonl", "-q", "--lang", "en"])
    assert done.exit_code == 0
    assert "> tunesmith data convert pairs.jsonl --to chat" in done.stderr


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "same.jsonl",
            b'{"prompt":"a","completion":"b"}\n{"prompt":"a","completion":"c"}\n',
            "All prompts are identical",
        ),
        ("broken.jsonl", b'{"prompt": "a"\n{"prompt": "b"}\n', "line 1"),
        ("empty.csv", b"", "valid CSV"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_exit_code_1(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    done = CliRunner().invoke(app, ["data", "prepare", name, "-q"])
    assert done.exit_code == 1
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
