"""E-mail addresses, also in the middle of Chinese text without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.match import PiiMatch

_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9._%+\-])(?<!//)[A-Za-z0-9](?:[A-Za-z0-9._%+'\-]{0,62}[A-Za-z0-9_+\-])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9@])"
)
# ftp://name:password@host
_IN_URL = re.compile(r"://[^\s/@]*$")
# logo@2x.png and button@main.css are names of files.
_FILE_ENDINGS = re.compile(r"png|jpe?g|gif|webp|svg|bmp|ico|pdf|txt|css|[jt]sx?|json|html?|xml|ya?ml", re.IGNORECASE)


def find(text: str) -> Iterator[PiiMatch]:
    for match in _ADDRESS.finditer(text):
        end = match.end()
        *labels, last = match.group().rpartition("@")[2].split(".")
        if "://" in text and _IN_URL.search(text, max(0, match.start() - 80), match.start()):
            continue
        if _FILE_ENDINGS.fullmatch(last):
            continue
        if len(labels) > 1 and last[0].isupper() and labels[-1].islower():  # "...@example.com.Thanks"
            end -= len(last) + 1
        if match.group().startswith("git@") and text[end : end + 1] == ":":  # git@host:owner/name is a place for code
            continue
        yield PiiMatch("email", match.start(), end, text[match.start() : end])
