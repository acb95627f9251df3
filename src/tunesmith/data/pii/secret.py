"""Keys and tokens: the shapes that services document, and what looks random after key=, token= and the like."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from tunesmith.data.pii.match import PiiMatch

_PEM = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:[\s\S]{16,8192}?-----END (?P=kind)-----|(?:[\sA-Za-z0-9+/=]|\\[nr]){16,8192})"
)
# Where a key or token can be: other expressions look only there.
_STRETCH = re.compile(r"[A-Za-z0-9_\-+/.~=]{16,}")
_LONGEST_LABEL = 32
_SHAPES = re.compile(
    r"(?<![0-9A-Za-z_\-])(?:"
    r"sk-(?:proj-|ant-|svcacct-|or-v1-|admin-|lf-)?[A-Za-z0-9_\-]{20,200}"
    r"|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_\-]{20,64}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,255}|xapp-[0-9]-[A-Za-z0-9\-]{10,255}"
    r"|AIza[A-Za-z0-9_\-]{35}|ya29\.[A-Za-z0-9_\-]{20,255}|GOCSPX-[A-Za-z0-9_\-]{20,40}"
    r"|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,128}|whsec_[A-Za-z0-9+/=]{24,64}"
    r"|hf_[A-Za-z0-9]{20,64}|npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_\-]{40,255}|dckr_pat_[A-Za-z0-9_\-]{20,64}"
    r"|SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{32,64}|key-[0-9a-f]{32}|shpat_[0-9a-f]{32}|dop_v1_[0-9a-f]{64}"
    r"|LTAI[A-Za-z0-9]{12,26}|AKID[A-Za-z0-9]{16,40}"
    r"|hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{16,32}"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]{8,})?"
    r")(?![A-Za-z0-9_])"
)
_LABELLED = re.compile(
    r"(?:(?:api|access|secret|private)[_\- ]?keys?(?:[_\- ]?(?:id|secret))?|secret(?:[_\- ]?access[_\- ]?key)?"
    r"|(?:auth|access|refresh)?[_\- ]?token|(?:app|client)[_\- ]?secret|password|passwd|pwd|bearer|credential"
    r"|(?<!public[ _-])(?<!primary[ _-])(?<!foreign[ _-])(?<!cache[ _-])(?<!sort[ _-])key"
    r"|密钥|秘钥|令牌|口令|密码|凭证)"
    r"[\"'”]?\s*(?:[=:：]|是|为|\bis\b|(?<=[Bb]earer)\s)+\s*[\"'“`]?(?P<value>[A-Za-z0-9_\-+/.~]{16,512}={0,2})",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"(?:password|passwd|pwd|密码|口令)[\"'”]?\s?(?:[=:：]|是|为|\bis\b)\s*[\"'“`]?(?P<value>[!#-&(-_a-~]{8,64})",
    re.IGNORECASE,
)
# What manuals write where a password goes.
_NO_PASSWORDS = frozenset(("password", "passwd", "yourpassword", "your_password", "your-password", "secret", "xxxxxx"))
_SHORTEST_PASSWORD = 8
_CREDENTIALS_IN_URL = re.compile(r"[a-z][a-z0-9+]{2,20}://[^\s:/@]{1,64}:(?P<value>[^\s:/@]{6,128})@[A-Za-z0-9.\-]+")
_CASE_CHANGE = re.compile(r"[a-z][A-Z]|[A-Z][a-z]")
_LONG_RUN = re.compile(r"[A-Za-z0-9]{24}")
# Bits per character: English words stay below 3, random hex of 32 characters is near 3.6.
_MIN_BITS = 3.0


def find(text: str) -> Iterator[PiiMatch]:
    if "-----BEGIN" in text:
        for match in _PEM.finditer(text):
            yield PiiMatch("secret", match.start(), match.end(), match.group())
    for stretch in _STRETCH.finditer(text):
        yield from _in_stretch(text, stretch.start(), stretch.end())
    for match in _PASSWORD.finditer(text):
        value = match["value"].rstrip(".,;")
        if _is_password(value):
            yield PiiMatch("secret", match.start("value"), match.start("value") + len(value), value)
    if "://" in text:
        for match in _CREDENTIALS_IN_URL.finditer(text):
            if match["value"][0] not in "<{$*" and match["value"].lower() not in _NO_PASSWORDS:
                yield PiiMatch("secret", match.start("value"), match.end("value"), match["value"])


def _is_password(value: str) -> bool:
    """Letters and digits, and capitals among small letters or a sign: `password: length` and `密码是123456` are not."""
    has_all = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
    is_mixed = not value.isalnum() or (value.upper() != value and value.lower() != value)
    return has_all and is_mixed and len(value) >= _SHORTEST_PASSWORD and value[0] not in "<{$("


def _in_stretch(text: str, start: int, stop: int) -> Iterator[PiiMatch]:
    found = False
    for match in _SHAPES.finditer(text, start, stop):
        if _is_mixed(match.group()):
            found = True
            yield PiiMatch("secret", match.start(), match.end(), match.group())
    if found:
        return
    for match in _LABELLED.finditer(text, max(0, start - _LONGEST_LABEL), stop):
        value = match["value"].rstrip(".")
        if looks_random(value) and text[match.end() : match.end() + 1] not in ("(", "["):
            begin = match.start("value")
            yield PiiMatch("secret", begin, begin + len(value), value)


def _is_mixed(token: str) -> bool:
    """Random tokens mix digits or cases, or are too long for a word; names made of words are and do not."""
    if any(letter.isdigit() for letter in token) or token.startswith(("AKIA", "ASIA")):
        return True
    return len(_CASE_CHANGE.findall(token)) >= 4 or _LONG_RUN.search(token) is not None


def looks_random(value: str) -> bool:
    has_digit = any(letter.isdigit() for letter in value)
    has_letter = any(letter.isalpha() for letter in value)
    return has_digit and has_letter and bits_per_character(value) >= _MIN_BITS


def bits_per_character(value: str) -> float:
    """Shannon entropy of the characters, in bits."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
