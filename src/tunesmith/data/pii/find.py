"""All recognisers over one text; where two claim the same place, the surer kind keeps it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

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
    found: list[PiiMatch] = []
    for _, find, has_a_chance in _RECOGNISERS:
        if has_a_chance(clues):
            _add(found, find(folded))
    for kind in optional:
        _add(found, _OPTIONAL[kind](folded))
    if optional and entities is not None:
        _add(found, (match for match in entities.find(text) if match.kind in optional))
    return [
        PiiMatch(match.kind, match.start, match.end, text[match.start : match.end])
        for match in sorted(found, key=lambda match: match.start)
        if kinds is None or match.kind in kinds
    ]


def _add(found: list[PiiMatch], matches: Iterator[PiiMatch]) -> None:
    for match in matches:
        if not any(_overlap(match, other) for other in found):
            found.append(match)


def _overlap(one: PiiMatch, other: PiiMatch) -> bool:
    return one.start < other.end and other.start < one.end
