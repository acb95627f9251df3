"""In which language to ask, and whether an answer is in the language of its seed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tunesmith.findings import Language

_CHINESE = re.compile(r"[㐀-鿿豈-﫿]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
_CHINESE_SHARE = 0.3


def language_of(texts: Iterable[str]) -> Language:
    """Chinese when characters are at least three tenths of characters and Latin words together."""
    n_chinese = n_words = 0
    for text in texts:
        n_chinese += len(_CHINESE.findall(text))
        n_words += len(_LATIN_WORD.findall(text))
    return "zh" if n_chinese and n_chinese >= _CHINESE_SHARE * (n_chinese + n_words) else "en"


def has_letters(text: str) -> bool:
    return bool(_CHINESE.search(text) or _LATIN_WORD.search(text))
