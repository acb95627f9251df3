"""tunesmith data augment: a look at the first rows, corrections, the rest, and a run that goes on."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import orjson
import pytest

GOODS = ("mug", "teapot", "lamp", "scarf", "kettle", "clock", "sweater", "cushion", "umbrella", "frame")
VERBS = ("return", "exchange", "repair", "wash", "store", "gift wrap", "insure", "assemble", "clean", "resell")


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "seeds.jsonl"
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Could somebody tell me when the {goods} desk opens?"},
                {"role": "assistant", "content": f"The {goods} desk is open from nine to six."},
            ]
        }
        for goods in ("carpet", "curtain", "blanket")
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def writer(service: Any) -> list[str]:
    """A model that writes five new rows in every answer; the prompts that it was given."""
    prompts: list[str] = []
    made = itertools.product(VERBS, GOODS)

    def answer(request: Any, body: Any) -> Any:
        prompts.append("\n".join(message["content"] for message in body["messages"]))
        rows = [
            {
                "question": f"How do I {verb} a {goods} that I bought in {number} pieces?",
                "answer": f"To {verb} the {goods}, ask for form {number}.",
            }
            for number, (verb, goods) in enumerate(itertools.islice(made, 5), len(prompts) * 7)
        ]
        text = orjson.dumps(rows).decode()
        return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}

    service.on("POST /v1/chat/completions", answer)
    return prompts


def test_bad_rows_are_taken_out_and_shown_to_the_model(cli: Any, seeds: Path, writer: list[str]) -> None:
    asked = cli("data", "augment", "seeds.jsonl", "--model", "m", "--rows", "60", stdin="2 do not mention forms\n\n\n")
    assert asked.exit_code == 0, asked.output
    rows = [orjson.loads(line) for line in seeds.with_name("seeds.more.jsonl").read_bytes().splitlines()]
    assert len(rows) == 60
    assert all(row["metadata"]["origin"] == "augmented" for row in rows)
    assert any("do not mention forms" in prompt for prompt in writer)
    assert "1 refused by you" in asked.stdout


def test_json_stops_for_a_look_and_goes_on_with_yes(cli: Any, seeds: Path, writer: list[str]) -> None:
    first = cli.json("data", "augment", "seeds.jsonl", "--model", "m", "--rows", "25", "--json")
    assert first["n_kept"] >= 20
    assert len(first["first_rows"]) == 20
    bad = first["first_rows"][4]["id"]
    more = cli.json(
        "data", "augment", "seeds.jsonl", "--model", "m", "--rows", "25", "--json", "--yes", "--bad", f"{bad}=dull"
    )
    assert more["status"] == "done"
    assert more["n_removed"] == 1
    assert len(seeds.with_name("seeds.more.jsonl").read_bytes().splitlines()) == 25


def test_a_failing_endpoint_says_so_and_the_same_command_goes_on(
    cli: Any, service: Any, seeds: Path, writer: list[str]
) -> None:
    works = service.answers.pop("POST /v1/chat/completions")
    failed = cli("data", "augment", "seeds.jsonl", "--model", "m", "--rows", "5", "--yes")
    assert failed.exit_code == 1
    assert "Run the same command again" in failed.stderr
    service.on("POST /v1/chat/completions", works)
    assert cli("data", "augment", "seeds.jsonl", "--model", "m", "--rows", "5", "--yes").exit_code == 0


def test_what_is_missing_is_said(cli: Any, seeds: Path) -> None:
    assert "seeds.jsonl --model NAME" in cli("data", "augment").stderr
    assert "tunesmith models list" in cli("data", "augment", "seeds.jsonl").stderr
    unset = cli("data", "augment", "seeds.jsonl", "--model", "m", "--base-url", "http://x/v1", "--api-key-env", "NOPE")
    assert unset.exit_code == 2
    assert "NOPE is not set" in unset.stderr


def test_a_file_that_is_not_of_this_run_is_kept(cli: Any, seeds: Path, writer: list[str]) -> None:
    seeds.with_name("seeds.more.jsonl").write_text("mine\n")
    refused = cli("data", "augment", "seeds.jsonl", "--model", "m", "--yes", "--lang", "zh")
    assert refused.exit_code == 1
    assert "已经存在" in refused.stderr
    assert seeds.with_name("seeds.more.jsonl").read_text() == "mine\n"
