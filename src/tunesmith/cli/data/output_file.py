"""Where a new file goes: beside the one it was made from, and never over another unless that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    if any(source.exists() and target.exists() and source.samefile(target) for source in sources):
        raise CommandFailed(
            f"{target} is the file that is being read; it is never changed.", hint="Choose another place with --out."
        )
    if target.is_dir():
        raise CommandFailed(f"{target} is a folder.", hint=f"Name a file: --out {target / 'rows.jsonl'}")
    if target.exists() and not force:
        raise CommandFailed(
            f"{target} exists already.", hint="Choose another place with --out, or overwrite it with --force."
        )
    if not target.parent.is_dir():
        raise CommandFailed(f"There is no folder {target.parent}.", hint=f"Make it: mkdir -p {target.parent}")
    return target
