"""A file and what it is: its table, the dialect of its rows, and which columns stand for which fields."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from tunesmith.data.columns import Guess, describe, guess, is_conversation, is_row_id
from tunesmith.data.examples import Example
from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import DESCRIPTIONS, DESCRIPTIONS_ZH, detect, likely_fault, read_as
from tunesmith.data.formats.row_report import RowReport, cut, kind, kind_zh, nearest
from tunesmith.data.shapes import as_flag, as_text, as_tools, from_cell, joined_messages
from tunesmith.data.tables import Row, Table, open_table
from tunesmith.errors import InvalidFile, InvalidRequest
from tunesmith.findings import Finding

# Enough to tell a dialect; a file that changes later is found row by row.
N_SAMPLES = 200

# Rows may be large; these are many of the usual ones.
MAX_SAMPLE_BYTES = 4 * 2**20

# Below this a guess is shown to the user and not acted on.
LEAST_CONFIDENCE = 0.5

MAX_COLUMNS_LISTED = 30
MAX_COLUMNS_GUESSED = 1000

FIELDS: dict[FormatName, tuple[str, ...]] = {
    "chat": ("messages", "tools", "functions", "label", "parallel_tool_calls"),
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "input", "output", "system", "history"),
    "sharegpt": ("conversations", "system", "tools", "label"),
    "preference": (
        *("prompt", "chosen", "rejected", "instruction", "input", "system", "history", "messages", "conversations"),
        *("tools", "preferred_output", "non_preferred_output", "preferred_completion", "non_preferred_completion"),
    ),
    "reinforcement": ("messages", "tools"),
}
_FIELD_TABLES = ("csv", "tsv", "xlsx", "txt", "parquet")


@dataclass(frozen=True, slots=True)
class Detection:
    """What the rows are. `format` is None where nothing fits well enough; `confidence` is 0..1.

    `mapping` is column -> field of the format, in the file's order; columns that are not in it are not read.
    `alternatives` are other readings, best first. `columns` are those of the first rows.
    """

    format: FormatName | None
    confidence: float
    mapping: dict[str, str]
    because: str
    because_zh: str
    alternatives: tuple[Guess, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def is_mapped(self) -> bool:
        """Whether some column is read under another name."""
        return any(column != name for column, name in self.mapping.items())

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "confidence": self.confidence,
            "mapping": self.mapping,
            "because": self.because,
            "because_zh": self.because_zh,
            "columns": list(self.columns),
            "alternatives": [
                {"format": other.format, "confidence": other.confidence, "mapping": other.mapping}
                for other in self.alternatives
            ],
        }


@dataclass(frozen=True)
class Source:
    """A file that can be read row by row, as often as wanted."""

    table: Table
    detection: Detection
    _sources_of: dict[str, list[str]] = field(init=False, repr=False)
    _is_plain: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_field: dict[str, list[str]] = {}
        for column, name in self.detection.mapping.items():
            by_field.setdefault(name, []).append(column)
        object.__setattr__(self, "_sources_of", by_field)
        object.__setattr__(self, "_is_plain", not self.detection.is_mapped and not self._has_cells)

    @property
    def _has_cells(self) -> bool:
        return self.table.container in _FIELD_TABLES

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def path(self) -> Path:
        return self.table.path

    @property
    def format(self) -> FormatName | None:
        return self.detection.format

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed of the file as a whole: its bytes and container, and how its columns are read."""
        return (*self.table.findings, *_detection_findings(self.detection))

    def rows(self) -> Iterator[Row | Finding]:
        """Every row in the shape of `format`, or the finding that says why it cannot be read."""
        for row in self.table.rows():
            if isinstance(row, Finding):
                yield row
            elif isinstance(row.value, dict):
                yield row if self._is_plain else Row(row.line, self.map_value(row.value))
            else:
                yield not_an_object(row)

    def map_value(self, value: dict[str, Any]) -> dict[str, Any]:
        """One raw row in the shape of `format`; columns that stand for no field keep their names."""
        if self._is_plain:
            return value
        if not self.detection.is_mapped:
            return {key: from_cell(key, part) for key, part in value.items()}
        mapping = self.detection.mapping
        fields = FIELDS[self.detection.format] if self.detection.format else ()
        mapped = {
            name: _joined(name, [value[column] for column in columns if column in value])
            for name, columns in self._sources_of.items()
            if any(column in value for column in columns)
        }
        if mapping and "completion" in mapped and "prompt" not in mapped and "prompt" not in self._sources_of:
            mapped["prompt"] = ""
        return mapped | {key: part for key, part in value.items() if key not in mapping and key not in fields}

    def examples(self) -> Iterator[tuple[Row, Example | None, list[Finding]]]:
        """Every row with the example that it holds, and what is wrong with it. Raises InvalidFile without a format."""
        format = self.require_format()
        for number, row in enumerate(self.rows(), 1):
            if isinstance(row, Finding):
                yield Row(row.line or number, {}), None, [row]
                continue
            report = RowReport(row.line, number)
            example = read_as(format, row.value, report)
            yield row, example, report.findings

    def require_format(self) -> FormatName:
        """The format; raises InvalidFile with the columns there are and a mapping to try when there is none."""
        if self.detection.format is None:
            finding = _unknown_format(self.detection)
            raise InvalidFile(f"{self.name}: {finding.message}", findings=[finding])
        return self.detection.format


