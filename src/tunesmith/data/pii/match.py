"""What a recogniser answers: where something personal stands, and of which kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "email",
    "phone",
    "cn_resident_id",
    "bank_card",
    "cn_uscc",
    "passport",
    "iban",
    "ip",
    "secret",
    "name",
    "address",
]


@dataclass(frozen=True, slots=True)
class PiiMatch:
    """`text` is what stands at `start`:`end` of the searched text, with its separators and full-width digits."""

    kind: Kind
    start: int
    end: int
    text: str
