"""Personal data becomes <PHONE_1>: the same thing the same mask, everywhere in a row."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

import orjson

from tunesmith.data.pii.find import find_pii
from tunesmith.data.pii.folding import fold
from tunesmith.data.pii.match import Kind, PiiMatch
from tunesmith.data.pii.named_entities import NamedEntities

# These link a row's parts; what stands in them is no text.
_NOT_TEXT = frozenset({"role", "id", "tool_call_id", "from", "type"})
_MASK = re.compile(r"<[A-Z_]+_\d+>")
_SEPARATORS = re.compile(r"[\s().\-]")
_CHINA = re.compile(r"^(?:\+|00)?86(?=\d{9,11}$)")


class Masker:
    """Use one for a row: it remembers which mask stands for what. `found` is what it has masked."""

    def __init__(self, kinds: Collection[Kind] | None = None, *, entities: NamedEntities | None = None) -> None:
        self._kinds = kinds
        self._entities = entities
        self.found: list[PiiMatch] = []
        self._masks: dict[tuple[Kind, str], str] = {}
        self._counts: dict[Kind, int] = {}
        self._row: dict[str, Any] = {}

    def mask(self, value: dict[str, Any]) -> dict[str, Any]:
        """A row without its personal data; the same object when there was none."""
        self._row = value
        masked: dict[str, Any] = self._walk(value)
        return masked

    def mask_text(self, text: str) -> str:
        matches = find_pii(text, kinds=self._kinds, entities=self._entities)
        if not matches:
            return text
        self.found += matches
        parts: list[str] = []
        at = 0
        for match in matches:
            parts += (text[at : match.start], self._mask_of(match))
            at = match.end
        return "".join([*parts, text[at:]])

    def _walk(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return self._arguments(value) if key == "arguments" else self.mask_text(value)
        if isinstance(value, dict):
            changed = {name: part if name in _NOT_TEXT else self._walk(part, name) for name, part in value.items()}
            return changed if any(changed[name] is not value[name] for name in value) else value
        if isinstance(value, list):
            parts = [self._walk(part) for part in value]
            return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
        return value

    def _arguments(self, text: str) -> str:
        """JSON text must stay JSON: a number in it that is masked becomes a string."""
        try:
            arguments = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self.mask_text(text)
        masked = self._walk_json(arguments)
        return text if masked is arguments else orjson.dumps(masked).decode()

    def _walk_json(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            text = str(value)
            masked = self.mask_text(text)
            return value if masked == text else masked
        if isinstance(value, dict):
            changed = {name: self._walk_json(part) for name, part in value.items()}
            return changed if any(changed[name] is not value[name] for name in value) else value
        if isinstance(value, list):
            parts = [self._walk_json(part) for part in value]
            return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
        return self.mask_text(value) if isinstance(value, str) else value

    def _mask_of(self, match: PiiMatch) -> str:
        key = (match.kind, _same_for_all_spellings(match))
        if key not in self._masks:
            self._masks[key] = self._new_mask(match.kind)
        return self._masks[key]

    def _new_mask(self, kind: Kind) -> str:
        """The next number; one that stands in the row already was somebody else's."""
        there = frozenset(_MASK.findall(json.dumps(self._row)))
        while True:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            mask = f"<{kind.upper()}_{self._counts[kind]}>"
            if mask not in there:
                return mask


def _same_for_all_spellings(match: PiiMatch) -> str:
    text = fold(match.text)
    if match.kind in ("secret", "name", "address"):
        return text
    if match.kind in ("email", "ip"):
        return text.lower()
    compact = _SEPARATORS.sub("", text).upper()
    return _CHINA.sub("", compact).lstrip("0") if match.kind == "phone" else compact
