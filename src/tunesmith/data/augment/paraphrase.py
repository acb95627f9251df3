"""Ask the same question in other words; the answer stays. For models that fail when users word things differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tunesmith.data.augment.answers import read_texts
from tunesmith.data.augment.language import language_of
from tunesmith.data.augment.recipe import BadExample, Candidate, Rounds, numbers_in, prompt, shown
from tunesmith.data.augment.sampler import ChatMessage
from tunesmith.data.augment.seeds import Seed


class Paraphrase:
    """Each request takes one seed; after every seed has had its turn N_ROUNDS times there is nothing new to ask."""

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
            task = (
                "你帮助扩充训练数据：把用户的问题换一种说法，意思不变，原来的回答必须仍然正确。"
                "数字、名称和代码保持原样。"
            )
            material = f"问题：{shown(seed.question)}\n回答（不要改写）：{shown(seed.answer, 600)}"
            form = f'写出 {n} 种不同的问法。只输出一个 JSON 字符串列表，例如 ["问法一", "问法二"]。'
        else:
            task = (
                "You help to extend training data: ask the user's question in other words. The meaning must not change "
                "and the given answer must stay right. Keep numbers, names and code as they are."
            )
            material = f"Question: {shown(seed.question)}\nAnswer (do not rewrite it): {shown(seed.answer, 600)}"
            form = (
                f"Write {n} different ways to ask it. Answer with nothing but a JSON list of {n} strings, such as "
                '["first wording", "second wording"].'
            )
        return prompt(
            task, language=self._language, instructions=self._instructions, bad=bad, material=material, form=form
        )

    def read(self, number: int, text: str) -> list[Candidate]:
        seed = self._seed(number)
        *before, question, answer = seed.messages
        return [
            Candidate(
                (*before, replace(question, content=wording), answer),
                compared=wording,
                seed_line=seed.line,
                tools=seed.tools,
            )
            for wording in read_texts(text)
        ]

    def refuse(self, number: int, candidate: Candidate) -> str | None:
        """The old answer is right only if the question's numbers are still those."""
        before, after = numbers_in(self._seed(number).question), numbers_in(candidate.question)
        return "facts_changed" if sorted(before) != sorted(after) else None

    def _seed(self, number: int) -> Seed:
        return self._seeds[self._rounds.place(number)]
