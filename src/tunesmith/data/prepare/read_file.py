"""A file becomes a frame by its extension, with the words of 2023."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.read_delimited import read_delimited
from tunesmith.data.prepare.read_json import read_json, read_json_lines
from tunesmith.data.prepare.read_workbook import read_workbook
from tunesmith.data.prepare.remediation import Remediation, ValidatorError

NAME = "read_any_format"


def read_any_format(name: str) -> tuple[Frame, Remediation]:
    """The frame, and what is to be said about the file's format. `name` is the path as the user typed it.

    Raises ValidatorError for a file that does not exist, has another extension, or is not what its extension says.
    """
    path = Path(name)
    if not path.is_file():
        raise ValidatorError(NAME, f"File {name} does not exist.")
    extension = next((known for known in _READERS if name.lower().endswith(known)), None)
    if extension is None:
        raise ValidatorError(NAME, _unsupported(name))
    try:
        return _READERS[extension](path)
    except ValueError as error:
        kind = name.split(".")[-1].upper()
        message = (
            f"Your file `{name}` does not appear to be in valid {kind} format. Please ensure your file is formatted as "
            f"a valid {kind} file."
        )
        raise ValidatorError(NAME, message) from error


def _unsupported(name: str) -> str:
    expected = "Your file must have one of the following extensions: .CSV, .TSV, .XLSX, .TXT, .JSON or .JSONL"
    if "." not in name:
        return f"{expected} Your file `{name}` is missing a file extension."
    return f"{expected} Your file `{name}` ends with the extension `.{name.split('.')[-1]}` which is not supported."


def _read_csv(path: Path) -> tuple[Frame, Remediation]:
    return read_delimited(path, delimiter=","), _by_extension("formatted as a CSV file", "CSV")


def _read_tsv(path: Path) -> tuple[Frame, Remediation]:
    return read_delimited(path, delimiter="\t"), _by_extension("formatted as a TSV file", "TSV")


def _by_extension(what: str, kind: str) -> Remediation:
    immediate = f"\n- Based on your file extension, your file is {what}"
    return Remediation(NAME, immediate=immediate, necessary=f"Your format `{kind}` will be converted to `JSONL`")


def _read_xlsx(path: Path) -> tuple[Frame, Remediation]:
    frame, n_sheets = read_workbook(path)
    more = (
        "\n- Your Excel file contains more than one sheet. Please either save as csv or ensure all data is present in "
        "the first sheet. WARNING: Reading only the first sheet..."
    )
    return frame, _by_extension(f"formatted as an Excel file{more if n_sheets > 1 else ''}", "XLSX")


def _read_txt(path: Path) -> tuple[Frame, Remediation]:
    """Every line is a completion, without a prompt."""
    with path.open(encoding="utf-8") as stream:
        lines = stream.read().split("\n")
    return Frame({"prompt": [""] * len(lines), "completion": lines}, range(len(lines))), Remediation(
        NAME,
        immediate="\n- Based on your file extension, you provided a text file",
        necessary="Your format `TXT` will be converted to `JSONL`",
    )


def _read_jsonl(path: Path) -> tuple[Frame, Remediation]:
    frame = read_json_lines(path)
    if frame.n_rows != 1:
        return frame, Remediation(NAME)
    return read_json(path), Remediation(
        NAME,
        immediate=("\n- Your JSONL file appears to be in a JSON format. Your file will be converted to JSONL format"),
        necessary="Your format `JSON` will be converted to `JSONL`",
    )


def _read_json(path: Path) -> tuple[Frame, Remediation]:
    try:
        frame = read_json_lines(path)
    except ValueError:  # indented over several lines, as JSON may be
        return read_json(path), Remediation(NAME)
    if frame.n_rows == 1:
        return read_json(path), Remediation(NAME)
    return frame, Remediation(
        NAME,
        immediate=("\n- Your JSON file appears to be in a JSONL format. Your file will be converted to JSONL format"),
        necessary="Your format `JSON` will be converted to `JSONL`",
    )


_READERS: dict[str, Callable[[Path], tuple[Frame, Remediation]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".xlsx": _read_xlsx,
    ".txt": _read_txt,
    ".jsonl": _read_jsonl,
    ".json": _read_json,
}
