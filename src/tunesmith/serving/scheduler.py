"""Who is computed in the next step: every running choice's next token, and of new prompts what the budget allows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tunesmith.serving.adapters import LoadedAdapter
from tunesmith.serving.kv_cache import KvCache
from tunesmith.serving.sampling import Chooser


@dataclass(slots=True, eq=False)
class Choice:
    """One answer being generated: its tokens so far (the prompt's first), and how many of them the cache holds.

    `first` is the request's first choice, whose prompt the others wait for and then share.
    """

    request_id: str
    index: int
    tokens: list[int]
    max_new_tokens: int
    adapter: LoadedAdapter | None
    chooser: Chooser
    wants_prompt_logits: bool = False
    first: Choice | None = None
    slot: int = -1
    n_computed: int = 0
    n_prompt: int = 0

    def __post_init__(self) -> None:
        self.n_prompt = len(self.tokens)

    @property
    def n_generated(self) -> int:
        return len(self.tokens) - self.n_prompt

    @property
    def is_reading(self) -> bool:
        return self.n_computed < self.n_prompt


@dataclass(frozen=True, slots=True)
class Work:
    """Tokens start..end of a choice, to be computed in this step."""

    choice: Choice
    start: int
    end: int

    @property
    def completes_tokens(self) -> bool:
        """Whether its last row predicts a token that is not there yet."""
        return self.end == len(self.choice.tokens)


class Scheduler:
    """First come, first served. A step computes at most about `max_num_batched_tokens` tokens, so that a long prompt is
    read in pieces between which everybody else goes on."""

    def __init__(self, cache: KvCache, *, max_num_batched_tokens: int) -> None:
        self._cache = cache
        self._max_num_batched_tokens = max_num_batched_tokens
        self.waiting: deque[Choice] = deque()
        self.running: list[Choice] = []

    @property
    def has_work(self) -> bool:
        return bool(self.waiting or self.running)

    def add(self, choice: Choice) -> None:
        self.waiting.append(choice)

    def remove(self, choice: Choice) -> None:
        """Take a finished or abandoned choice out; its slot is free at once."""
        if choice.slot < 0:
            self.waiting.remove(choice)
        else:
            self.running.remove(choice)
            self._cache.release(choice.slot)

    def plan(self) -> list[Work]:
        """The next step's work: single tokens first, in the order of their slots, then pieces of prompts."""
        self._admit()
        budget = self._max_num_batched_tokens
        singles: list[Work] = []
        pieces: list[Work] = []
        for choice in self.running:
            if len(choice.tokens) - choice.n_computed == 1:
                singles.append(Work(choice, choice.n_computed, choice.n_computed + 1))
                budget -= 1
        for choice in self.running:
            remaining = len(choice.tokens) - choice.n_computed
            if remaining > 1 and (budget > 0 or not (singles or pieces)):
                length = max(2, min(remaining, budget))
                pieces.append(Work(choice, choice.n_computed, choice.n_computed + length))
                budget -= length
        singles.sort(key=lambda work: work.choice.slot)
        return singles + pieces

    def note_computed(self, work: Work) -> None:
        choice = work.choice
        self._cache.note_written(choice.slot, choice.tokens[work.start : work.end])
        choice.n_computed = work.end

    def _admit(self) -> None:
        held_back = []
        while self.waiting and self._cache.num_free:
            choice = self.waiting.popleft()
            if choice.first is not None and choice.first.is_reading:
                held_back.append(choice)
                continue
            folder = choice.adapter.folder if choice.adapter else None
            share = not choice.wants_prompt_logits
            choice.slot, choice.n_computed = self._cache.allocate(choice.tokens, folder, share=share)
            self.running.append(choice)
        self.waiting.extendleft(reversed(held_back))
