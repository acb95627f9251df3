"""The generated references: of the commands, and of what lint checks; and the example file."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_cli_reference_is_fresh() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_cli_reference.py"))["reference"]()
    written = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert written == made, "run: python scripts/make_cli_reference.py"


def test_the_checks_reference_is_fresh() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_checks_reference.py"))["reference"]()
    written = (ROOT / "docs" / "reference" / "checks.md").read_text(encoding="utf-8")
    assert written == made, "run: python scripts/make_checks_reference.py"


def test_the_example_file_is_what_its_script_writes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_example_csv.py"))["content"]()
    assert (ROOT / "docs" / "examples" / "shop_questions.csv").read_bytes() == made
