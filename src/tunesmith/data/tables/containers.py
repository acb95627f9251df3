"""Which container a file is: what is in it decides, its extension only where the content leaves a choice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import orjson

from tunesmith.data.tables.delimited import COMMAS, Dialect, sniff
from tunesmith.data.tables.problems import file_note
from tunesmith.findings import Finding

Container = Literal["jsonl", "json", "csv", "tsv", "xlsx", "txt", "parquet"]
JsonLayout = Literal["lines", "array", "objects"]

EXTENSIONS: dict[str, Container] = {
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json"},
    **{".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx"},
    **{".txt": "txt", ".text": "txt", ".md": "txt", ".parquet": "parquet", ".pq": "parquet"},
}
_NAMES = {
    "jsonl": ("JSON lines", "JSONL"),
    "json": ("JSON", "JSON"),
    "csv": ("a CSV table", "CSV 表格"),
    "tsv": ("a table with tabs (TSV)", "TSV 表格"),
    "xlsx": ("an Excel workbook", "Excel 文件"),
    "txt": ("plain text", "纯文本"),
    "parquet": ("Parquet", "Parquet"),
}
_ARRAY_START = re.compile(rb'\s*\[\s*([\[{"\]]|$)')
_OBJECT_LINE = re.compile(rb"\s*\{.*\}\s*,?\s*")
_PRETTY_LINE = re.compile(rb'\s*[{}\[\]],?\s*|\s+"[^"]*"\s*:.*')


@dataclass(frozen=True, slots=True)
class Layout:
    """The container, and what a reader of it needs to know; `key` is where the rows of a single object are."""

    container: Container
    json: JsonLayout = "lines"
    dialect: Dialect = COMMAS
    key: str = ""


def extension(name: str) -> str:
    """The last extension, lower case, without a .gz after it."""
    path = PurePath(name.lower())
    return PurePath(path.stem).suffix if path.suffix in (".gz", ".gzip") else path.suffix


def detect(head: bytes, *, name: str) -> Layout:
    """What a text file is, from its first bytes; `head` ends anywhere."""
    promised = EXTENSIONS.get(extension(name))
    if layout := _as_json(head, promised):
        return layout
    sample = sniff(_whole_lines(head))
    if promised in ("csv", "tsv"):
        if promised == "tsv" and len(sample.header) < 2:
            return Layout("tsv", dialect=sniff(_whole_lines(head), delimiters="\t").dialect)
        return _table(sample.dialect)
    if promised not in ("jsonl", "json") and promised is not None and not sample.is_table:
        return Layout("txt")
    if sample.is_table:
        return _table(sample.dialect)
    if promised in ("jsonl", "json"):  # every line that is no JSON will say so
        return Layout("jsonl")
    return Layout("txt")


def forced(container: Container, head: bytes) -> Layout:
    """How to read a text file as the container that the user named."""
    if container == "json":
        is_array = head.lstrip()[:1] == b"["
        return Layout("json", "array") if is_array else Layout("json", "objects", key=_key_of_rows(head))
    if container == "csv":
        return Layout("csv", dialect=sniff(_whole_lines(head)).dialect)
    if container == "tsv":
        return Layout("tsv", dialect=sniff(_whole_lines(head), delimiters="\t").dialect)
    return Layout(container)


def _table(dialect: Dialect) -> Layout:
    return Layout("tsv" if dialect.delimiter == "\t" else "csv", dialect=dialect)


def _whole_lines(head: bytes, most_bytes: int = 2**18) -> bytes:
    cut = head.rfind(b"\n") + 1
    return head[:cut] if len(head) >= most_bytes and cut else head


def _as_json(head: bytes, promised: Container | None) -> Layout | None:
    start = head.lstrip()[:1]
    lines = [line for line in head.split(b"\n")[:400] if line.strip()]
    whole = lines[:-1] or lines
    n_objects = sum(_OBJECT_LINE.fullmatch(line) is not None for line in whole)
    if start == b"[" and (_ARRAY_START.match(head) or promised == "json"):
        return Layout("jsonl") if _is_lines_of_arrays(whole) else Layout("json", "array")
    if start == b"{":
        if promised == "json" and (len(lines) == 1 or n_objects == 0):
            key = _key_of_rows(head)
            return Layout("json", "objects" if key or n_objects == 0 else "lines", key=key)
        if 2 * n_objects >= len(whole):
            return Layout("jsonl")
        is_pretty = 2 * sum(_PRETTY_LINE.fullmatch(line) is not None for line in whole) > len(whole)
        if len(lines) == 1 or (promised == "jsonl" and not is_pretty):
            return Layout("jsonl")
        return Layout("json", "objects") if is_pretty or promised in ("json", None) else None
    if promised in ("jsonl", "json"):
        n_pretty = sum(_PRETTY_LINE.fullmatch(line) is not None for line in whole)
        if 2 * n_objects >= len(whole):
            return Layout("jsonl")
        if n_pretty > 0.7 * len(whole):
            return Layout("json", "objects")
    return Layout("jsonl") if whole and n_objects > 0.9 * len(whole) else None


_TOKEN = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*:(?=\s*\[\s*\{))?|[\[\]{}]', re.DOTALL)
_KEYS_OF_A_ROW = {
    *("messages", "conversations", "prompt", "completion", "instruction", "output", "input", "chosen", "rejected"),
    *("preferred_output", "non_preferred_output", "question", "answer", "history", "tools", "functions", "text"),
}


def _key_of_rows(head: bytes) -> str:
    """The key whose value is a list of objects, in an object that is no row itself; "" when there is none."""
    depth, found = 0, ""
    for match in _TOKEN.finditer(head):
        mark = match.group()
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                break
        elif depth == 1:
            text = match[1].decode(errors="replace")[1:-1]
            if text in _KEYS_OF_A_ROW:
                return ""
            if match[2] and not found:
                found = text
    return found


def _is_lines_of_arrays(lines: list[bytes]) -> bool:
    if len(lines) < 2:
        return False
    try:
        return all(isinstance(orjson.loads(line), list) for line in lines[:2])
    except orjson.JSONDecodeError:
        return False


def extension_notes(layout: Layout, *, name: str) -> Iterator[Finding]:
    """What to say when the name promises something else than the content."""
    suffix = extension(name)
    promised = EXTENSIONS.get(suffix)
    en, zh = _NAMES[layout.container]
    facts = {"extension": suffix, "container": layout.container}
    if layout.key:
        said = f'the rows are the list under the key "{layout.key}"; the other keys are not used'
        yield file_note(
            "rows_under_key", "info", said, f"样本在键“{layout.key}”下的列表中；其他键未使用", key=layout.key
        )
    elif layout.container == "json" and layout.json == "objects":
        said = "objects are spread over several lines (pretty-printed); they were read one after another"
        yield file_note("pretty_printed", "info", said, "JSON 对象跨多行书写（带缩进）；已逐个读取")
    if promised == layout.container or {promised, layout.container} == {"csv", "tsv"}:
        return
    if promised == "jsonl" and layout.json == "array":
        said = "the file is called .jsonl but holds one JSON array; its elements are the rows"
        yield file_note("json_array_in_jsonl", "info", said, "扩展名是 .jsonl，内容却是一个 JSON 数组；已逐个元素读取")
    elif promised == "jsonl" and layout.json == "objects":
        return
    elif not suffix:
        said = f"the file name has no extension; the content is {en}"
        yield _note("no_extension", said, f"文件名没有扩展名；内容是 {zh}", facts)
    else:
        said = f"the file is called {suffix} but its content is {en}; it was read as such"
        yield _note("wrong_extension", said, f"文件扩展名是 {suffix}，内容却是 {zh}；已按内容读取", facts)


def _note(code: str, en: str, zh: str, facts: dict[str, str]) -> Finding:
    return Finding(code, "info", en, facts=facts, message_zh=zh, fix="rewrite")
