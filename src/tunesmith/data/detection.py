"""What the rows of a file are: found from the first of them, or told."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.data.columns import Guess, describe, guess, is_conversation, is_row_id
from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import DESCRIPTIONS, DESCRIPTIONS_ZH, detect, likely_fault
from tunesmith.data.formats.fields import FIELDS
from tunesmith.data.formats.row_report import cut
from tunesmith.data.given_mapping import QUESTION_AND_ANSWER, complete
from tunesmith.data.shapes import from_cell, joined_messages
from tunesmith.findings import Finding

# Below this a guess is shown to the user and not acted on.
LEAST_CONFIDENCE = 0.5

MAX_COLUMNS_LISTED = 30


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


def look_at(
    samples: Sequence[dict[str, Any]], columns: tuple[str, ...], told: FormatName | None, *, has_cells: bool
) -> Detection:
    """What the rows are, from the first of them; `told` is the format that was asked for.

    `has_cells` says that values are a table's cells, where what is more than text stands as JSON text.
    """
    if not samples:
        return Detection(told, 0.0, {}, "no row of it is a JSON object", "没有一行是 JSON 对象", columns=columns)
    opened = [{key: from_cell(key, part) for key, part in row.items()} for row in samples] if has_cells else samples
    known = _known_formats(opened, columns)
    guessed = None if known else _guessed(samples, columns)
    alternatives = (*known, guessed) if guessed else known
    if told is not None:
        n_fitting = sum(FORMATS[told].matches(row) for row in opened)
        if not n_fitting and told in QUESTION_AND_ANSWER:
            return as_told({}, told, samples, columns)
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
    guessed = guess(describe(samples, columns))
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


def as_told(
    mapping: Mapping[str, str],
    format: FormatName | None,
    samples: Sequence[dict[str, Any]],
    columns: tuple[str, ...],
) -> Detection:
    """What the user says that the rows are; `mapping` is completed where it leaves something open."""
    found, told = complete(mapping, format, samples, columns)
    because = ("the mapping was given", "映射由用户给出") if mapping else ("the format was given", "格式由用户给出")
    return Detection(found, 1.0, told, *because, columns=columns)


def findings_of(detection: Detection) -> Iterator[Finding]:
    """How the columns are read, or that it is not clear what they are."""
    if detection.format is None:
        yield unknown_format(detection)
        return
    if detection.is_mapped:
        shown = list(detection.mapping.items())[:MAX_COLUMNS_LISTED]
        pairs = ", ".join(f"{cut(column)} -> {name}" for column, name in shown)
        unread = [cut(column) for column in detection.columns if column not in detection.mapping][:MAX_COLUMNS_LISTED]
        facts = {"mapping": dict(shown), "confidence": detection.confidence, "unread": unread}
        rest = f"; not read: {', '.join(unread[:8])}" if unread else ""
        rest_zh = f"；未读取：{'、'.join(unread[:8])}" if unread else ""
        message = f"columns are read as {pairs} ({detection.because}){rest}; another mapping can be given"
        zh = f"各列读作 {pairs}（{detection.because_zh}）{rest_zh}；也可以指定别的映射"
        yield Finding("columns_mapped", "info", message, facts=facts, message_zh=zh, fix="rewrite")


def unknown_format(detection: Detection) -> Finding:
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
