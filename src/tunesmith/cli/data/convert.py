"""`tunesmith data convert FILE`: any file into any format that can hold it, and what would be lost."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, RowFormat, Sheet, open_input
from tunesmith.cli.data.language import Lang, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.terminal import AsJson, CommandFailed

OutputType = Literal["jsonl", "json", "csv", "tsv", "xlsx", "parquet"]
SUFFIXES: dict[str, OutputType] = {
    ".jsonl": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
}


def convert(
    file: InputFile,
    to: Annotated[RowFormat, typer.Option("--to", help="The format to write.")] = "chat",
    out: Out = None,
    type: Annotated[
        OutputType | None, typer.Option(help="The file type to write. Default: by the name of --out, or jsonl.")
    ] = None,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Write the rows in another format, always as clean UTF-8. What the new format cannot hold is counted and named.

    \b
    Examples:
      tunesmith data convert questions.csv
      tunesmith data convert 问答.xlsx --map 问题=prompt --map 答复=completion
      tunesmith data convert train.jsonl --to alpaca --out train.json
    """
    language, say = speaker(lang)
    written_as: OutputType = type or (SUFFIXES.get(out.suffix.lower(), "jsonl") if out else "jsonl")
    target = new_file(out or beside(file, to, suffix=f".{written_as}"), force=force, sources=(file,))
    from tunesmith.data.convert import convert as convert_file

    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    with terminal.err.status(say("Writing ...", "正在写入……")):
        done = convert_file(source, to=to, out=target, container=written_as)
    if not done.n_written:
        target.unlink()
    if as_json:
        terminal.print_json(
            {"object": "conversion", "out": str(target) if done.n_written else None, "from": source.format, "to": to}
            | done.to_json()
        )
    elif done.findings:
        print_findings(done.findings, fixes={}, language=language, say=say)
    if not done.n_written:
        raise CommandFailed(
            say(
                f"None of the {done.n_rows:,} rows can be written in this format; no file was made.",
                f"{done.n_rows:,} 行都不能写成这种格式，没有生成文件。",
            )
        )
    if not as_json:
        terminal.out.print(
            say(
                f"Wrote {target}: {done.n_written:,} of {done.n_rows:,} rows",
                f"已写入 {target}：{done.n_rows:,} 行中的 {done.n_written:,} 行",
            )
        )
