"""New rows from a document: questions that a passage answers, and the answers it gives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tunesmith.data.augment.answers import read_pairs
from tunesmith.data.augment.language import language_of
from tunesmith.data.augment.passages import Passage
from tunesmith.data.augment.recipe import BadExample, Candidate, Rounds, numbers_in, prompt
from tunesmith.data.augment.sampler import ChatMessage
from tunesmith.data.examples import Message

# At least this part of an answer's longer words (or pairs of Chinese characters) is in the passage.
_LEAST_SHARED = 0.3
_WORD = re.compile(r"[^\W\d_]{4,}")
_CHINESE = re.compile(r"[㐀-鿿]+")


class FromDocument:
    """Each request takes one passage. Rows stand by themselves: the passage is not part of them."""

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        system: str | None,
        rows_per_request: int,
        instructions: str,
        seed: int,
    ) -> None:
        self._passages, self._system = passages, system
        self._rows, self._instructions = rows_per_request, instructions
        self._language = language_of(passage.text for passage in passages[:200])
        self._rounds = Rounds(len(passages), seed=seed)

    @property
    def n_requests(self) -> int | None:
        return self._rounds.n_requests

    def ask(self, number: int, bad: Sequence[BadExample]) -> list[ChatMessage]:
        passage, n = self._passage(number), self._rows
        if self._language == "zh":
            task = (
                "你帮助从文档制作训练数据：写出这段文字能够回答的问题，并只根据这段文字作答。"
                "问题要能独立看懂，不要提“这段文字”或“上文”。"
            )
            title = f"标题：{passage.heading}\n" if passage.heading else ""
            material = f"{title}文字：\n{passage.text}"
            form = f'写出 {n} 条问答。只输出一个 JSON 列表，每项形如 {{"question": "...", "answer": "..."}}。'
        else:
            task = (
                "You help to make training data from a document: write questions that this passage answers, and "
                "answer them from the passage alone. A question must be clear by itself; never say 'the passage'."
            )
            title = f"Heading: {passage.heading}\n" if passage.heading else ""
            material = f"{title}Passage:\n{passage.text}"
            form = (
                f"Write {n} questions with answers. Answer with nothing but a JSON list of {n} objects, each of the "
                'form {"question": "...", "answer": "..."}.'
            )
        return prompt(
            task, language=self._language, instructions=self._instructions, bad=bad, material=material, form=form
        )

    def read(self, number: int, text: str) -> list[Candidate]:
        before = () if self._system is None else (Message("system", self._system),)
        return [
            Candidate(
                (*before, Message("user", pair.question), Message("assistant", pair.answer)),
                compared=pair.question,
                seed_line=self._passage(number).line,
            )
            for pair in read_pairs(text)
        ]

    def refuse(self, number: int, candidate: Candidate) -> str | None:
        """An answer must be found in its passage: its numbers all, of its words at least some."""
        passage = self._passage(number)
        source = f"{passage.heading}\n{passage.text}\n{candidate.question}"
        if not set(numbers_in(candidate.answer)) <= set(numbers_in(source)):
            return "not_in_document"
        words, known = _words(candidate.answer), _words(source)
        if words and len(words & known) < _LEAST_SHARED * len(words):
            return "not_in_document"
        return None

    def _passage(self, number: int) -> Passage:
        return self._passages[self._rounds.place(number)]


def _words(text: str) -> set[str]:
    """Longer words in lower case, and pairs of Chinese characters."""
    pairs = {run[at : at + 2] for run in _CHINESE.findall(text) for at in range(len(run) - 1)}
    return pairs | {word.lower() for word in _WORD.findall(_CHINESE.sub(" ", text))}
