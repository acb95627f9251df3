"""`tunesmith data look FILE`: what the file is, how sure that is, and what its rows look like."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, open_input
from tunesmith.cli.data.language import Lang, Say, speaker, spoken_language
from tunesmith.cli.data.summary import CONTAINERS, FORMATS, sure
from tunesmith.cli.data.visible import cut_to, visible
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Finding, Language

if TYPE_CHECKING:
    from tunesmith.data.lint.report import LintReport
    from tunesmith.data.sources import Source
    from tunesmith.data.tables import Row

BAR = 24
LANGUAGES = {"zh": ("Chinese", "中文"), "en": ("Latin letters", "拉丁字母"), "mixed": ("mixed", "混合")}


def look(
    file: InputFile,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, max=1000, help="How many rows to show.")] = 3,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """See what a file is: its type, encoding and format, which column is what, the first rows, lengths and languages.

    \b
    Examples:
      tunesmith data look questions.csv
      tunesmith data look faq.csv --map question=prompt --map reply=completion
      tunesmith data look rows.json.gz -n 10 --json
    """
    language, say = speaker(lang)
    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    first = list(islice(source.rows(), rows))
    with terminal.err.status(say("Reading ...", "正在读取……")):
        report = _counted(source)
    if as_json:
        terminal.print_json(_json(source, report, first, language if lang else None))
    else:
        _print(source, report, first, language, say)
    if any(finding.severity == "error" for finding in source.findings):
        raise typer.Exit(1)


def _print(source: Source, report: LintReport, first: list[Row | Finding], language: Language, say: Say) -> None:
    terminal.print_fields(_fields(source, report, language, say))
    if findings := [finding for finding in source.findings if finding.code != "columns_mapped"]:
        terminal.out.print()
        print_findings(findings, fixes={}, language=language, say=say)
    _print_rows(first, say)
    _print_numbers(report.stats, say)
    terminal.err.print(say("\nCheck it: ", "\n检查一下：") + f"tunesmith data lint {shlex.quote(str(source.path))}")


def _counted(source: Source) -> LintReport:
    """The statistics are lint's own; what it finds is for `lint` to say."""
    from tunesmith.data.lint.engine import LintOptions, lint

    return lint(source, options=LintOptions(near_duplicates=False, only=("too_few_examples",)))


def _json(source: Source, report: LintReport, first: list[Row | Finding], language: Language | None) -> dict[str, Any]:
    whole = report.to_json(language)
    shown = [
        {"line": one.line, "row": one.value} if not isinstance(one, Finding) else {"finding": one.to_json()}
        for one in first
    ]
    return {
        "object": "file_look",
        "name": report.name,
        "container": source.table.container,
        "encoding": source.table.encoding,
        "is_compressed": source.table.is_compressed,
        "columns": source.table.columns,
        "format": source.format,
        "detection": whole["detection"],
        "n_rows": report.n_rows,
        "n_examples": report.n_examples,
        "findings": [finding.to_json() for finding in source.findings],
        "rows": shown,
        "stats": whole["stats"],
    }


def _fields(source: Source, report: LintReport, language: Language, say: Say) -> dict[str, object]:
    table, detection = source.table, source.detection
    container = CONTAINERS.get(table.container, table.container)
    pairs = detection.mapping.items() if detection.is_mapped else ()
    mapping = ", ".join(f"{column} -> {field}" for column, field in pairs)
    return {
        say("file", "文件"): f"{table.name}  {terminal.size(table.path.stat().st_size)}",
        say("type", "类型"): container + (say(", gzipped", "，gzip 压缩") if table.is_compressed else ""),
        say("encoding", "编码"): table.encoding,
        say("format", "格式"): f"{say(*FORMATS[source.format])}{sure(detection.confidence, say)}",
        say("because", "依据"): visible(detection.because_zh if language == "zh" else detection.because),
        say("columns", "列"): visible(", ".join(table.columns or ())),
        say("mapping", "对应"): visible(mapping),
        say("rows", "行数"): say(
            f"{report.n_rows:,}, {report.n_examples:,} usable", f"{report.n_rows:,}，可用 {report.n_examples:,}"
        ),
    }


def _print_rows(first: list[Row | Finding], say: Say) -> None:
    if not first:
        return
    terminal.heading(say("First rows", "前几行"))
    for one in first:
        if isinstance(one, Finding):
            terminal.out.print(visible(one.text(spoken_language())), style="red")
            continue
        text = orjson.dumps(one.value, default=str).decode()
        mark = f"{one.line:>5}  "
        terminal.out.print(
            Text(mark, style="dim") + Text(cut_to(visible(text), max(40, terminal.out.width - len(mark))))
        )


def _print_numbers(stats: Any, say: Say) -> None:
    """Lengths in characters, languages and system prompts."""
    terminal.heading(say("Numbers", "概况"))
    shown: dict[str, object] = {}
    for key, name in (("row_chars", say("row length", "每行长度")), ("answer_chars", say("answer length", "回答长度"))):
        if histogram := stats.get(key):
            told = say(
                f"median {histogram['median']:,}, 95 % up to {histogram['p95']:,}, "
                f"longest {histogram['max']:,} characters",
                f"中位 {histogram['median']:,}，95% 不超过 {histogram['p95']:,}，最长 {histogram['max']:,} 个字符",
            )
            shown[name] = f"{sparkline(histogram['counts'])}  {told}"
    if languages := stats.get("languages"):
        total = sum(languages.values()) or 1
        shown[say("languages", "语言")] = ", ".join(
            f"{say(*LANGUAGES.get(name, ('other', '其他')))} {count / total:.0%}" for name, count in languages.items()
        )
    prompts = stats.get("system_prompts") or {}
    if different := prompts.get("different"):
        shown[say("system prompts", "系统提示")] = say(
            f"{different:,} different, {prompts['without']:,} rows without",
            f"{different:,} 种，{prompts['without']:,} 行没有",
        )
    if shown:
        terminal.print_fields(shown)


def sparkline(counts: list[int]) -> str:
    """A histogram in one line of text."""
    levels = " ▁▂▃▄▅▆▇█"
    highest = max(counts) or 1
    return "".join(levels[-(-count * 8 // highest)] for count in counts)
