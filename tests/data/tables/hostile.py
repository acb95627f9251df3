"""Reads files in a process of its own and says what came of each and how much memory it took. Run by a test."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path

import pyarrow.parquet  # noqa: F401 - the memory of the libraries is not the files'
from openpyxl.styles.numbers import is_date_format  # noqa: F401

from tunesmith.data.tables import Row, open_table, parquet, xlsx  # noqa: F401
from tunesmith.errors import InvalidFile


def status_kb(field: str) -> int:
    """A line of /proc/self/status, in KB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise KeyError(field)


def look(path: Path) -> dict[str, object]:
    """What open_table and rows say about the file, and the peak memory while they did."""
    before = status_kb("VmRSS")
    started = time.perf_counter()
    codes: list[str] = []
    n_rows = n_findings = n_untranslated = 0
    try:
        table = open_table(path)
        outcome = table.container
        codes += [finding.code for finding in table.findings]
        for row in table.rows():
            if isinstance(row, Row):
                n_rows += 1
            else:
                n_findings += 1
                n_untranslated += not row.message_zh
                if n_findings <= 5:
                    codes.append(row.code)
    except InvalidFile as error:
        outcome = "refused"
        n_untranslated += not error.findings or not error.findings[0].message_zh
        codes += [finding.code for finding in error.findings]
    except Exception:  # noqa: BLE001 - the test shows it
        outcome = traceback.format_exc()
    return {
        "name": path.name,
        "outcome": outcome,
        "codes": codes,
        "n_rows": n_rows,
        "n_findings": n_findings,
        "n_untranslated": n_untranslated,
        "peak_mb": (status_kb("VmHWM") - before) / 1024,
        "seconds": time.perf_counter() - started,
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    for argument in sys.argv[1:]:
        # each in a process of its own: memory that one file freed must not serve the next unseen
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            print(json.dumps(look(Path(argument))), flush=True)
            os._exit(0)
