"""The demo's rows, honest and as their script makes them, and what it does before it starts anything."""

from __future__ import annotations

import runpy
import socket
from collections import Counter
from pathlib import Path
from typing import Any

from tunesmith.cli.demo import read_rows
from tunesmith.cli.service_process import free_port

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_demo_data.py"


def test_no_held_out_message_is_in_the_training_rows_and_none_appears_twice() -> None:
    asked = [row.messages[-1]["content"] for name in ("train.jsonl", "held_out.jsonl") for row in read_rows(name)]
    assert len(set(asked)) == len(asked)


def test_desks_and_languages_are_balanced() -> None:
    for name, each in (("train.jsonl", 13), ("held_out.jsonl", 5)):
        counts = Counter((row.expected, row.group) for row in read_rows(name))
        assert len(counts) == 12
        assert set(counts.values()) == {each}


def test_the_files_are_what_the_script_makes(tmp_path: Path) -> None:
    made = runpy.run_path(str(SCRIPT))
    made["main"].__globals__["FOLDER"] = tmp_path
    made["main"]()
    for name in ("train.jsonl", "held_out.jsonl"):
        bundled = SCRIPT.parents[1] / "src" / "tunesmith" / "cli" / "demo_data" / name
        assert (tmp_path / name).read_bytes() == bundled.read_bytes()


def test_the_demo_takes_another_port_when_its_own_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_the_demo_leaves_a_folder_with_other_things_in_it_alone(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    result = cli("demo", "--no-serve", "--data-dir", str(tmp_path))
    assert result.exit_code == 1
    assert "is not an empty folder" in result.stderr
