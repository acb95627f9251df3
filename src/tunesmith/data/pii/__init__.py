"""Personal data in training rows: found, masked. One recogniser per file."""

from __future__ import annotations

from tunesmith.data.pii.find import KINDS, OPTIONAL_KINDS, find_pii
from tunesmith.data.pii.kind_names import KIND_NAMES
from tunesmith.data.pii.masker import Masker
from tunesmith.data.pii.match import Kind, PiiMatch
from tunesmith.data.pii.named_entities import NamedEntities

__all__ = ["KINDS", "KIND_NAMES", "OPTIONAL_KINDS", "Kind", "Masker", "NamedEntities", "PiiMatch", "find_pii"]
