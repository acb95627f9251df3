"""tunesmith data: look, lint, fix, convert and pii, as a person at a terminal and as a script use them."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

QUESTIONS = ["How late are you open?", "Do you repair watches?", "Where can I park?", "Is there a lift?"]


def chat(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def write(name: str, rows: list[dict[str, Any]]) -> Path:
    path = Path(name)
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def read(name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in Path(name).read_bytes().splitlines()]


@pytest.fixture
def here(cli: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty current folder, in an English terminal."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    return Path.cwd()


@pytest.fixture
def rows(here: Path) -> Path:
    """Twelve rows, of which line 7 repeats line 3 and line 9 answers nothing."""
    made = [chat(f"What does article {n} cost, please?", f"Article {n} costs {n * 3} coins.") for n in range(12)]
    made[6] = made[2]
    made[8] = chat("What does article 8 cost, please?", " ")
    return write("rows.jsonl", made)


def test_lint_names_lines_and_fixes_and_exits_0_without_errors(cli: Any, rows: Path) -> None:
    result = cli("data", "lint", "rows.jsonl", "--no-near-duplicates")
    assert result.exit_code == 0, result.output
    assert "exact_duplicates  7 " in result.stdout
    assert "remove_exact_duplicates" in result.stdout
    assert "0 errors" in result.stdout
    assert "tunesmith data fix rows.jsonl" in result.stderr


def test_lint_exits_1_with_errors_also_as_json(cli: Any, here: Path) -> None:
    write("bad.jsonl", [{"messages": [{"role": "user", "content": "hi"}, {"role": "assitant", "content": "ho"}]}])
    assert cli("data", "lint", "bad.jsonl").exit_code == 1
    result = cli("data", "lint", "bad.jsonl", "--json")
    assert result.exit_code == 1
    report = orjson.loads(result.stdout)
    assert "unknown_role" in [finding["code"] for finding in report["findings"]]


def test_the_language_is_the_terminals_unless_one_is_asked_for(
    cli: Any, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "与前面的行完全重复" in cli("data", "lint", "rows.jsonl").stdout
    assert "repeat an earlier row" in cli("data", "lint", "rows.jsonl", "--lang", "en").stdout


def test_only_skip_and_set_choose_what_is_checked(cli: Any, rows: Path) -> None:
    only = cli("data", "lint", "rows.jsonl", "--only", "empty_answer", "--json")
    assert [finding["code"] for finding in orjson.loads(only.stdout)["findings"]] == ["empty_answer"]
    skipped = cli("data", "lint", "rows.jsonl", "--skip", "empty_answer,exact_duplicates", "--json")
    codes = {finding["code"] for finding in orjson.loads(skipped.stdout)["findings"]}
    assert not codes & {"empty_answer", "exact_duplicates"}
    assert "too_few_examples" in cli("data", "lint", "rows.jsonl", "--set", "min_examples=100").stdout


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--only", "empty_anwser"), "empty_answer"),
        (("--set", "min_exampels=3"), "min_examples"),
        (("--set", "min_examples=few"), "whole number"),
        (("--map", "question"), "COLUMN=FIELD"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(
    cli: Any, rows: Path, arguments: tuple[str, str], hint: str
) -> None:
    result = cli("data", "lint", "rows.jsonl", *arguments)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_list_checks_names_every_threshold_and_its_source(cli: Any, here: Path) -> None:
    listed = cli.json("data", "lint", "--list-checks", "--json")
    assert {"min_examples"} <= {one["name"] for one in listed["thresholds"]}
    assert all(one["source"] for one in listed["thresholds"])
    printed = cli("data", "lint", "--list-checks", "--lang", "zh").stdout
    assert "personal_data" in printed
    assert "阈值" in printed


def test_html_writes_a_report_and_does_not_overwrite_one(cli: Any, rows: Path) -> None:
    assert cli("data", "lint", "rows.jsonl", "--html", "report.html", "--lang", "zh").exit_code == 0
    assert "检查结果" in Path("report.html").read_text(encoding="utf-8")
    refused = cli("data", "lint", "rows.jsonl", "--html", "report.html")
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert cli("data", "lint", "rows.jsonl", "--html", "report.html", "--force").exit_code == 0


def test_a_report_that_does_not_fit_on_the_disk_leaves_nothing(
    cli: Any, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert cli("data", "lint", "rows.jsonl", "--html", "report.html").exit_code == 1
    assert os.listdir() == ["rows.jsonl"]


def test_rows_shared_with_the_validation_file_are_found(cli: Any, rows: Path) -> None:
    write("valid.jsonl", read("rows.jsonl")[:2])
    report = orjson.loads(cli("data", "lint", "rows.jsonl", "--validation", "valid.jsonl", "--json").stdout)
    found = next(finding for finding in report["findings"] if finding["code"] == "validation_overlap")
    assert found["rows"] == [1, 2]


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh")])
def test_the_data_journey_of_the_readme_can_be_pasted(
    cli: Any, here: Path, monkeypatch: pytest.MonkeyPatch, readme: str, language: str
) -> None:
    root = Path(__file__).resolve().parents[2]
    (here / "docs").symlink_to(root / "docs")
    lines = re.findall(r"^\.venv/bin/tunesmith (data [^#\n]+)", (root / readme).read_text(), re.MULTILINE)
    assert [line.split()[1] for line in lines] == ["look", "lint", "fix", "split", "estimate"]
    for line in lines:
        more = ["--no-measure"] if "estimate" in line else []
        result = cli(*shlex.split(line), *more)
        assert result.exit_code == 0, result.output
        assert ("警告" in result.stdout) == (language == "zh") or "lint" not in line
    assert (len(read("shop.train.jsonl")), len(read("shop.valid.jsonl"))) == (49, 5)


def test_look_says_what_a_table_is_and_which_column_is_what(cli: Any, here: Path) -> None:
    text = "编号,问题,答复\n" + "".join(f"{n},第{n}号商品多少钱？,{n}号商品卖{n * 3}元。\n" for n in range(20))
    Path("问答.csv").write_bytes(text.encode("gb18030"))
    seen = cli.json("data", "look", "问答.csv", "--json")
    assert (seen["container"], seen["encoding"], seen["format"]) == ("csv", "gb18030", "prompt_completion")
    assert seen["detection"]["mapping"]["问题"] == "prompt"
    assert seen["n_rows"] == 20
    printed = cli("data", "look", "问答.csv", "--lang", "zh")
    assert "GB18030" in printed.stdout
    assert "第0号商品多少钱" in printed.stdout


def test_fix_shows_the_plan_asks_and_leaves_the_file_alone(cli: Any, rows: Path) -> None:
    before = rows.read_bytes()
    refused = cli("data", "fix", "rows.jsonl", stdin="n\n")
    assert refused.exit_code == 1
    assert "2 rows removed" in refused.stdout
    assert not Path("rows.fixed.jsonl").exists()
    done = cli("data", "fix", "rows.jsonl", "--yes")
    assert done.exit_code == 0, done.output
    assert len(read("rows.fixed.jsonl")) == 10
    assert rows.read_bytes() == before
    assert cli("data", "fix", "rows.jsonl", "--yes").exit_code == 1


def test_fix_as_json_plans_and_writes_only_with_yes(cli: Any, rows: Path) -> None:
    plan = cli.json("data", "fix", "rows.jsonl", "--only", "remove_exact_duplicates", "--json")
    assert plan["out"] is None
    assert plan["by_code"] == {"remove_exact_duplicates": 1}
    done = cli.json("data", "fix", "rows.jsonl", "--json", "--yes", "--out", "clean.jsonl")
    assert done["out"] == "clean.jsonl"
    assert len(read("clean.jsonl")) == 10


def test_rows_of_the_validation_file_and_rows_too_long_can_be_removed(cli: Any, rows: Path) -> None:
    write("valid.jsonl", read("rows.jsonl")[:2])
    write("rows.jsonl", [*read("rows.jsonl"), chat("Tell me everything.", "Well, " + "then this and that, " * 2000)])
    overlap = ("--only", "remove_validation_rows", "--validation", "valid.jsonl")
    assert cli.json("data", "fix", "rows.jsonl", *overlap, "--json")["removed"] == 2
    assert cli.json("data", "fix", "rows.jsonl", "--only", "remove_too_long", "--json")["removed"] == 1


def test_a_file_in_another_encoding_is_rewritten_though_its_rows_are_right(cli: Any, here: Path) -> None:
    text = "问题,答复\n" + "".join(f"第{n}号商品多少钱？,卖{n * 3}元。\n" for n in range(12))
    Path("faq.csv").write_bytes(text.encode("gb18030"))
    assert cli("data", "fix", "faq.csv", "--yes").exit_code == 0
    assert read("faq.fixed.jsonl")[0] == {"prompt": "第0号商品多少钱？", "completion": "卖0元。"}


def test_a_fix_cannot_be_written_over_its_own_file(cli: Any, rows: Path) -> None:
    result = cli("data", "fix", "rows.jsonl", "--out", "rows.jsonl", "--force", "--yes")
    assert result.exit_code == 1
    assert "never changed" in result.stderr


def test_what_is_no_file_is_never_replaced_by_one(cli: Any, rows: Path) -> None:
    os.mkfifo("pipe")
    result = cli("data", "convert", "rows.jsonl", "--to", "chat", "--out", "pipe", "--force")
    assert result.exit_code == 1
    assert "not a file" in result.stderr
    assert Path("pipe").is_fifo()


def test_convert_goes_to_chat_beside_the_file(cli: Any, here: Path) -> None:
    Path("faq.csv").write_text("question,reply\n" + "".join(f"{q},Yes.\n" for q in QUESTIONS))
    done = cli.json("data", "convert", "faq.csv", "--map", "question=prompt", "--map", "reply=completion", "--json")
    assert (done["n_written"], done["out"]) == (4, "faq.chat.jsonl")
    assert read("faq.chat.jsonl")[0]["messages"][0] == {"role": "user", "content": QUESTIONS[0]}


def test_convert_says_what_is_lost(cli: Any, here: Path) -> None:
    system = {"role": "system", "content": "Be kind."}
    write("chat.jsonl", [{"messages": [system, *chat(question, "Yes.")["messages"]]} for question in QUESTIONS])
    result = cli("data", "convert", "chat.jsonl", "--to", "prompt_completion")
    assert result.exit_code == 0, result.output
    assert "system_prompt_lost" in result.stdout


def test_a_format_that_can_hold_no_row_makes_no_file(cli: Any, here: Path) -> None:
    write("asked.jsonl", [{"messages": [{"role": "user", "content": question}]} for question in QUESTIONS])
    result = cli("data", "convert", "asked.jsonl", "--to", "prompt_completion", "--out", "pairs.jsonl")
    assert result.exit_code == 1
    assert "None of the 4 rows" in result.stderr
    assert not Path("pairs.jsonl").exists()


def test_sample_takes_a_hundred_rows_or_what_there_is(cli: Any, rows: Path) -> None:
    assert cli.json("data", "sample", "rows.jsonl", "--json")["n_written"] == 12
    assert cli.json("data", "sample", "rows.jsonl", "--share", "25%", "--out", "few.jsonl", "--json")["n_written"] == 3
    assert cli("data", "sample", "rows.jsonl", "-n", "13", "--force").exit_code == 2


def test_merge_and_balance_count_what_they_keep(cli: Any, here: Path) -> None:
    labels = [chat(f"{question} {n}", "yes" if n % 6 else "no") for n in range(18) for question in QUESTIONS]
    write("a.jsonl", labels)
    write("b.jsonl", [{"prompt": question, "completion": "Yes."} for question in QUESTIONS])
    merged = cli.json("data", "merge", "a.jsonl", "b.jsonl", "a.jsonl", "--json")
    assert (merged["format"], merged["n_written"]) == ("chat", 76)
    balanced = cli("data", "balance", "a.jsonl", "--at-most", "12", "--out", "even.jsonl")
    assert "24 of 72 rows" in balanced.stdout
    assert len(read("even.jsonl")) == 24


def test_pii_counts_by_kind_hides_what_it_found_and_masks(cli: Any, here: Path) -> None:
    made = [chat(question, "Write to anna.schmidt@example.com or call 13812345678.") for question in QUESTIONS]
    write("rows.jsonl", made)
    found = cli("data", "pii", "rows.jsonl")
    assert found.exit_code == 0, found.output
    assert "anna.schmidt" not in found.output
    assert "email" in found.stdout
    masked = cli.json("data", "pii", "rows.jsonl", "--mask", "--json")
    assert masked["written"]["masked"] == 4
    answers = [row["messages"][1]["content"] for row in read("rows.masked.jsonl")]
    assert answers[0] == "Write to <EMAIL_1> or call <PHONE_1>."
    dropped = cli.json("data", "pii", "rows.jsonl", "--drop", "--kind", "email", "--json")
    assert dropped["written"]["removed"] == 4


@pytest.mark.parametrize("command", ["look", "lint", "fix", "convert", "pii", "split", "sample", "balance", "merge"])
def test_bad_input_is_one_red_line_and_no_traceback(cli: Any, here: Path, command: str) -> None:
    Path("empty.jsonl").touch()
    Path("folder").mkdir()
    Path("binary.jsonl").write_bytes(bytes(range(256)) * 64)
    for name, code in (("nothing.jsonl", 2), ("folder", 2), ("empty.jsonl", 1), ("binary.jsonl", 1)):
        result = cli("data", command, name)
        assert result.exit_code == code, (name, result.output)
        assert "error" in result.output.lower(), name
        assert result.exception is None or isinstance(result.exception, SystemExit), name


def test_a_misspelled_file_is_answered_with_the_one_beside_it(cli: Any, rows: Path) -> None:
    assert "Did you mean rows.jsonl?" in cli("data", "lint", "rwos.jsonl").stderr
    assert "是不是 rows.jsonl" in cli("data", "lint", "rwos.jsonl", "--lang", "zh").stderr


def test_a_column_that_does_not_exist_is_wrong_use(cli: Any, here: Path) -> None:
    Path("faq.csv").write_text("question,reply\nopen?,yes\n")
    result = cli("data", "convert", "faq.csv", "--map", "questoin=prompt")
    assert result.exit_code == 2
    assert 'did you mean "question"' in result.stderr


def test_a_row_cannot_send_escape_codes_to_the_terminal(cli: Any, here: Path) -> None:
    write("rows.jsonl", [chat(f"{question}\x1b[2J\x9b2J\u202e", "Yes.\x1b]0;gone\x07") for question in QUESTIONS])
    for command in (("lint", "rows.jsonl"), ("look", "rows.jsonl"), ("fix", "rows.jsonl", "--yes")):
        printed = cli("data", *command).output
        assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(printed), command


def test_a_pipe_that_closes_early_is_no_error(rows: Path) -> None:
    command = f"{sys.executable} -m tunesmith.cli.main data lint --list-checks | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, env={**os.environ}
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("too_few_examples")


def test_the_list_of_commands_loads_nothing_heavy() -> None:
    heavy = "torch", "transformers", "pyarrow", "numpy", "openpyxl", "jinja2", "rensa", "phonenumbers"
    code = f"import sys, tunesmith.cli.main; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
