"""What every test may use: the real rows, where they lie beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

# Read when torch loads: waiting threads must not spin where several processes share few cores (5 times slower).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real third-party rows; tests that want it are skipped on a machine without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real rows (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A process of ours that is run inside a test sends the logs to that test's stderr, which is closed afterwards."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
