"""A lint report as one HTML file that needs nothing else: no network, no script, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tunesmith import __version__
from tunesmith.data.lint.report import LintReport
from tunesmith.findings import SEVERITIES, Finding, Language, Severity, worst_first

TEMPLATE = "html_report.html.jinja"
SEVERITY_NAMES: dict[Severity, tuple[str, str]] = {
    "error": ("Error", "错误"),
    "warning": ("Warning", "警告"),
    "info": ("Note", "提示"),
}
FORMATS: dict[str | None, tuple[str, str]] = {
    "chat": ("chat messages", "对话"),
    "prompt_completion": ("prompt and completion", "问答对"),
    "alpaca": ("Alpaca", "Alpaca"),
    "sharegpt": ("ShareGPT", "ShareGPT"),
    "preference": ("preference pairs", "偏好对"),
    "reinforcement": ("reinforcement", "强化学习"),
    None: ("unknown", "未识别"),
}
LANGUAGES = {"zh": ("Chinese", "中文"), "en": ("English (Latin letters)", "英文（拉丁字母）")} | {
    "mixed": ("mixed", "中英混合"),
    "other": ("other", "其他"),
}
ROLES = {
    "system": ("system", "系统提示"),
    "developer": ("developer", "开发者"),
    "user": ("user", "用户"),
    "assistant": ("assistant", "助手"),
    "tool": ("tool", "工具"),
}
EXAMPLES = {
    "first": ("First row", "第一行"),
    "median": ("A row of median length", "长度居中的一行"),
    "longest": ("Longest row", "最长的一行"),
}
MOST_FINDINGS = 500
MOST_TURNS = 8
CHART_WIDTH, CHART_FLOOR, CHART_TOP = 360, 126, 18


@dataclass(frozen=True, slots=True)
class Words:
    """Picks from (English, Chinese)."""

    language: Language

    def __call__(self, en: str, zh: str) -> str:
        return zh if self.language == "zh" else en


def html_report(report: LintReport, *, language: Language) -> str:
    """The whole page. Everything from the file is escaped: rows are strangers' text."""
    say = Words(language)
    return str(_template().render(language=language, say=say, view=_view(report, language, say)))


