"""HTML tags and entities that a scraper left."""

from __future__ import annotations

import html
import re
from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.row_texts import change_texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("html",)

_TEXTS = Texts(
    'HTML is left in {count} row(s), {share} % ({where}), first "{example}": the model learns to write it',
    "{count} 行（{share}%）里有残留的 HTML（{where}），第一处是“{example}”：模型会学着输出它",
)

_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|u|a|em|strong|font|table|tbody|tr|td|th|ul|ol|li|h[1-6]|img|hr|blockquote|sup|sub|center)"
    r"(?:\s+[a-zA-Z-]+\s*=\s*[\"'][^<>]{0,500})?\s*/?>",
    re.I,
)
_ENTITY = re.compile(
    r"&(?:nbsp|amp|lt|gt|quot|apos|ldquo|rdquo|lsquo|rsquo|mdash|ndash|hellip|middot|#\d{2,5}|#x[\da-f]{2,5});"
)
# " quot;" and " #39;": entities whose ampersand became a space on the way, as in the AG news rows.
_BROKEN = re.compile(r" ?(?<![&\w#])(?:amp;)*(quot|#39|amp|lt|gt);")
_HINTS = ("&", "quot;", "#39;", "lt;", "gt;", "amp;")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\s*/?>", re.I)
# In rows about code or web pages tags are words.
_CODE = re.compile(
    r"```|`<|\{%|<!DOCTYPE|<html|<script|\bHTML\b|\bhtml\b|\bXML\b|\bCSS\b|标签|前端"
    r"|\b(?:[Jj]inja2?|Vue|React|JSX|TSX|SVG|JavaScript|[Mm]arkdown|Angular|Svelte|Django|PHP|Bootstrap|Tailwind)\b"
)


def _look(row: LintRow) -> str | None:
    text = row.text
    if "<" not in text and (";" not in text or not any(hint in text for hint in _HINTS)):
        return None
    if _CODE.search(text):
        return None
    found = _first(text)
    return None if found is None else found.group()


def _first(text: str) -> re.Match[str] | None:
    return _TAG.search(text) or _ENTITY.search(text) or _BROKEN.search(text)


def strip_html(value: dict[str, Any]) -> dict[str, Any]:
    """Entities become characters, line-breaking tags become line breaks, the others go.

    Rows about code or web pages stay as they are.
    """
    if _CODE.search("\n".join(_texts(value))):
        return value
    changed: dict[str, Any] = change_texts(value, _strip)
    return changed


def _texts(value: Any) -> list[str]:
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    change_texts(value, note)
    return texts


def _strip(given: str) -> str:
    # Tags may themselves be written as entities, and entities as entities of entities.
    text = given
    while _first(text) is not None:
        text = _TAG.sub("", _BREAK.sub("\n", text))
        text = _ENTITY.sub(lambda found: html.unescape(found.group()).replace("\xa0", " "), text)
        text = _BROKEN.sub(r"&\1;", text)
    # the </p> that ends a text is not to become a line end that the model learns to write
    return text if text == given or given.endswith("\n") else text.rstrip("\n")


_STRIP = Mend(
    "strip_html", Texts("remove tags, turn entities into characters", "去掉标签，把实体还原成字符"), strip_html
)


def make(context: LintContext) -> RowsWith:
    return RowsWith("html", "warning", _TEXTS, _look, _STRIP)
