"""The whole lint: parallel and inline alike, bounded, and clear when something dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from lint_rows import chat, codes, good_rows, lint_rows, write_rows

from tunesmith.data.lint import engine, parallel
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.sources import open_source
from tunesmith.errors import TunesmithError


@pytest.fixture
def mixed_file(tmp_path: Path) -> Path:
    """Some hundred rows with a defect here and there, and lines that are no rows."""
    rows = good_rows(600)
    rows[40] = chat("What now?", "")
    rows[41] = {"messages": [{"role": "usr", "content": "x"}, {"role": "assistant", "content": "y"}]}
    rows[300] = rows[7]
    rows[301] = chat("Write to me", "My address is ann.smith@example-mail.org, and {{name}} is my name.")
    rows[599] = {**rows[599], "messages": rows[599]["messages"][:1]}
    path = write_rows(tmp_path / "mixed.jsonl", rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[100:100] = ["", "not JSON", "[1, 2]"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _as_told(report: LintReport) -> dict[str, Any]:
    told = report.to_json()
    told["drops"] = {code: list(fix.drops) for code, fix in report.fixes.items()}
    return told


@pytest.fixture
def in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MIN_PARALLEL_BYTES", 0)
    monkeypatch.setattr(parallel, "BLOCK_BYTES", 4096)


@pytest.mark.usefixtures("in_small_blocks")
def test_several_processes_find_what_one_finds(mixed_file: Path) -> None:
    alone = _as_told(lint(mixed_file, LintOptions(processes=1)))
    together = _as_told(lint(mixed_file, LintOptions(processes=3)))
    assert together == alone
    assert {"invalid_json", "not_an_object", "unknown_role", "exact_duplicates"} <= {
        f["code"] for f in alone["findings"]
    }


def test_a_script_without_a_main_guard_can_lint_a_large_file(mixed_file: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from pathlib import Path
            from tunesmith.data.lint import engine
            engine.MIN_PARALLEL_BYTES = 0
            print(engine.lint(Path({str(mixed_file)!r}), engine.LintOptions(processes=2)).n_rows)
            """
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "602"
    assert not done.stderr


@pytest.mark.usefixtures("in_small_blocks")
def test_a_killed_process_is_a_clear_error_and_leaves_no_other_behind(
    mixed_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    start = subprocess.Popen

    def watched(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        process = start(*arguments, **more)
        started.append(process.pid)
        if len(started) == 1:
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(subprocess, "Popen", watched)
    with pytest.raises(TunesmithError, match=r"SIGKILL.*memory.*processes=1") as caught:
        lint(mixed_file, LintOptions(processes=2))
    assert caught.value.code == "lint_process_died"
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_ctrl_c_ends_quietly_and_with_it_all_processes(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", good_rows(200) * 200)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tunesmith.data.lint import engine, parallel\n"
        "engine.MIN_PARALLEL_BYTES = 0; parallel.BLOCK_BYTES = 2**14\n"
        "merge = engine.Part.merge\n"
        "def told(*parts):\n    print('merged', flush=True); merge(*parts); time.sleep(0.05)\n"
        "engine.Part.merge = told\n"
        "try: engine.lint(Path(sys.argv[1]), engine.LintOptions(processes=2))\n"
        "except KeyboardInterrupt: print('stopped', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background shell ignores it
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        pids = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert out.endswith("stopped\n")
    assert not err
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.usefixtures("in_small_blocks")
def test_a_check_that_fails_in_a_process_is_told_with_its_traceback(
    mixed_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_COMMAND", (sys.executable, "-c", _FAILING))
    with pytest.raises(RuntimeError, match=r"(?s)a check failed.*ZeroDivisionError"):
        lint(mixed_file, LintOptions(processes=2))


_FAILING = """
from tunesmith.data.lint import reading_process
def fail(*arguments): 1 / 0
reading_process.block_rows = fail
import sys
sys.stderr = open("/dev/null", "w")
reading_process.main()
"""


def test_one_fault_in_many_rows_is_one_finding_with_all_lines(tmp_path: Path) -> None:
    rows = good_rows(20)
    for at in (3, 7, 15):
        rows[at]["messages"][0]["content"] = 7
    rows[9]["messages"][1]["content"] = True
    told = [one for one in lint_rows(tmp_path, rows).findings if one.code == "bad_content"]
    assert [(one.rows, one.count, one.line) for one in told] == [((4, 8, 16), 3, 4), ((10,), 1, 10)]
    assert told[0].message.startswith("lines 4, 8, 16: content of messages[0] is a number")
    assert told[0].message_zh.startswith("第 4、8、16 行：")
    assert told[1].message.startswith("line 10: content of messages[1] is a boolean")


def test_a_thousand_different_faults_of_one_kind_stay_a_few_findings(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": [f"x{i}", {"y": i}]}, *GOOD]} for i in range(1000)]
    told = [one for one in lint_rows(tmp_path, rows).findings if one.code == "bad_content"]
    assert 2 <= len(told) <= 21
    assert sum(one.count for one in told) == 1000


GOOD = ({"role": "assistant", "content": "Yes."},)


def test_only_and_skip_choose_by_code(tmp_path: Path) -> None:
    rows = [chat("A?", ""), chat("B?", "{{name}}")]
    assert {"too_few_examples", "empty_answer", "placeholder"} <= codes(lint_rows(tmp_path, rows))
    assert codes(lint_rows(tmp_path, rows, only=["placeholder"])) == {"placeholder"}
    assert "placeholder" not in codes(lint_rows(tmp_path, rows, skip=["placeholder"]))


def test_a_file_that_is_no_training_file_gets_an_error_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a,b,c\n" + "1,2,3\n" * 20)
    report = lint(path)
    assert report.format is None
    assert report.has_errors
    (told,) = [found for found in report.findings if found.code == "unknown_format"]
    assert "--map" in told.message
    assert report.n_examples == 0


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"")
    report = lint(path)
    assert report.has_errors
    assert report.n_rows == 0


def test_statistics_count_what_is_in_the_rows(tmp_path: Path) -> None:
    rows = [chat("Hello there?", "Yes.", system="Be kind.") for _ in range(6)]
    rows += [chat("今天的天气怎么样？", "今天是晴天。") for _ in range(3)]
    rows += [chat("Tell me all", "word " * 400)]
    report = lint_rows(tmp_path, rows)
    stats = report.stats
    assert stats["roles"] == {"user": 10, "assistant": 10, "system": 6}
    assert stats["turns"] == {"1": 10}
    assert stats["languages"] == {"en": 7, "zh": 3}
    assert stats["system_prompts"]["without"] == 4
    assert stats["system_prompts"]["top"] == [{"text": "Be kind.", "count": 6}]
    assert stats["row_chars"]["max"] == len("Tell me all\n") + 2000
    assert sum(stats["row_chars"]["counts"]) == 10
    assert [stats["examples"][name]["line"] for name in ("first", "median", "longest")] == [1, 1, 10]
    assert json.dumps(report.to_json())


def test_a_report_speaks_the_language_asked_for(tmp_path: Path) -> None:
    report = lint_rows(tmp_path, [chat("A?", "")])
    told = report.to_json("zh")
    empty = next(one for one in told["findings"] if one["code"] == "empty_answer")
    assert "回答为空" in empty["message"]
    assert "message_zh" not in empty
    assert told["fixes"][0]["text"]


def test_a_source_that_was_opened_before_can_be_linted(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", good_rows())
    assert _as_told(lint(open_source(path))) == _as_told(lint(path))