def open_source(
    path: Path,
    *,
    name: str | None = None,
    format: FormatName | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Source:
    """Look at the first rows of a file and say what it is; `format` and `mapping` (column -> field) win over guesses.

    Raises InvalidFile for a file that cannot be read at all, InvalidRequest for a column or field that does not exist.
    """
    table = open_table(path, name=name, encoding=encoding, sheet=sheet)
    values = _first_values(table)
    samples = [value for value in values if isinstance(value, dict)]
    columns = tuple(table.columns or dict.fromkeys(key for row in samples for key in row))
    if mapping:
        _check_mapping(mapping, columns, samples, format)
        detection = _as_told(samples, columns, mapping, format)
    else:
        detection = _detect(samples, columns, format, has_cells=table.container in _FIELD_TABLES)
    return Source(table, detection)


def _first_values(table: Table) -> list[Any]:
    """The first rows' values: N_SAMPLES of them, fewer where they are large."""
    values: list[Any] = []
    size_bytes = 0
    for row in islice(table.rows(), N_SAMPLES):
        if isinstance(row, Row):
            values.append(row.value)
            size_bytes += len(orjson.dumps(row.value, default=str, option=orjson.OPT_NON_STR_KEYS))
        if size_bytes > MAX_SAMPLE_BYTES:
            break
    return values


def _detect(
    samples: Sequence[dict[str, Any]], columns: tuple[str, ...], told: FormatName | None, *, has_cells: bool
) -> Detection:
    if not samples:
        return Detection(told, 0.0, {}, "no row of it is a JSON object", "没有一行是 JSON 对象", columns=columns)
    opened = [{key: from_cell(key, part) for key, part in row.items()} for row in samples] if has_cells else samples
    known = _known_formats(opened, columns)
    guessed = None if known else _guessed(samples, columns)
    alternatives = (*known, guessed) if guessed else known
    if told is not None:
        n_fitting = sum(FORMATS[told].matches(row) for row in opened)
        if not n_fitting and told in _QUESTION_AND_ANSWER:
            return _as_told(samples, columns, {}, told)
        rest = tuple(other for other in alternatives if other.format != told)
        return _chosen(_known(told, n_fitting, len(samples), columns), rest, columns)
    best = max(alternatives, key=lambda other: other.confidence, default=None)
    if best is not None and (known or best.confidence >= LEAST_CONFIDENCE):
        return _chosen(best, alternatives, columns)
    nothing = "the names of the columns do not say", "列名看不出用途"
    if has_cells and any(map(_is_sentence, columns)):
        nothing = _NO_HEADER
        best = None
    en, zh = likely_fault(samples[0]) or ((best.because, best.because_zh) if best else nothing)
    return Detection(None, best.confidence if best else 0.0, {}, en, zh, alternatives, columns)


_NO_HEADER = (
    "the first line looks like a row, not like the names of columns; put names above it, for example question,answer",
    "第一行像是一条样本，而不是列名；请在最上面加一行列名，例如 问题,答案",
)


def _is_sentence(name: str) -> bool:
    """Whether what stands where a column's name should be is something that somebody says."""
    return len(name) > 60 or re.search(r"[。！？!?.]\s*$", name) is not None


def _known_formats(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> tuple[Guess, ...]:
    """The dialects whose keys the rows have, most rows first."""
    votes = Counter(_dialect(row) for row in rows)
    if n_waiting := _n_waiting(rows):
        votes["chat"] -= n_waiting
        votes["reinforcement"] += n_waiting
        _settle(votes)
    counts = [(name, count) for name, count in votes.most_common() if name is not None and count > 0]
    return tuple(_known(name, count, len(rows), columns) for name, count in counts)


def _dialect(row: dict[str, Any]) -> FormatName | None:
    """The dialect of a row, but not prompt/completion where it holds messages, or a label of wanted answers."""
    found = detect(row)
    if found == "prompt_completion" and (isinstance(row.get("label"), bool) or is_conversation(row["prompt"])):
        return None
    return found


def _n_waiting(rows: Sequence[dict[str, Any]]) -> int:
    """How many conversations end with a question: prompts to be graded, or chat rows that lack an answer."""
    return sum(detect(row) == "chat" and FORMATS["reinforcement"].matches(row) for row in rows)


def _settle(votes: Counter[FormatName | None]) -> None:
    """A few unanswered conversations are chat rows with a fault; a file of nothing else is for grading."""
    if votes["chat"] > votes["reinforcement"] / 4:
        votes["chat"] += votes.pop("reinforcement")
    else:
        votes["reinforcement"] += votes.pop("chat")


def _known(name: FormatName, count: int, total: int, columns: Sequence[str]) -> Guess:
    mapping = {column: column for column in columns if column in FIELDS[name]}
    share = f"{count or 'none'} of the first {total} rows" if count < total else f"all of the first {total} rows"
    share_zh = f"前 {total} 行中有 {count} 行" if count < total else f"前 {total} 行都"
    en = f"{share} have the keys of {DESCRIPTIONS[name]}"
    return Guess(name, mapping, round(count / total, 2), en, f"{share_zh}有这种格式的键：{DESCRIPTIONS_ZH[name]}")


def _guessed(samples: Sequence[dict[str, Any]], columns: Sequence[str]) -> Guess | None:
    """A guess from the columns; a chat whose conversations wait for an answer is one of prompts to be graded."""
    guessed = guess(describe(samples, columns[:MAX_COLUMNS_GUESSED]))
    if guessed is None or guessed.format != "chat":
        return guessed
    told = [column for column in columns if guessed.mapping.get(column) == "messages"]
    rows = [{"messages": joined_messages([row[name] for name in told if name in row])} for row in samples]
    if _n_waiting(rows) * 2 <= len(rows):
        return guessed
    en, zh = f"{guessed.because} that waits for an answer", f"{guessed.because_zh}，等待回答"
    mapping = {column: name for column, name in guessed.mapping.items() if name != "label"}
    return Guess("reinforcement", mapping, guessed.confidence, en, zh)


def _chosen(best: Guess, alternatives: Sequence[Guess], columns: tuple[str, ...]) -> Detection:
    rest = tuple(other for other in alternatives if other is not best)
    return Detection(best.format, best.confidence, best.mapping, best.because, best.because_zh, rest, columns)


def _check_mapping(
    mapping: Mapping[str, str],
    columns: Sequence[str],
    samples: Sequence[dict[str, Any]],
    format: FormatName | None,
) -> None:
    for column, name in mapping.items():
        if columns and column not in columns:
            meant = nearest(column, columns)
            hint = f'; did you mean "{meant}"?' if meant else ""
            listed = ", ".join(f'"{cut(there)}"' for there in columns[:MAX_COLUMNS_LISTED])
            raise InvalidRequest(f'there is no column "{column}"; the file has {listed}{hint}', param="map")
        fields = (
            FIELDS[format] if format else tuple(dict.fromkeys(known for names in FIELDS.values() for known in names))
        )
        if name not in fields:
            meant = nearest(name, fields)
            hint = f'; did you mean "{meant}"?' if meant else ""
            raise InvalidRequest(f'"{name}" is not a field; expected one of {", ".join(fields)}{hint}', param="map")


def _as_told(
    samples: Sequence[dict[str, Any]],
    columns: tuple[str, ...],
    mapping: Mapping[str, str],
    format: FormatName | None,
) -> Detection:
    """The mapping that was given, completed by a guess of what it leaves open (`question=prompt` needs an answer)."""
    told = _in_one_format(mapping)
    found = format or _format_of(set(told.values()))
    if missing := _QUESTION_AND_ANSWER.get(found):
        guessed = guess(describe(samples, columns[:MAX_COLUMNS_GUESSED]))
        fields = dict(zip(("prompt", "completion"), missing, strict=True))
        open_fields = set(missing) - set(told.values())
        for column, name in guessed.mapping.items() if guessed and guessed.format == "prompt_completion" else ():
            if column not in told and fields[name] in open_fields:
                told[column] = fields[name]
    told = {column: told[column] for column in columns if column in told} if columns else told
    because = ("the mapping was given", "映射由用户给出") if mapping else ("the format was given", "格式由用户给出")
    return Detection(found, 1.0, told, *because, columns=columns)


_QUESTION_AND_ANSWER: dict[FormatName, tuple[str, str]] = {
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "output"),
}


def _in_one_format(mapping: Mapping[str, str]) -> dict[str, str]:
    """`prompt` and `completion` under the names of the format that also holds the fields beside them."""
    fields = set(mapping.values())
    if not fields & {"prompt", "completion"} or fields & {"chosen", "rejected"}:
        return dict(mapping)
    names: dict[str, str] = {}
    if "label" in fields:
        names = {"prompt": "messages", "completion": "messages"}
    elif fields & {"system", "history", "instruction", "output"}:
        names = {"prompt": "instruction", "completion": "output"}
    return {column: names.get(name, name) for column, name in mapping.items()}


def _format_of(fields: set[str]) -> FormatName:
    """The format that has all these fields, or most of them."""
    order: tuple[FormatName, ...] = ("prompt_completion", "chat", "alpaca", "sharegpt", "preference", "reinforcement")
    return max(order, key=lambda name: (len(fields & set(FIELDS[name])), -order.index(name)))


def _joined(name: str, values: list[Any]) -> Any:
    """What several columns together are for one field."""
    if name == "messages":
        return joined_messages(values)
    if name == "tools":
        return as_tools(values[0])
    if name == "label":
        return as_flag(values[0])
    if name in ("history", "conversations"):
        return from_cell(name, values[0])
    if name in ("chosen", "rejected") and not isinstance(opened := from_cell(name, values[0]), str):
        return opened
    return "\n".join(text for value in values if (text := as_text(value)))


def not_an_object(row: Row) -> Finding:
    """What is said of a row that is JSON, but no object."""
    message = f"line {row.line}: this is {kind(row.value)}, expected a JSON object"
    zh = f"第 {row.line} 行：这是{kind_zh(row.value)}，应为 JSON 对象"
    return Finding("not_an_object", "error", message, row.line, None, {"kind": kind(row.value)}, zh)


def _detection_findings(detection: Detection) -> Iterator[Finding]:
    if detection.format is None:
        yield _unknown_format(detection)
        return
    if detection.is_mapped:
        shown = list(detection.mapping.items())[:MAX_COLUMNS_LISTED]
        pairs = ", ".join(f"{cut(column)} -> {name}" for column, name in shown)
        unread = [cut(column) for column in detection.columns if column not in detection.mapping][:MAX_COLUMNS_LISTED]
        facts = {"mapping": dict(shown), "confidence": detection.confidence, "unread": unread}
        rest = f"; not read: {', '.join(map(cut, unread[:8]))}" if unread else ""
        rest_zh = f"；未读取：{'、'.join(map(cut, unread[:8]))}" if unread else ""
        message = f"columns are read as {pairs} ({detection.because}){rest}; another mapping can be given"
        zh = f"各列读作 {pairs}（{detection.because_zh}）{rest_zh}；也可以指定别的映射"
        yield Finding("columns_mapped", "info", message, facts=facts, message_zh=zh, fix="rewrite")


def _unknown_format(detection: Detection) -> Finding:
    """The finding for rows that are in no dialect: the columns there are, and a mapping to paste."""
    columns = detection.columns[:MAX_COLUMNS_LISTED]
    listed = ", ".join(f'"{cut(column)}"' for column in columns) or "none"
    listed_zh = "、".join(f"“{cut(column)}”" for column in columns) or "无"
    suggestion = suggested_mapping(detection)
    message = (
        f"it is not clear what the rows are: {detection.because}. Columns: {listed}. Say which is which: {suggestion}"
    )
    zh = f"看不出每一行是什么：{detection.because_zh}。列：{listed_zh}。请指明各列的用途：{suggestion}"
    facts = {"columns": [cut(column) for column in columns], "suggestion": suggestion}
    return Finding("unknown_format", "error", message, 1, None, facts, zh)


def suggested_mapping(detection: Detection) -> str:
    """Options to paste behind a command: the best guess, or the first two columns."""
    best = max(detection.alternatives, key=lambda other: other.confidence, default=None)
    pairs = list(best.mapping.items())[:MAX_COLUMNS_LISTED] if best else []
    if not pairs:
        told = [column for column in detection.columns if not is_row_id(column)]
        fields = ("prompt", "completion") if len(told) > 1 else ("completion",)
        pairs = list(zip(told, fields, strict=False))
    if not pairs:
        return "--map COLUMN=prompt --map COLUMN=completion"
    return " ".join(f"--map {_quoted(f'{column}={name}')}" for column, name in pairs)


def _quoted(text: str) -> str:
    # names come from the file and are pasted into a shell
    return text if re.fullmatch(r"[\w=.-]+", text) else shlex.quote(text)
