"""Which dialogue a file gets: that of 2023 for prompts and completions, the walk through lint's fixes for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from tunesmith.data.formats import FormatName
from tunesmith.data.prepare.dialogue import Ask, Prepared, Say, agreeing, talk
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.guided import prepare_rows
from tunesmith.data.prepare.read_file import read_any_format
from tunesmith.data.prepare.remediation import Remediation, ValidatorError
from tunesmith.data.sources import Source, open_source
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding, Language

COLUMNS = {"prompt", "completion"}
MAX_FINDINGS = 5


def prepare_any(
    name: str,
    *,
    ask: Ask | None,
    say: Say,
    language: Language = "en",
    format: FormatName | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Prepared:
    """Like `prepare`, for rows of any format in any container; `language` is for what 2023 had no words for.

    `format`, `mapping` (column -> field), `encoding` and `sheet` say how to read the file, as in `open_source`; of a
    file that needs them the tool of 2023 knew nothing. Raises InvalidFile when the rows cannot be read, or it is not
    clear what they are; nothing is written then.
    """
    ask = ask or agreeing(say)
    is_told = any((format, mapping, encoding, sheet))
    try:
        source = open_source(Path(name), format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    except InvalidFile as error:
        read = None if is_told else _read(name, None)
        if not isinstance(read, tuple):
            raise error from None
        return _talk(name, *read, ask=ask, say=say)
    if not is_told and source.format in (None, "prompt_completion"):
        read = _read(name, source)
        if isinstance(read, tuple):
            return _talk(name, *read, ask=ask, say=say)
        _refuse_unreadable(source, read)
    return prepare_rows(source, name, ask=ask, say=say, language=language)


def _talk(name: str, frame: Frame, about_file: Remediation, *, ask: Ask, say: Say) -> Prepared:
    say("Analyzing...\n")
    return talk(name, frame, about_file, ask=ask, say=say)


def _refuse_unreadable(source: Source, error: ValidatorError | None) -> None:
    """Raise when the reader of 2023 stumbled over rows that cannot be read here either, and when there are none."""
    rows = source.rows() if error else iter(())
    findings = tuple(islice((row for row in rows if isinstance(row, Finding)), MAX_FINDINGS))
    if error and findings:
        raise InvalidFile(error.message, findings=findings)
    if not source.detection.columns:
        raise error or InvalidFile(f"{source.name} holds no rows; write one example on each line, then retry")


def _read(name: str, source: Source | None) -> tuple[Frame, Remediation] | ValidatorError | None:
    """What the reader of 2023 makes of a file with prompts and completions; None when it has other columns."""
    if name.lower().endswith(".txt") and source and source.table.container != "txt":
        return None  # 2023 took every line for a completion, whatever is in it
    try:
        frame, about_file = read_any_format(name)
    except ValidatorError as error:
        return error
    names = {str(column).lower() for column in frame.columns}
    return (frame, about_file) if names >= COLUMNS else None
