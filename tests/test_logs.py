from __future__ import annotations

import json

import pytest
import structlog

from tunesmith.logs import configure_logs


def test_a_line_is_json_names_its_process_and_hides_keys(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker")
    structlog.get_logger("x").info("key sk-ts-abcdefgh1234 was used", by="sk-ts-abcdefgh1234, a skateboarder", n=1)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "key sk-*** was used"
    assert line["by"] == "sk-***, a skateboarder"
    assert (line["process"], line["level"], line["n"]) == ("worker", "info", 1)


def test_an_error_shows_where_it_came_from_without_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker")
    try:
        raise ValueError("sk-ts-abcdefgh1234 is wrong")
    except ValueError:
        structlog.get_logger("x").exception("it failed")
    line = json.loads(capsys.readouterr().err)
    assert "ValueError: sk-*** is wrong" in line["exception"]
