"""Answer the same question in other words, so that a model learns what is said rather than one wording of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tunesmith.data.augment.answers import read_texts
from tunesmith.data.augment.language import language_of
from tunesmith.data.augment.recipe import BadExample, Candidate, Rounds, numbers_in, prompt, shown
from tunesmith.data.augment.sampler import ChatMessage
from tunesmith.data.augment.seeds import Seed


class VaryAnswer:
    """Each request takes one seed. Answers are compared among those to the same question only."""

    def __init__(self, seeds: Sequence[Seed], *, rows_per_request: int, instructions: str, seed: int) -> None:
        self._seeds = seeds
        self._rows, self._instructions = rows_per_request, instructions
        self._language = language_of(f"{one.question} {one.answer}" for one in seeds[:200])
        self._rounds = Rounds(len(seeds), seed=seed)

    @property
    def n_requests(self) -> int | None:
        return self._rounds.n_requests

    def ask(self, number: int, bad: Sequence[BadExample]) -> list[ChatMessage]:
        seed, n = self._seed(number), self._rows
        if self._language == "zh":
            task = "你帮助扩充训练数据：把给出的回答换一种说法，内容和语气不变，不增加也不遗漏任何事实。"
            material = f"问题：{shown(seed.question)}\n回答：{shown(seed.answer)}"
            form = f'写出 {n} 个不同说法的回答。只输出一个 JSON 字符串列表，例如 ["回答一", "回答二"]。'
        else:
            task = (
                "You help to extend training data: say the given answer in other words. Keep its content and tone, add "
                "no fact and leave none out."
            )
            material = f"Question: {shown(seed.question)}\nAnswer: {shown(seed.answer)}"
            form = (
                f"Write {n} different wordings of the answer. Answer with nothing but a JSON list of {n} strings, such "
                'as ["first wording", "second wording"].'
            )
        return prompt(
            task, language=self._language, instructions=self._instructions, bad=bad, material=material, form=form
        )

    def read(self, number: int, text: str) -> list[Candidate]:
        seed = self._seed(number)
        *before, answer = seed.messages
        return [
            Candidate(
                (*before, replace(answer, content=wording)),
                compared=wording,
                group=f"line {seed.line}",
                seed_line=seed.line,
                tools=seed.tools,
            )
            for wording in read_texts(text)
        ]

    def refuse(self, number: int, candidate: Candidate) -> str | None:
        """No number may appear that neither the question nor the old answer has, and none of the answer's may go."""
        seed = self._seed(number)
        old, new = set(numbers_in(seed.answer)), set(numbers_in(candidate.answer))
        known = old | set(numbers_in(seed.question))
        return "facts_changed" if not (old <= new <= known) else None

    def _seed(self, number: int) -> Seed:
        return self._seeds[self._rounds.place(number)]
