"""All recognisers over one text; where two claim the same place, the surer kind keeps it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from tunesmith.data.pii import bank_card, cn_resident_id, cn_uscc, email, iban, ip, passport, phone, secret
from tunesmith.data.pii.clues import Clues, glance
from tunesmith.data.pii.folding import fold
from tunesmith.data.pii.match import Kind, PiiMatch

# From the surest kind to the least sure, with what has to be in the text for it.
_RECOGNISERS: tuple[tuple[Kind, Callable[[str], Iterator[PiiMatch]], Callable[[Clues], bool]], ...] = (
    ("secret", secret.find, lambda clues: clues.token),
    ("email", email.find, lambda clues: clues.at_sign),
    ("iban", iban.find, lambda clues: clues.long_number),
    ("cn_resident_id", cn_resident_id.find, lambda clues: clues.longer_number),
    ("cn_uscc", cn_uscc.find, lambda clues: clues.long_number),
    ("bank_card", bank_card.find, lambda clues: clues.longer_number),
    ("ip", ip.find, lambda clues: clues.dotted or clues.colons),
    ("passport", passport.find, lambda clues: clues.long_number or clues.passport),
    ("phone", phone.find, lambda clues: clues.long_number),
)
KINDS: tuple[Kind, ...] = tuple(kind for kind, _, _ in _RECOGNISERS)


def find_pii(text: str, *, kinds: Collection[Kind] | None = None) -> list[PiiMatch]:
    """What is personal in `text`, in order, without overlaps; `kinds` None means all of KINDS."""
    clues = glance(text)
    if not clues:
        return []
    folded = fold(text)
    found: list[PiiMatch] = []
    for _, find, has_a_chance in _RECOGNISERS:
        if has_a_chance(clues):
            found += (match for match in find(folded) if not any(_overlap(match, other) for other in found))
    return [
        PiiMatch(match.kind, match.start, match.end, text[match.start : match.end])
        for match in sorted(found, key=lambda match: match.start)
        if kinds is None or match.kind in kinds
    ]


def _overlap(one: PiiMatch, other: PiiMatch) -> bool:
    return one.start < other.end and other.start < one.end
