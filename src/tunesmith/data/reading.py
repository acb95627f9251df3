"""A data file becomes examples; every bad row is found and said in one error."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tunesmith.data import tables
from tunesmith.data.examples import ChatExample
from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import NOT_SUPERVISED, OPENAI_FORMATS, detect, explain_unknown, mixed
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.origin import is_augmented
from tunesmith.data.sources import Source, not_an_object, open_source
from tunesmith.data.tables import Encoding, Row
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

FileParam = Literal["training_file", "validation_file"]

# Enough to see a pattern; a file that is wrong throughout would otherwise make an error as long as itself.
MAX_LISTED_ERRORS = 50
# Each becomes an event; some files have a key of its own in every row.
MAX_LISTED_KEYS = 20

CHAT_FORMATS: tuple[FormatName, ...] = (*OPENAI_FORMATS, "sharegpt")
"""What holds conversations to learn from."""

# How a file is packed and its lines end matters to whoever mends it, not to a job that has read it.
_TOLD_FINDINGS = frozenset({"columns_mapped", "rows_under_key"})


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """A file that can be trained on; `findings` holds warnings and infos only."""

    name: str
    format: FormatName
    encoding: Encoding | None
    examples: list[ChatExample]
    findings: list[Finding]


def read_examples(
    path: Path,
    *,
    name: str,
    strict_jsonl: bool = False,
    min_examples: int = 1,
    param: FileParam = "training_file",
    keep_examples: bool = True,
) -> ExampleFile:
    """Read and check a whole file; `name` is what the user calls it.

    Every container and format that holds conversations is read; `strict_jsonl` takes JSON lines in OpenAI's formats
    only, as OpenAI does. Answers that a label calls unwanted are left out. Without `keep_examples` they are checked
    and dropped: a check needs no memory for the file.

    Raises InvalidFile in OpenAI's words for a failed job, followed by line, field and what to do; its findings list
    up to MAX_LISTED_ERRORS bad rows. OpenAI wants `min_examples` 10.
    """
    reading = _Reading(name, param, keep_examples=keep_examples)
    try:
        encoding: tables.Encoding | None
        if strict_jsonl:
            encoding = found = tables.detect_encoding(path, name=name)
            for row in _json_lines(path, found, name=name):
                reading.add(row)
        else:
            source = open_source(path, name=name)
            encoding = source.table.encoding
            reading.expect(source)
            for row in source.rows():
                reading.add(row)
    except InvalidFile as error:  # the text of the file itself: say which of the job's two files it is
        message = f"Invalid file format. {error.message}"
        raise InvalidFile(message, findings=error.findings, param=param, code=f"invalid_{param}") from error
    return reading.finish(encoding, min_examples)


def check_jsonl_upload(path: Path, *, name: str = "file") -> Encoding:
    """The check at upload: every line is a JSON object. Answers the encoding found.

    Raises InvalidFile in OpenAI's words, naming the first bad line; its findings list up to MAX_LISTED_ERRORS.
    """
    encoding = tables.detect_encoding(path, name=name)
    findings: list[Finding] = []
    hint = ""
    n_rows = n_bad = 0
    for line, text in tables.read_lines(path, encoding, name=name):
        n_rows += 1
        row = _as_object(tables.parse_row(line, text))
        if isinstance(row, Row):
            continue
        n_bad += 1
        hint = hint or f'Line {line} is not a dictionary (HINT: line starts with: "{_start(text)}...").'
        if n_bad <= MAX_LISTED_ERRORS:
            findings.append(row)
    if not n_rows:
        finding = Finding("empty_file", "error", f"{name} is empty; expected one JSON object per line", line=1)
        raise InvalidFile(finding.message, findings=[finding])
    if findings:
        expected = "Expected file to have JSONL format, where every line is a JSON dictionary."
        raise InvalidFile(f"{expected} {hint} {_advice(findings[0], n_bad, n_rows)}", findings=findings)
    return encoding


def _start(text: bytes) -> str:
    return text[:40].decode(errors="ignore")[:10]


def _json_lines(path: Path, encoding: Encoding, *, name: str) -> Iterator[Row | Finding]:
    for line, text in tables.read_lines(path, encoding, name=name):
        yield _as_object(tables.parse_row(line, text))


def _as_object(row: Row | Finding) -> Row | Finding:
    if isinstance(row, Finding) or isinstance(row.value, dict):
        return row
    return not_an_object(row)


def _advice(first: Finding, n_bad: int, n_rows: int) -> str:
    """What the file probably is, and what to do, when `n_bad` of its `n_rows` lines are no JSON objects."""
    if first.code in ("array", "not_an_object") and first.facts.get("kind", "a list") == "a list":
        return "The file looks like a JSON array: write each of its objects on its own line instead."
    if first.code == "object_over_lines":
        return "The file looks pretty-printed: write each example as one JSON object on its own line."
    if n_bad == n_rows:
        return f"No line is a JSON object (is it CSV or plain text?); {first.message}."
    more = f"; {n_bad - 1} more lines are not JSON objects either" if n_bad > 1 else ""
    return f"{first.message[0].upper()}{first.message[1:]}{more}."


class _Reading:
    """The examples and findings gathered so far."""

    def __init__(self, name: str, param: FileParam, *, keep_examples: bool) -> None:
        self._name = name
        self._keep_examples = keep_examples
        self._param: FileParam = param
        self._formats: tuple[FormatName, ...] = OPENAI_FORMATS
        self._format: FormatName | None = None
        self._source_findings: list[Finding] = []
        self._notes: dict[str, tuple[int, Finding]] = {}
        self._n_unwanted = 0
        self._n_made = 0
        self._examples: list[ChatExample] = []
        self._unreadable: list[Finding] = []
        self._errors: list[Finding] = []
        self._warnings: list[Finding] = []
        self._unused: Counter[tuple[str, str]] = Counter()
        self._unused_lines: dict[str, int] = {}
        self._n_unlisted_keys = 0
        self._n_examples = 0
        self._n_rows = self._n_not_objects = self._n_errors = self._n_warnings = 0

    def expect(self, source: Source) -> None:
        """What the file was found to be; without this its first row decides."""
        self._formats = CHAT_FORMATS
        # conversations that wait for an answer are chat rows that lack it, to supervised training
        self._format = "chat" if source.format == "reinforcement" else source.format
        self._source_findings = [
            finding
            for finding in source.findings
            if finding.code in _TOLD_FINDINGS or finding.code.startswith("read_as") or finding.severity == "warning"
        ]

    def add(self, row: Row | Finding) -> None:
        self._n_rows += 1
        if isinstance(row, Finding):
            self._n_not_objects += 1
            self._n_errors += 1
            if len(self._unreadable) < MAX_LISTED_ERRORS:
                self._unreadable.append(row)
            return
        report = RowReport(row.line, self._n_rows)
        example = self._read(row.value, report)
        for finding in report.findings:
            self._note(finding)
        for key in report.unused_keys:
            if key not in self._unused and len(self._unused) == MAX_LISTED_KEYS:
                self._n_unlisted_keys += 1
                continue
            self._unused[key] += 1
            self._unused_lines.setdefault(key[0], row.line)
        self._n_made += self._param == "validation_file" and is_augmented(row.value)
        if example is not None and example.label is False:
            self._n_unwanted += 1
        elif example is not None:
            self._n_examples += 1
            if self._keep_examples:
                self._examples.append(example)

    def _read(self, row: dict[str, Any], report: RowReport) -> ChatExample | None:
        found = detect(row, self._formats)
        if found is None or self._format == "preference":
            told = NOT_SUPERVISED if self._format == "preference" else explain_unknown(row)
            wording = "Unexpected file format, expected either prompt/completion pairs or chat messages."
            report.error("unknown_format", *told, wording=wording)
            return None
        if self._format is None:
            self._format = found
        if found != self._format:
            report.error("mixed_formats", *mixed(found, self._format))
            return None
        example = FORMATS[found].read(row, report)
        return example if isinstance(example, ChatExample) else None

    def _note(self, finding: Finding) -> None:
        if finding.severity == "error":
            self._n_errors += 1
            if len(self._errors) < MAX_LISTED_ERRORS:
                self._errors.append(finding)
        elif finding.severity == "info":
            count, first = self._notes.get(finding.code, (0, finding))
            self._notes[finding.code] = (count + 1, first)
        else:
            self._n_warnings += 1
            if len(self._warnings) < MAX_LISTED_ERRORS:
                self._warnings.append(finding)

    def finish(self, encoding: Encoding | None, min_examples: int) -> ExampleFile:
        # a row that cannot be read says more than what is wrong with the others because of it
        if errors := (self._unreadable + self._errors)[:MAX_LISTED_ERRORS]:
            if self._n_not_objects == self._n_rows:
                what = _advice(errors[0], self._n_rows, self._n_rows)
            else:
                what = self._worded(errors[0]) + self._others(errors)
            message = f"Invalid file format. {what}"
            raise InvalidFile(message, findings=errors, param=self._param, code=f"invalid_{self._param}")
        if self._n_examples < max(1, min_examples) or self._format is None:
            raise self._too_few(min_examples)
        return ExampleFile(self._name, self._format, encoding, self._examples, self._file_findings(encoding))

    def _worded(self, error: Finding) -> str:
        """OpenAI's sentence for the first error, then ours."""
        example, message, wording = (error.facts.get(fact) for fact in ("example", "message", "wording"))
        if error.code == "unknown_format":
            return f"{wording} ({error.message})"
        if example is None:
            return f"{self._name}: {error.message}"
        place = f"Example {example}" + (f", message {message}" if message else "")
        return f"{place} {wording} ({error.message})" if wording else f"{place}: {error.message}"

    def _others(self, errors: list[Finding]) -> str:
        if self._n_errors == 1:
            return ""
        lines = ", ".join(str(line) for line in sorted({error.line for error in errors[1:11] if error.line}))
        return f" ({self._n_errors - 1} more errors, lines {lines}{', ...' if self._n_errors > 11 else ''})"

    def _too_few(self, min_examples: int) -> InvalidFile:
        file = "Training file" if self._param == "training_file" else "Validation file"
        plural = "s" if min_examples > 1 else ""
        least = f"{max(1, min_examples)} example{plural}"
        message = f"{file} has {self._n_examples} example(s), but must have at least {least}"
        finding = Finding("invalid_n_examples", "error", message, facts={"n_examples": self._n_examples})
        return InvalidFile(message, findings=[finding], param=self._param, code="invalid_n_examples")

    def _file_findings(self, encoding: Encoding | None) -> list[Finding]:
        findings = list(self._warnings)
        if self._n_warnings > len(findings):
            hidden = self._n_warnings - len(findings)
            message, zh = f"{hidden} more warnings of these kinds", f"还有 {hidden} 条同类警告"
            findings.append(Finding("more_warnings", "warning", message, message_zh=zh))
        findings += self._source_findings
        if encoding == "gb18030" and not self._source_findings:
            message = f"{self._name} is not UTF-8; it was read as GB18030 (GBK)"
            zh = f"{self._name} 不是 UTF-8；已按 GB18030（GBK）读取"
            findings.append(Finding("read_as_gb18030", "info", message, message_zh=zh))
        if self._n_unwanted:
            message = f"{self._n_unwanted} rows have label false: their answers are unwanted and are not trained"
            zh = f"{self._n_unwanted} 行的 label 为 false：这些回答是不想要的，不参与训练"
            findings.append(Finding("unwanted_answers", "warning", message, message_zh=zh, count=self._n_unwanted))
        if self._n_made:
            message = f"{self._n_made} rows were made by a model: validation then measures on what no person wrote"
            zh = f"有 {self._n_made} 行是模型生成的：验证应当使用人写的样本"
            findings.append(Finding("made_rows_in_validation", "warning", message, message_zh=zh, count=self._n_made))
        for count, first in self._notes.values():
            findings.append(dataclasses.replace(first, count=count))
        return findings + self._unused_key_findings()

    def _unused_key_findings(self) -> list[Finding]:
        findings = []
        for (key, meant), count in self._unused.items():
            line = self._unused_lines[key]
            facts = {"key": key, "count": count}
            if meant:
                message = f'line {line}: key "{key}" is not used (in {count} places); did you mean "{meant}"?'
                zh = f"第 {line} 行：键 “{key}” 没有用到（共 {count} 处）；是否想写 “{meant}”？"
                findings.append(Finding("unused_key", "warning", message, line, key, facts, zh))
            else:
                message = f'key "{key}" is not part of the format and was not used (in {count} places)'
                zh = f"键 “{key}” 不属于该格式，没有用到（共 {count} 处）"
                findings.append(Finding("unused_key", "info", message, line, key, facts, zh))
        if self._n_unlisted_keys:
            n_places = self._n_unlisted_keys
            message = f"other keys are not part of the format either and were not used (in {n_places} places)"
            zh = f"其他的键也不属于该格式，没有用到（共 {n_places} 处）"
            findings.append(Finding("more_unused_keys", "info", message, message_zh=zh))
        return findings
