"""Where a new file goes: beside the one it was made from, and never over another unless that is asked for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.data.language import say
from tunesmith.cli.terminal import CommandFailed

Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="PATH", help="Default: beside the file.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]

COMPRESSED = (".gz", ".gzip")


def beside(path: Path, mark: str, *, suffix: str = ".jsonl") -> Path:
    """`rows.csv` with the mark `fixed` becomes `rows.fixed.jsonl` in the same folder."""
    stem = Path(path.stem).stem if path.suffix.lower() in COMPRESSED else path.stem
    return path.with_name(f"{stem}.{mark}{suffix}")


def new_file(target: Path, *, force: bool, sources: tuple[Path, ...] = ()) -> Path:
    """The target, unless something is there that must stay. A file is never written over one it is made from."""
    another = say("Choose another place with --out.", "请用 --out 换一个位置。")
    if any(source.exists() and target.exists() and source.samefile(target) for source in sources):
        raise CommandFailed(
            say(
                f"{target} is the file that is being read; it is never changed.",
                f"{target} 就是原文件，原文件不会被改动。",
            ),
            hint=another,
        )
    if target.is_dir():
        raise CommandFailed(
            say(f"{target} is a folder.", f"{target} 是文件夹。"),
            hint=say("Name a file: ", "请给出文件名：") + f"--out {target / 'rows.jsonl'}",
        )
    if target.exists() and not target.is_file():  # writing would put a file where a device or a pipe was
        raise CommandFailed(
            say(f"{target} is not a file; it is left as it is.", f"{target} 不是普通文件，保持原样。"), hint=another
        )
    if target.exists() and not force:
        raise CommandFailed(
            say(f"{target} exists already.", f"{target} 已经存在。"),
            hint=another + say(" Or overwrite it with --force.", "或用 --force 覆盖。"),
        )
    if not target.parent.is_dir():
        raise CommandFailed(
            say(f"There is no folder {target.parent}.", f"没有文件夹 {target.parent}。"),
            hint=say("Make it: ", "先建好：") + f"mkdir -p {shlex.quote(str(target.parent))}",
        )
    return target
