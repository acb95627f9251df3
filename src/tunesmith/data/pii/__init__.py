"""Personal data in training rows: found, masked. One recogniser per file."""

from __future__ import annotations

from tunesmith.data.pii.find import KINDS, find_pii
from tunesmith.data.pii.masker import Masker
from tunesmith.data.pii.match import Kind, PiiMatch

__all__ = ["KINDS", "Kind", "Masker", "PiiMatch", "find_pii"]
