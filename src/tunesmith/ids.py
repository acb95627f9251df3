"""Identifiers in OpenAI's style, and the clock. Both are passed in, so that tests choose them."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable

ALPHABET = string.ascii_letters + string.digits

Clock = Callable[[], float]
"""Unix seconds."""

NewId = Callable[[str], str]
"""A kind of id ("file", "ftjob", ...) to a fresh id."""

# kind -> prefix and number of random characters, as OpenAI's own ids look (62**22 > 2**128).
SHAPES: dict[str, tuple[str, int]] = {
    "file": ("file-", 22),
    "ftjob": ("ftjob-", 24),
    "ftevent": ("ftevent-", 24),
    "ftckpt": ("ftckpt_", 24),
    "aug": ("aug-", 22),
    "key": ("key_", 16),
    "worker": ("worker-", 12),
    "tag": ("", 8),
}


def new_id(kind: str) -> str:
    """A fresh random id of this kind, such as `ftjob-` and 24 letters and digits."""
    prefix, length = SHAPES[kind]
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))


def now() -> float:
    return time.time()
