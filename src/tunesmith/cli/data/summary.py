"""One line on a file: what it is and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tunesmith.cli.data.language import Say

if TYPE_CHECKING:
    from tunesmith.data.lint.report import LintReport

FORMATS: dict[str | None, tuple[str, str]] = {
    "chat": ("chat", "对话"),
    "prompt_completion": ("prompt/completion", "问答对"),
    "alpaca": ("Alpaca", "Alpaca"),
    "sharegpt": ("ShareGPT", "ShareGPT"),
    "preference": ("preference", "偏好"),
    "reinforcement": ("reinforcement", "强化"),
    None: ("unknown", "未知"),
}
CONTAINERS = {
    "jsonl": "JSONL",
    "json": "JSON",
    "csv": "CSV",
    "tsv": "TSV",
    "xlsx": "XLSX",
    "txt": "TXT",
    "parquet": "Parquet",
}


def summary_line(report: LintReport, say: Say) -> str:
    """`train.jsonl: 1,630 rows, 1,609 of them usable; chat in JSONL, utf-8`"""
    format = say(*FORMATS[report.format])
    container = CONTAINERS.get(report.container, report.container)
    encoding = say(", ", "，") + report.encoding if report.encoding else ""
    return say(
        f"{report.name}: {report.n_rows:,} rows, {report.n_examples:,} usable; {format} in {container}{encoding}",
        f"{report.name}：{report.n_rows:,} 行，可用 {report.n_examples:,} 行；{container} 文件，{format}格式{encoding}",
    )


def sure(confidence: float, say: Say) -> str:
    return say(f" ({confidence:.0%} sure)", f"（把握 {confidence:.0%}）")
