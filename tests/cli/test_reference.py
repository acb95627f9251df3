"""The generated command line reference."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_cli_reference_is_fresh() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_cli_reference.py"))["reference"]()
    written = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert written == made, "run: python scripts/make_cli_reference.py"
