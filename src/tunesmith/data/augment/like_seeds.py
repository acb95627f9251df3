"""New rows of the kind of the seeds: some are shown, more are asked for.

Source: Wang et al. 2023, "Self-Instruct" (arXiv:2212.10560); only the user's own rows are shown, never made ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import orjson

from tunesmith.data.augment.answers import read_pairs
from tunesmith.data.augment.language import language_of
from tunesmith.data.augment.recipe import BadExample, Candidate, prompt, shown
from tunesmith.data.augment.sampler import ChatMessage
from tunesmith.data.augment.seeds import Seed
from tunesmith.data.examples import Message

SEEDS_SHOWN = 5
_SHOWN_CHARS = 800


class LikeSeeds:
    """Each request shows SEEDS_SHOWN seeds that share a system prompt and tools, which the new rows get too."""

    def __init__(self, seeds: Sequence[Seed], *, rows_per_request: int, instructions: str, seed: int) -> None:
        self._seeds = seeds
        self._rows, self._instructions, self._random_seed = rows_per_request, instructions, seed
        self._language = language_of(f"{one.question} {one.answer}" for one in seeds[:200])
        self._alike: dict[bytes, list[Seed]] = {}
        for one in seeds:
            self._alike.setdefault(_setting(one), []).append(one)

    @property
    def n_requests(self) -> int | None:
        return None

    def ask(self, number: int, bad: Sequence[BadExample]) -> list[ChatMessage]:
        examples, n = self._shown(number), self._rows
        system = examples[0].system
        if self._language == "zh":
            task = "你帮助扩充训练数据：按照例子的类型、格式和风格，写出全新的、内容正确的问答。不要照抄例子。"
            context = f"助手的系统提示：{shown(system)}\n\n" if system else ""
            lines = [f"问：{shown(e.question, _SHOWN_CHARS)}\n答：{shown(e.answer, _SHOWN_CHARS)}" for e in examples]
            form = f'再写 {n} 条同类的问答。只输出一个 JSON 列表，每项形如 {{"question": "...", "answer": "..."}}。'
        else:
            task = (
                "You help to extend training data: write new questions with right answers, of the same kind, form and "
                "style as the examples. Do not copy the examples."
            )
            context = f"The assistant's system prompt: {shown(system)}\n\n" if system else ""
            lines = [f"Q: {shown(e.question, _SHOWN_CHARS)}\nA: {shown(e.answer, _SHOWN_CHARS)}" for e in examples]
            form = (
                f"Write {n} more of this kind. Answer with nothing but a JSON list of {n} objects, each of the form "
                '{"question": "...", "answer": "..."}.'
            )
        return prompt(
            task,
            language=self._language,
            instructions=self._instructions,
            bad=bad,
            material=context + "\n\n".join(lines),
            form=form,
        )

    def read(self, number: int, text: str) -> list[Candidate]:
        first = self._shown(number)[0]
        before = () if first.system is None else first.messages[:1]
        return [
            Candidate(
                (*before, Message("user", pair.question), Message("assistant", pair.answer)),
                compared=pair.question,
                tools=first.tools,
            )
            for pair in read_pairs(text)
        ]

    def refuse(self, number: int, candidate: Candidate) -> str | None:
        return None

    def _shown(self, number: int) -> list[Seed]:
        rng = random.Random(f"{self._random_seed}:{number}")  # noqa: S311 - a choice, not a secret
        alike = self._alike[_setting(rng.choice(self._seeds))]
        return rng.sample(alike, min(SEEDS_SHOWN, len(alike)))


def _setting(seed: Seed) -> bytes:
    """Equal for seeds with the same system prompt and tools."""
    return orjson.dumps((seed.system, seed.tools))
