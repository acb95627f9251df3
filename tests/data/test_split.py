"""Training and validation rows share no twin, keep the mix of labels, and come out the same for the same seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from tunesmith.data.sources import open_source
from tunesmith.data.split import Split, split
from tunesmith.errors import InvalidFile, InvalidRequest


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def run(path: Path, **options: Any) -> Split:
    sides = {"train_path": path.with_name("t.jsonl"), "valid_path": path.with_name("v.jsonl")}
    return split(open_source(path), **sides, **options)


def pairs(n: int) -> list[dict[str, Any]]:
    return [
        {"prompt": f"{n * 7919 + i * i}: what is {i} in words?", "completion": f"Number {i}, {i * i}."}
        for i in range(n)
    ]


def test_every_row_is_on_one_side_in_its_old_order(tmp_path: Path) -> None:
    rows = pairs(200)
    done = run(write(tmp_path / "rows.jsonl", rows), near_duplicates=False)
    train, valid = read(done.train_path), read(done.valid_path)
    assert (len(train), len(valid)) == (done.n_train, done.n_valid) == (180, 20)
    sides = {row["prompt"]: row for row in [*train, *valid]}
    assert [sides[row["prompt"]] for row in rows] == rows
    assert train == [row for row in rows if row in train]
    assert valid == [row for row in rows if row in valid]


def test_the_same_seed_gives_the_same_sides_and_another_seed_others(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", pairs(100))
    first, again, other = (read(run(path, seed=seed, n_valid=10).valid_path) for seed in (1, 1, 2))
    assert first == again != other


def test_labels_come_in_the_same_proportions_on_both_sides(tmp_path: Path) -> None:
    labels = ["好评"] * 120 + ["差评"] * 60 + ["中评"] * 20
    rows = [{"prompt": f"第{i * 31}条：{'很' * (i % 7)}{i}", "completion": label} for i, label in enumerate(labels)]
    done = run(write(tmp_path / "rows.jsonl", rows), n_valid=20)
    assert Counter(row["completion"] for row in read(done.valid_path)) == {"好评": 12, "差评": 6, "中评": 2}
    assert done.facts["is_stratified"] is True
    assert done.facts["labels"]["好评"] == {"train": 108, "valid": 12}


def passage_rows(n_passages: int, n_questions: int) -> list[dict[str, Any]]:
    system = {"role": "system", "content": "Read the passage and answer the question with one letter. " * 6}
    rows = []
    for passage in range(n_passages):
        text = " ".join(
            f"Fact {passage * 100 + k} is that {k * passage + 3} people live at number {k}." for k in range(8)
        )
        for question in range(n_questions):
            asked = f"Passage: {text} Question: what of {question}{'?' * question} in {question * 9973}"
            answer = {"role": "assistant", "content": "ABCDE"[(passage + question) % 5]}
            rows.append({"messages": [system, {"role": "user", "content": asked}, answer]})
    return rows


@pytest.mark.parametrize("near_duplicates", [True, False])
def test_questions_about_one_passage_stay_together_and_a_system_prompt_ties_nobody(
    tmp_path: Path, near_duplicates: bool
) -> None:
    path = write(tmp_path / "rows.jsonl", passage_rows(30, 6))
    done = run(path, valid_share=0.2, near_duplicates=near_duplicates)

    def passages(side: Path) -> set[str]:
        return {row["messages"][1]["content"].split(" Question:")[0] for row in read(side)}

    assert not passages(done.train_path) & passages(done.valid_path)
    assert done.n_valid == 36
    assert done.facts["groups"]["n_groups"] == 30
    assert "grouped_rows" in [finding.code for finding in done.findings]


def test_documents_given_as_system_prompts_stay_on_one_side(tmp_path: Path) -> None:
    rows = [
        {
            "messages": [
                {"role": "system", "content": f"Document {d}: " + " ".join(f"w{d * 31 + k * k}" for k in range(80))},
                {"role": "user", "content": f"Question {q * 7919} about {'abc'[q]} in it?"},
                {"role": "assistant", "content": f"Answer {d}.{q}"},
            ]
        }
        for d in range(20)
        for q in range(3)
    ]
    done = run(write(tmp_path / "rows.jsonl", rows), n_valid=9, near_duplicates=False)
    train, valid = (
        {row["messages"][0]["content"] for row in read(side)} for side in (done.train_path, done.valid_path)
    )
    assert not train & valid
    assert len(valid) == 3


def test_a_passage_is_found_wherever_it_stands_in_the_prompt(tmp_path: Path) -> None:
    rows = [
        {
            "prompt": f"{question}\n\n{'甲乙丙丁'[p % 4] * 40}{p}{'文章' * 60}\n\n{question * 2}",
            "completion": f"{p}{question}答",
        }
        for p in range(12)
        for question in ("为什么？", "是谁写的？", "何时？")
    ]
    done = run(write(tmp_path / "rows.jsonl", rows), n_valid=6, near_duplicates=False)
    train, valid = (
        {row["prompt"].split("\n\n")[1] for row in read(side)} for side in (done.train_path, done.valid_path)
    )
    assert not train & valid
    assert len(valid) == 2


def test_near_duplicates_and_equal_prompts_stay_together(tmp_path: Path) -> None:
    rows = []
    for i in range(40):
        text = " ".join(f"word{(i * 37 + k * k) % 997}" for k in range(40))
        rows += [{"prompt": text, "completion": f"a{i}"}, {"prompt": f"{text} please", "completion": f"b{i}"}]
        rows += [{"prompt": f"  {text.upper()}", "completion": f"c{i}"}]
    done = run(write(tmp_path / "rows.jsonl", rows), n_valid=12)
    train, valid = ({row["completion"][1:] for row in read(side)} for side in (done.train_path, done.valid_path))
    assert not train & valid
    assert done.n_valid == 12


def test_an_instruction_that_all_rows_begin_with_is_no_passage(tmp_path: Path) -> None:
    template = "Classify the following support ticket into one of the categories that our handbook names. " * 4
    rows = [
        {"prompt": f"{template}\nTicket {i}: {i * 7919} {'abcdefg'[i % 7] * 9}", "completion": f"c{i}"}
        for i in range(60)
    ]
    done = run(write(tmp_path / "rows.jsonl", rows), n_valid=6, near_duplicates=False)
    assert done.n_valid == 6
    assert done.facts["groups"]["n_groups"] == 0


def test_rows_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", pairs(20))
    path.write_bytes(path.read_bytes() + b'{"prompt": 5, "completion": "x"}\n{not json\n')
    done = run(path, n_valid=2)
    assert (done.n_train, done.n_valid, done.n_skipped) == (18, 2, 2)
    (told,) = [finding for finding in done.findings if finding.code == "skipped_rows"]
    assert (told.rows, told.count) == ((21, 22), 2)
    assert "第一处" in told.message_zh


@pytest.mark.parametrize(
    "options", [{"n_valid": 20}, {"n_valid": 0}, {"valid_share": 1.5}, {"n_valid": 2, "valid_share": 0.1}]
)
def test_impossible_numbers_are_refused_and_nothing_is_written(tmp_path: Path, options: dict[str, Any]) -> None:
    path = write(tmp_path / "rows.jsonl", pairs(20))
    with pytest.raises(InvalidRequest):
        run(path, **options)
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_itself_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", pairs(20))
    before = path.read_bytes()
    with pytest.raises(InvalidRequest, match="being read"):
        split(open_source(path), train_path=path, valid_path=tmp_path / "v.jsonl")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_one_prompt_cannot_be_divided(tmp_path: Path) -> None:
    rows = [{"prompt": "Tell me a joke.", "completion": f"Joke {i}"} for i in range(8)]
    with pytest.raises(InvalidFile, match="one group"):
        run(write(tmp_path / "rows.jsonl", rows))


def test_no_passage_of_ar_lsat_is_on_both_sides(tmp_path: Path, shared_data: Path) -> None:
    source = open_source(shared_data / "ar_lsat" / "chat_train.jsonl")
    done = split(source, train_path=tmp_path / "t.jsonl", valid_path=tmp_path / "v.jsonl", n_valid=163)
    train, valid = (
        {row["messages"][1]["content"].split("Question:")[0] for row in read(side)}
        for side in (done.train_path, done.valid_path)
    )
    assert not train & valid
    assert 158 <= done.n_valid <= 163  # groups of five to seven rows do not add up to every number
    shares = {
        label: sides["valid"] / done.n_valid - (sides["train"] + sides["valid"]) / 1630
        for label, sides in done.facts["labels"].items()
    }
    assert max(map(abs, shares.values())) < 0.05


def test_rows_that_a_model_made_train_and_so_do_their_twins(tmp_path: Path) -> None:
    rows = pairs(60)
    mark = {"metadata": {"origin": "augmented", "recipe": "paraphrase"}}
    made = [{**row, "completion": f"{row['completion']} Really.", **mark} for row in rows[:20]]
    fresh = [{"prompt": f"Is {i} odd, or {i * 7}?", "completion": f"See {i}.", **mark} for i in range(20)]
    done = run(write(tmp_path / "rows.jsonl", [*rows, *made, *fresh]), n_valid=15)
    valid = read(done.valid_path)
    assert len(valid) == 15
    assert all(row in rows[20:] for row in valid)
    assert done.facts["made"] == {"n_rows": 40, "with_twins": 60}
    assert "made_rows_train" in [finding.code for finding in done.findings]


def test_made_rows_alone_cannot_be_split(tmp_path: Path) -> None:
    rows = [{**row, "metadata": {"origin": "augmented"}} for row in pairs(20)]
    with pytest.raises(InvalidFile, match="all 20 rows were made by a model"):
        run(write(tmp_path / "rows.jsonl", rows))
