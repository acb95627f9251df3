"""The options that say how a file of rows is to be read; the same in every command of the data desk."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tunesmith.cli.data.language import say
from tunesmith.cli.terminal import CommandFailed
from tunesmith.errors import InvalidFile, InvalidRequest

if TYPE_CHECKING:
    from tunesmith.data.sources import Source

RowFormat = Literal["chat", "prompt_completion", "alpaca", "sharegpt", "preference", "reinforcement"]
FileEncoding = Literal["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"]

InputFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSONL, JSON, CSV, TSV, XLSX, TXT or Parquet, also gzipped.")
]
Format = Annotated[
    RowFormat | None, typer.Option("--format", "-f", help="What the rows are. Default: found by looking.")
]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", "-m", metavar="COLUMN=FIELD", help="Which column is which field; may be repeated."),
]
Encoding = Annotated[FileEncoding | None, typer.Option(help="Default: found by looking.")]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="Sheet of a workbook. Default: the first.")]


def mapping_of(pairs: list[str] | None) -> dict[str, str]:
    """`question=prompt` as a mapping; a column may have = in its name, a field may not."""
    mapping = {}
    for pair in pairs or []:
        column, mark, field = pair.rpartition("=")
        if not mark or not column or not field:
            raise typer.BadParameter(f'"{pair}" is not COLUMN=FIELD, for example question=prompt.', param_hint="--map")
        mapping[column.strip()] = field.strip()
    return mapping


def check_readable(path: Path) -> Path:
    """The path, unless there is nothing to read there. Raises CommandFailed with what to do."""
    if not path.exists():
        near = _nearest_beside(path)
        here = say(f"The current folder is {Path.cwd()}", f"当前目录是 {Path.cwd()}")
        raise CommandFailed(
            say(f"There is no file {path}.", f"没有文件 {path}。"),
            hint=say(f"Did you mean {near}?", f"是不是 {near}？") if near else here,
            exit_code=2,
        )
    if path.is_dir():
        raise CommandFailed(
            say(f"{path} is a folder; give one file of it.", f"{path} 是文件夹，请给出其中一个文件。"),
            hint=_files_in(path),
            exit_code=2,
        )
    if not path.is_file():
        raise CommandFailed(
            say(
                f"{path} is not a file; rows are read several times, so save them first.",
                f"{path} 不是普通文件；数据要读好几遍，请先存成文件。",
            ),
            exit_code=2,
        )
    return path


def _nearest_beside(path: Path) -> Path | None:
    if not path.parent.is_dir():
        return None
    names = [each.name for each in path.parent.iterdir() if each.is_file()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return path.parent / close[0] if close else None


def _files_in(folder: Path) -> str:
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    if not names:
        return say("It holds no file.", "里面没有文件。")
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return say(f"It holds {listed}", f"里面有 {listed}")


def open_input(
    path: Path,
    *,
    format: RowFormat | None = None,
    mapping: list[str] | None = None,
    encoding: FileEncoding | None = None,
    sheet: str | None = None,
) -> Source:
    """The file and what it is. Raises CommandFailed or InvalidFile with what was found and what to do."""
    from tunesmith.data.sources import open_source

    check_readable(path)
    with wrong_use():  # of a column, a field or a sheet that does not exist
        source = open_source(path, format=format, mapping=mapping_of(mapping) or None, encoding=encoding, sheet=sheet)
    if next(source.rows(), None) is None:
        raise CommandFailed(say(f"{path} has no rows.", f"{path} 里没有任何行。"))
    return source


@contextmanager
def wrong_use() -> Iterator[None]:
    """What cannot be done as asked is wrong use of an option, unless the file itself is at fault."""
    try:
        yield
    except InvalidFile:
        raise
    except InvalidRequest as error:
        raise CommandFailed(error.message, exit_code=2) from None


def share_of(text: str) -> float:
    """`0.1` or `10%`."""
    try:
        return as_share(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a share such as 0.1 or 10%.') from None


def as_share(text: str) -> float:
    """Raises ValueError for what is no number."""
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)
