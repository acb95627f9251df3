"""Promises about the house itself: what the light processes import, and what no file may contain."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tunesmith

PACKAGE = Path(tunesmith.__file__).parent
HEAVY = ("torch", "transformers", "peft")


@pytest.mark.parametrize(
    "module", ["tunesmith.api.server", "tunesmith.cli.main", "tunesmith.app", "tunesmith.worker.loop"]
)
def test_the_light_processes_never_import_torch(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_source_reads_or_writes_pickle() -> None:
    forbidden = re.compile(
        r"torch\.load\(|torch\.save\(|^\s*import (pickle|joblib)|trust_remote_code\s*=\s*True", re.MULTILINE
    )
    offenders = [str(path) for path in PACKAGE.rglob("*.py") if forbidden.search(path.read_text(encoding="utf-8"))]
    assert offenders == []


def test_sql_is_written_only_in_the_store() -> None:
    offenders = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(from|import) sqlalchemy", path.read_text(encoding="utf-8"), re.MULTILINE)
        and path.relative_to(PACKAGE).parts[0] != "store"
    ]
    assert offenders == []