@cache
def _template() -> Any:
    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (resources.files("tunesmith.data") / TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(text)


def _view(report: LintReport, language: Language, say: Words) -> dict[str, Any]:
    verdict, verdict_class = _verdict(report.findings, say)
    stats = report.stats
    return {
        "title": report.name,
        "what": say("What lint found in this file", "这个训练文件的检查报告"),
        "verdict": verdict,
        "verdict_class": verdict_class,
        "facts": _facts(report, say),
        "long_facts": _long_facts(report.detection, language, say),
        "findings": [
            _finding(finding, report, language, say) for finding in worst_first(report.findings)[:MOST_FINDINGS]
        ],
        "histograms": _histograms(stats, say),
        "shares": _shares(stats, say),
        "system_prompts": _system_prompts(stats.get("system_prompts") or {}, say),
        "examples": _examples(stats.get("examples") or {}, say),
        "footer": say(
            f"Made by Tunesmith {__version__}. The file itself was not changed.",
            f"由 Tunesmith {__version__} 生成。原文件没有改动。",
        ),
    }


def _verdict(findings: Sequence[Finding], say: Words) -> tuple[str, str]:
    counts = {severity: sum(one.severity == severity for one in findings) for severity in SEVERITIES}
    if counts["error"]:
        return (
            say(
                f"Not ready: {_n(counts['error'], 'error')}, {_n(counts['warning'], 'warning')}",
                f"还不能训练：{counts['error']} 个错误，{counts['warning']} 个警告",
            ),
            "error",
        )
    if counts["warning"]:
        return (
            say(
                f"Usable, with {_n(counts['warning'], 'warning')} to look at",
                f"可以训练，但有 {counts['warning']} 个警告需要看一看",
            ),
            "warning",
        )
    return say("Ready for training", "可以训练"), "ok"


def _n(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _facts(report: LintReport, say: Words) -> list[tuple[str, str]]:
    container = "Parquet" if report.container == "parquet" else report.container.upper()
    facts = [
        (say("Rows", "行数"), f"{report.n_rows:,}"),
        (say("Usable examples", "可用样本"), f"{report.n_examples:,}"),
        (say("Format", "格式"), say(*FORMATS[report.format]) + _confidence(report.detection, say)),
        (say("File type", "文件类型"), container),
    ]
    return [*facts, (say("Encoding", "编码"), report.encoding)] if report.encoding else facts


def _long_facts(detection: Mapping[str, Any], language: Language, say: Words) -> list[tuple[str, str]]:
    facts = []
    renamed = {column: field for column, field in detection.get("mapping", {}).items() if column != field}
    if renamed:
        facts.append(
            (say("Columns", "列的对应"), ", ".join(f"{column} → {field}" for column, field in renamed.items()))
        )
    because = detection.get("because_zh" if language == "zh" else "because")
    return [*facts, (say("How we know", "判断依据"), str(because))] if because else facts


def _confidence(detection: Mapping[str, Any], say: Words) -> str:
    confidence = detection.get("confidence")
    if confidence is None:
        return ""
    return say(f" ({confidence:.0%} sure)", f"（把握 {confidence:.0%}）")


def _finding(finding: Finding, report: LintReport, language: Language, say: Words) -> dict[str, Any]:
    fix = report.fixes.get(finding.fix or "")
    text = "" if fix is None else fix.texts.zh if language == "zh" else fix.texts.en
    listed = len(finding.rows)
    title = say(
        f"The first {listed:,} of {finding.count:,} lines", f"共 {finding.count:,} 行，列出前 {listed:,} 行的行号"
    )
    if listed == finding.count:
        title = say(f"All {listed:,} lines", f"全部 {listed:,} 行的行号")
    return {
        "severity": finding.severity,
        "severity_word": say(*SEVERITY_NAMES[finding.severity]),
        "code": finding.code,
        "field": finding.field,
        "message": finding.text(language),
        "fix": text,
        "fix_code": fix.code if fix else "",
        "lines_title": title,
        "more_lines": ", ".join(map(str, finding.rows)) if listed > 1 else "",
    }


def _histograms(stats: Mapping[str, Any], say: Words) -> list[dict[str, Any]]:
    titles = {
        "row_tokens": (say("Length of the rows, in tokens", "每行长度（词元）"), say("tokens", "个词元")),
        "row_chars": (say("Length of the rows, in characters", "每行长度（字符）"), say("characters", "个字符")),
        "answer_tokens": (say("Length of the answers, in tokens", "回答长度（词元）"), say("tokens", "个词元")),
        "answer_chars": (say("Length of the answers, in characters", "回答长度（字符）"), say("characters", "个字符")),
    }
    return [_histogram(stats[key], title, unit, say) for key, (title, unit) in titles.items() if stats.get(key)]


def _histogram(histogram: Mapping[str, Any], title: str, unit: str, say: Words) -> dict[str, Any]:
    """`counts` between `edges`, as bars of an SVG with 360 units of width."""
    counts, edges = histogram["counts"], histogram["edges"]
    highest = max(counts)
    step = CHART_WIDTH / len(counts)
    bars = []
    for index, count in enumerate(counts):
        height = (CHART_FLOOR - CHART_TOP) * count / highest if highest else 0
        height = max(height, 1.5) if count else 0
        low, high = edges[index], edges[index + 1]
        bars.append(
            {
                "x": round(index * step + 1, 1),
                "width": round(step - 2, 1),
                "y": round(CHART_FLOOR - height, 1),
                "height": round(height, 1),
                "label": say(
                    f"{_edge(low)} to {_edge(high)} {unit}: {count:,} rows",
                    f"{_edge(low)} 到 {_edge(high)} {unit}：{count:,} 行",
                ),
            }
        )
    middle = len(counts) // 2
    marks = [
        {"x": 0, "anchor": "start", "label": _edge(edges[0])},
        {"x": round(middle * step, 1), "anchor": "middle", "label": _edge(edges[middle])},
        {"x": CHART_WIDTH, "anchor": "end", "label": _edge(edges[-1])},
    ]
    note = say(
        f"Half of the rows have at most {histogram['median']:,} {unit}, 95 % at most {histogram['p95']:,}; "
        f"the longest has {histogram['max']:,}.",
        f"一半的行不超过 {histogram['median']:,} {unit}，95% 不超过 {histogram['p95']:,}；最长 {histogram['max']:,}。",
    )
    top = say(f"{highest:,} rows", f"{highest:,} 行")
    return {"title": title, "bars": bars, "marks": marks, "note": note, "top": top}


def _edge(value: float) -> str:
    return f"{value:,.1f}" if value < 10 and value % 1 else f"{value:,.0f}"


def _shares(stats: Mapping[str, Any], say: Words) -> list[dict[str, Any]]:
    charts = []
    if languages := stats.get("languages"):
        named = [(say(*LANGUAGES[name]), count) for name, count in languages.items()]
        charts.append(_share(say("Languages", "语言"), named))
    if turns := stats.get("turns"):
        charts.append(_share(say("Answers per row", "每行有几个回答"), _few_turns(turns, say)))
    if roles := stats.get("roles"):
        named = [(say(*ROLES[name]) if name in ROLES else name, count) for name, count in roles.items()]
        charts.append(_share(say("Messages by role", "各角色的消息数"), named))
    return charts


def _few_turns(turns: Mapping[str, int], say: Words) -> list[tuple[str, int]]:
    listed = list(turns.items())
    shown, rest = listed[:MOST_TURNS], listed[MOST_TURNS:]
    more = [(say(f"{rest[0][0]} or more", f"{rest[0][0]} 个以上"), sum(count for _, count in rest))] if rest else []
    return [*shown, *more]


def _share(title: str, named: Sequence[tuple[str, int]]) -> dict[str, Any]:
    total = sum(count for _, count in named) or 1
    rows = [{"name": name, "percent": round(100 * count / total, 1), "count": f"{count:,}"} for name, count in named]
    return {"title": title, "rows": rows}


def _system_prompts(prompts: Mapping[str, Any], say: Words) -> list[tuple[str, str]]:
    shown = [(one["text"], f"{one['count']:,}") for one in prompts.get("top", ())]
    if not shown:
        return []
    hidden = prompts.get("different", 0) - len(shown)
    if hidden > 0:
        shown.append((say(f"and {hidden:,} more different ones", f"另有 {hidden:,} 种"), ""))
    if prompts.get("without"):
        shown.append((say("rows without a system prompt", "没有系统提示的行"), f"{prompts['without']:,}"))
    return shown


def _examples(examples: Mapping[str, Any], say: Words) -> list[dict[str, Any]]:
    shown = []
    for name, (en, zh) in EXAMPLES.items():
        if example := examples.get(name):
            title = f"{say(en, zh)} · {say('line', '行号')} {example['line']} · {example['chars']:,} " + say(
                "characters", "字符"
            )
            cut = bool(example["is_cut"])
            shown.append({"title": title, "parts": [("", example["row"] + " …")] if cut else _parts(example["row"])})
    return shown


def _parts(row: str) -> list[tuple[str, str]]:
    """(name, text) of every message and field of a row: line breaks as line breaks, not as \\n."""
    parts: list[tuple[str, str]] = []
    for key, value in orjson.loads(row).items():
        turns = value if isinstance(value, list) and value and all(_is_turn(one) for one in value) else None
        parts += [_turn(one) for one in turns] if turns else [(key, _plain(value))]
    return parts


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and ("role" in value or "from" in value)


def _turn(turn: Mapping[str, Any]) -> tuple[str, str]:
    """A message that is only words as words; another one whole."""
    role = str(turn.get("role") or turn.get("from"))
    words = turn.get("content") if "content" in turn else turn.get("value")
    is_plain = isinstance(words, str) and not turn.keys() - {"role", "content", "from", "value"}
    return role, str(words) if is_plain else _plain(dict(turn))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
