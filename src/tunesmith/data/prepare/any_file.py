"""Which dialogue a file gets: that of 2023 for prompts and completions, the walk through lint's fixes for the rest."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

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


def prepare_any(name: str, *, ask: Ask | None, say: Say, language: Language = "en") -> Prepared:
    """Like `prepare`, for rows of any format in any container; `language` is for what 2023 had no words for.

    Raises InvalidFile when the rows cannot be read, or it is not clear what they are; nothing is written then.
    """
    ask = ask or agreeing(say)
    source = _opened(name)
    if isinstance(source, Source) and source.format not in (None, "prompt_completion"):
        return prepare_rows(source, name, ask=ask, say=say, language=language)
    read = _read(name, source)
    if isinstance(read, tuple):
        say("Analyzing...\n")
        return talk(name, *read, ask=ask, say=say)
    if isinstance(source, InvalidFile):
        raise source
    if source.format is None and isinstance(read, ValidatorError):
        raise _with_place(read, source)
    return prepare_rows(source, name, ask=ask, say=say, language=language)


def _with_place(error: ValidatorError, source: Source) -> InvalidFile:
    """The words of 2023, and the first rows that cannot be read."""
    unreadable = (row for row in source.rows() if isinstance(row, Finding))
    findings = tuple(islice(unreadable, MAX_FINDINGS))
    return InvalidFile(error.message, findings=findings) if findings else error


def _opened(name: str) -> Source | InvalidFile:
    """The file as rows; or why it is none, which does not matter if the reader of 2023 can read it."""
    try:
        return open_source(Path(name))
    except InvalidFile as error:
        return error


def _read(name: str, source: Source | InvalidFile) -> tuple[Frame, Remediation] | ValidatorError | None:
    """What the reader of 2023 makes of a file with prompts and completions; None when it has other columns."""
    if name.lower().endswith(".txt") and isinstance(source, Source) and source.table.container != "txt":
        return None  # 2023 took every line for a completion, whatever is in it
    try:
        frame, about_file = read_any_format(name)
    except ValidatorError as error:
        return error
    names = {str(column).lower() for column in frame.columns}
    return (frame, about_file) if names >= COLUMNS else None
