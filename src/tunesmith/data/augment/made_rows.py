"""The journal's answers become rows: always the same rows from the same answers, in whichever order they arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.augment.filters import Filters
from tunesmith.data.augment.plan import AugmentPlan, Inputs
from tunesmith.data.augment.recipe import BadExample, Candidate
from tunesmith.data.examples import ChatExample
from tunesmith.data.formats import FORMATS
from tunesmith.data.origin import Origin, mark

# This many requests in a row without a row worth keeping: more of the same will not help.
STALLED = 20


@dataclass(frozen=True, slots=True)
class MadeRow:
    """`id` names it in corrections; `value` is what is written, with its origin."""

    id: str
    question: str
    answer: str
    value: dict[str, Any]


@dataclass(slots=True)
class _Reply:
    """What came back for one request: `text` is None where the endpoint refused the prompt."""

    text: str | None
    model: str


@dataclass(slots=True)
class MadeRows:
    """Answers are judged in the order of their requests: one that arrives early waits for those before it."""

    plan: AugmentPlan
    inputs: Inputs
    refused: Counter[str] = field(default_factory=Counter)
    n_judged: int = 0
    n_fruitless: int = 0
    bad: list[BadExample] = field(default_factory=list)
    _rows: dict[str, MadeRow] = field(default_factory=dict)
    _removed: set[str] = field(default_factory=set)
    _waiting: dict[int, _Reply] = field(default_factory=dict)
    _filters: Filters = field(init=False)

    def __post_init__(self) -> None:
        self._filters = Filters(self.inputs.seeds, self.inputs.values, format=self.inputs.format)
        self._filters.protect(self.inputs.validation)

    @property
    def n_kept(self) -> int:
        return len(self._rows) - len(self._removed)

    @property
    def n_removed(self) -> int:
        return len(self._removed)

    @property
    def n_answered(self) -> int:
        return self.n_judged + len(self._waiting)

    def is_answered(self, number: int) -> bool:
        return number < self.n_judged or number in self._waiting

    def rows(self, most: int) -> list[MadeRow]:
        """The first `most` rows that the user has not refused."""
        kept = (row for row_id, row in self._rows.items() if row_id not in self._removed)
        return [row for _, row in zip(range(most), kept, strict=False)]

    def answer(self, number: int, text: str | None, *, model: str) -> None:
        self._waiting[number] = _Reply(text, model)
        while self.n_judged in self._waiting:
            self._judge(self.n_judged, self._waiting.pop(self.n_judged))
            self.n_judged += 1

    def correct(self, row_id: str, reason: str) -> None:
        """Take a row out; it stays known, so that it is not made again.

        One that is not there (a later release's filters refuse it by themselves) stays out.
        """
        row = self._rows.get(row_id)
        if row is not None and row_id not in self._removed:
            self._removed.add(row_id)
            self.bad.append(BadExample(row.question, row.answer, reason))

    def _judge(self, number: int, reply: _Reply) -> None:
        asked = self.plan.rows_per_request
        n_kept = 0
        if reply.text is None:
            self.refused["endpoint_refused"] += asked
        else:
            candidates = self.inputs.recipe.read(number, reply.text)[:asked]
            self.refused["unreadable"] += asked - len(candidates)
            for row in self._kept(number, candidates, reply.model):
                self._rows[row.id] = row
                n_kept += 1
        self.n_fruitless = 0 if n_kept else self.n_fruitless + 1

    def _kept(self, number: int, candidates: list[Candidate], model: str) -> Iterator[MadeRow]:
        for place, candidate in enumerate(candidates):
            value = FORMATS[self.inputs.format].write(ChatExample(0, candidate.messages, candidate.tools))
            reason = self.inputs.recipe.refuse(number, candidate) or self._filters.refuse(candidate, value)
            if reason is not None:
                self.refused[reason] += 1
                continue
            self._filters.keep(candidate)
            row_id = f"r{number}-{place}"
            origin = Origin(self.plan.recipe, model, row_id, self.plan.source_name, candidate.seed_line)
            yield MadeRow(row_id, candidate.question, candidate.answer, mark(value, origin))
