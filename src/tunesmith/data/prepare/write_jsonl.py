"""Prompts and completions as `pandas.to_json(orient="records", lines=True, force_ascii=False)` writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import ValidatorError
from tunesmith.data.whole_file import whole_file

_ESCAPES = {
    **{chr(code): f"\\u{code:04x}" for code in range(0x20)},
    **{'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"},
}
_TO_ESCAPE = re.compile('[\x00-\x1f"\\\\/]')


def free_names(name: str, parts: Sequence[str]) -> list[str]:
    """`FILE_prepared` and a part ("_train", "_valid" or ""), numbered so that no file is overwritten."""
    stem = os.path.splitext(name)[0]
    number = 0
    while True:
        suffix = f" ({number})" if number else ""
        names = [f"{stem}_prepared{part}{suffix}.jsonl" for part in parts]
        if not any(os.path.isfile(candidate) for candidate in names):
            return names
        number += 1


def write_jsonl(frame: Frame, path: Path) -> None:
    """A file is there wholly or not at all. No rows are one empty line."""
    lines = [
        f'{{"prompt":{_quoted(prompt)},"completion":{_quoted(completion)}}}\n'
        for prompt, completion in zip(frame.prompts, frame.completions, strict=True)
    ]
    try:
        with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines or ["\n"])
    except UnicodeEncodeError as error:
        half = f"U+{ord(error.object[error.start]):04X}"
        message = f"a text contains {half}, half of a character, which no UTF-8 file can hold; remove it, then retry"
        raise ValidatorError("write_out_file", message) from error


def _quoted(text: str) -> str:
    return f'"{_TO_ESCAPE.sub(lambda match: _ESCAPES[match.group()], text)}"'
