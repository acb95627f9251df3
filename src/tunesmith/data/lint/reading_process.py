"""A process of its own that lints blocks of a large file. Started by `parallel`, with the number of a pipe."""

from __future__ import annotations

import sys
import traceback
from multiprocessing.connection import Connection

from tunesmith.data.lint.blocks import block_rows
from tunesmith.data.lint.part import new_part
from tunesmith.data.lint.registry import CHECKS
from tunesmith.data.tables import Block
from tunesmith.findings import Finding


def main() -> None:
    """Hears (source, context, names of the checks' modules) once, then blocks, and answers each with its Part.

    A block is (first line, unreadable, offset, length), where to read it, or its bytes follow if the offset is None.
    """
    pipe = Connection(int(sys.argv[1]))
    try:
        source, context, names = pipe.recv()
        modules = [check for check in CHECKS if check.__name__ in names]
        file = source.path.open("rb")
        while True:
            first_line, unreadable, offset, length = pipe.recv()
            if offset is None:
                data = pipe.recv_bytes()
            else:
                file.seek(offset)
                data = file.read(length)
            block = Block(first_line, data, unreadable)
            part = new_part(modules, context)
            for row in block_rows(source, block):
                if isinstance(row, Finding):
                    part.see_unreadable(row)
                else:
                    part.see(row)
            del block, data
            pipe.send(part)
    except (EOFError, BrokenPipeError):  # there are no more blocks, or nobody who wants to know
        return
    except Exception:
        pipe.send(traceback.format_exc())
        raise


if __name__ == "__main__":
    main()
