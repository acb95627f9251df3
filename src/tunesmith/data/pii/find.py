"""All recognisers over one text; where two claim the same place, the surer kind keeps it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator

from tunesmith.data.pii import (
    address,
    bank_card,
    cn_resident_id,
    cn_uscc,
    email,
    iban,
    ip,
    name,
    passport,
    phone,
    secret,
)
from tunesmith.data.pii.clues import Clues, glance
from tunesmith.data.pii.folding import fold
from tunesmith.data.pii.match import Kind, PiiMatch
from tunesmith.data.pii.named_entities import NamedEntities

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

# Only when asked for: most names and addresses in a text are public, and rules find a part of them.
_OPTIONAL: dict[Kind, Callable[[str], Iterator[PiiMatch]]] = {"address": address.find, "name": name.find}
OPTIONAL_KINDS: tuple[Kind, ...] = tuple(_OPTIONAL)


def find_pii(
    text: str, *, kinds: Collection[Kind] | None = None, entities: NamedEntities | None = None
) -> list[PiiMatch]:
    """What is personal in `text`, in order, without overlaps.

    `kinds` None means KINDS; the OPTIONAL_KINDS must be named. Names and addresses are found by rules, and by
    `entities` as well when they are given.
    """
    clues = glance(text)
    optional = [kind for kind in OPTIONAL_KINDS if kind in kinds] if kinds is not None else []
    if not clues and not optional:
        return []
    folded = fold(text)
    found = _Places()
    for _, find, has_a_chance in _RECOGNISERS:
        if has_a_chance(clues):
            found.add(find(folded))
    for kind in optional:
        found.add(_OPTIONAL[kind](folded))
    if optional and entities is not None:
        found.add(match for match in entities.find(text) if match.kind in optional)
    return [
        PiiMatch(match.kind, match.start, match.end, text[match.start : match.end])
        for match in found.matches
        if kinds is None or match.kind in kinds
    ]


class _Places:
    """Matches in order of their place; who comes first keeps it."""

    def __init__(self) -> None:
        self.matches: list[PiiMatch] = []

    def add(self, matches: Iterable[PiiMatch]) -> None:
        for match in matches:
            at = bisect(self.matches, match.start, key=lambda other: other.start)
            is_free = at == 0 or self.matches[at - 1].end <= match.start
            if is_free and (at == len(self.matches) or match.end <= self.matches[at].start):
                self.matches.insert(at, match)
