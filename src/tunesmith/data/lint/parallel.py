"""A large file read by several processes: blocks go out, what they hold comes back in the order of the file.

The processes are started afresh, not forked, and not by `multiprocessing`: a caller's script needs no
`if __name__ == "__main__"`, threads do no harm, and a process ends by itself when its parent is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Pipe, wait
from pathlib import Path
from typing import Any

import tunesmith
from tunesmith.data.lint.check import LintContext
from tunesmith.data.lint.part import Part
from tunesmith.data.lint.registry import CheckModule
from tunesmith.data.sources import Source
from tunesmith.data.tables import Block
from tunesmith.errors import TunesmithError

BLOCK_BYTES = 2**21

# What is done ahead of the slowest block waits in memory.
_BLOCKS_AHEAD = 8
# One in work and one next: a process then does not wait for this one, which has merging to do.
_WAITING_BLOCKS = 2
_COMMAND = (sys.executable, "-m", "tunesmith.data.lint.reading_process")


def read_in_parallel(
    source: Source, modules: Sequence[CheckModule], context: LintContext, *, processes: int
) -> Iterator[Part]:
    """What each block holds, in order. Raises TunesmithError when a process dies (killed, or out of memory)."""
    readers: list[_Reader] = []
    try:
        for _ in range(processes):
            readers.append(_Reader(source, modules, context))
        yield from _in_order(source, readers)
    finally:
        for reader in readers:
            reader.close()


def _in_order(source: Source, readers: list[_Reader]) -> Iterator[Part]:
    blocks = enumerate(source.table.blocks(BLOCK_BYTES))
    waiting = next(blocks, None)
    done: dict[int, Part] = {}
    next_number = 0
    while waiting or any(reader.numbers for reader in readers):
        while waiting and waiting[0] < next_number + _BLOCKS_AHEAD + len(readers):
            reader = min(readers, key=lambda one: len(one.numbers))
            if not reader.takes(waiting[1]):
                break
            reader.send(*waiting)
            waiting = next(blocks, None)
        ready = wait([reader.pipe for reader in readers if reader.numbers])
        for reader in readers:
            if reader.pipe in ready:
                number, part = reader.receive()
                done[number] = part
        while next_number in done:
            yield done.pop(next_number)
            next_number += 1


class _Reader:
    """One process. A block that it reads for itself may wait for the one before, so that it is never idle.

    Bytes are sent only to one that waits for them: both sides would wait for ever if it had an answer to write.
    """

    def __init__(self, source: Source, modules: Sequence[CheckModule], context: LintContext) -> None:
        self.pipe, theirs = Pipe()
        self.numbers: deque[int] = deque()
        self._process = subprocess.Popen(
            [*_COMMAND, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": _python_path(), "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"},
            process_group=0,  # Ctrl-C is the parent's to hear; it closes the pipe
        )
        theirs.close()
        self._say((source, context, {module.__name__ for module in modules}))

    def takes(self, block: Block) -> bool:
        return len(self.numbers) < (1 if block.offset is None else _WAITING_BLOCKS)

    def send(self, number: int, block: Block) -> None:
        self.numbers.append(number)
        place = (block.first_line, block.unreadable, block.offset, len(block.data))
        self._say(place, block.data if block.offset is None else None)

    def _say(self, message: Any, data: bytes | None = None) -> None:
        try:
            self.pipe.send(message)
            if data is not None:
                self.pipe.send_bytes(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._died() from error

    def receive(self) -> tuple[int, Part]:
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            raise self._died() from error
        if not isinstance(answer, Part):
            raise RuntimeError(f"a check failed:\n{answer}")
        return self.numbers.popleft(), answer

    def _died(self) -> TunesmithError:
        self.pipe.close()
        code = self._process.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return TunesmithError(
            f"a process that was reading rows {how}, perhaps for lack of memory; nothing was changed. "
            "Try again, with processes=1 if it happens again",
            code="lint_process_died",
        )

    def close(self) -> None:
        self.pipe.close()
        self._process.terminate()
        self._process.wait()


def _python_path() -> str:
    """This very package, also where it is not installed but found by a changed sys.path."""
    here = str(Path(tunesmith.__file__).parents[1])
    given = os.environ.get("PYTHONPATH")
    return f"{here}{os.pathsep}{given}" if given else here
