"""A child process that cannot outlive its parent, not even after kill -9 of the parent.

The child's stdin is a pipe whose other end only the parent holds. When the parent is gone the kernel closes it, the
child reads the end of file and leaves at once.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

PARENT_GONE = 113  # an exit code of our own, to be told from others in a log


def hold(on_line: Callable[[str], None] = lambda _line: None) -> None:
    """Start to watch stdin; each line that the parent sends goes to `on_line`, on a thread of its own."""
    threading.Thread(target=_watch, args=(on_line,), name="lifeline", daemon=True).start()


def _watch(on_line: Callable[[str], None]) -> None:
    for line in sys.stdin:
        on_line(line.strip())
    os._exit(PARENT_GONE)
