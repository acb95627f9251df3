"""What happens to a data operation's child: it answers, refuses, dies, hangs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import pytest

from tunesmith import errors
from tunesmith.worker.executors.operation import Operations

READ = "import sys, json, time; request = json.loads(sys.stdin.readline()); "


def operations(script: str, **limits: float) -> Operations:
    command: Sequence[str] = (sys.executable, "-c", READ + script)
    return Operations(max_running=1, timeout_s=limits.pop("timeout_s", 30.0), command=command, **limits)


def test_the_answer_comes_back() -> None:
    echo = operations("print(json.dumps({'answer': request}))")
    assert echo.carry_out("lint", {"path": "x"}) == {"operation": "lint", "arguments": {"path": "x"}}


def test_a_refusal_is_raised_here_with_its_findings() -> None:
    finding = {"code": "c", "severity": "error", "message": "m", "line": 3}
    said = {"failed": {"error": "InvalidFile", "message": "bad", "param": "file", "code": "x", "findings": [finding]}}
    with pytest.raises(errors.InvalidFile, match="bad") as refused:
        operations(f"print(json.dumps({said!r}))").carry_out("lint", {})
    assert refused.value.findings[0].line == 3


def test_one_that_hangs_is_killed_and_the_command_line_is_offered() -> None:
    with pytest.raises(errors.TooLarge, match="tunesmith data lint"):
        operations("time.sleep(60)", timeout_s=0.5).carry_out("lint", {})


def test_one_that_dies_is_an_error_with_its_exit_code() -> None:
    with pytest.raises(errors.TunesmithError, match="exit code 7"):
        operations("sys.exit(7)").carry_out("lint", {})


def test_a_busy_desk_says_when_to_come_back() -> None:
    busy = operations("time.sleep(1.5); print(json.dumps({'answer': {}}))", wait_s=0.1)
    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(busy.carry_out("lint", {}))
        except errors.RateLimited as refused:
            outcomes.append(refused.retry_after_s > 0)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [True, {}]
