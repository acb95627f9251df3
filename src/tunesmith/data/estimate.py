"""How many tokens a training file has, counted as the run will count them. No torch."""

from __future__ import annotations

import hashlib
import heapq
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tunesmith.data.examples import ChatExample, Style
from tunesmith.data.reading import read_examples
from tunesmith.data.render import Rendered, Renderer
from tunesmith.data.sources import open_source
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

# About ten seconds of tokenising on two cores; a larger file is sampled down to this much.
EXACT_BYTES = 16 * 2**20
_CONFIDENT = 1.96  # standard errors on either side: 95 % of a normal distribution
_LONGEST = 8  # rows with the most characters, always tokenised: the longest row decides max_length and memory
_SMALLEST_BIN = 16
_KEPT_TOKENS = 1_000_000  # of tokenised rows, for measuring speed; 50 MB


@dataclass(frozen=True, slots=True)
class Bin:
    """How many examples have at least `low` and fewer than `high` tokens."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """Counts scaled up from `n_examples` tokenised rows; the true tokens lie within `relative_error` (95 %)."""

    n_examples: int
    share: float
    relative_error: float
    seed: int


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """`n_examples` are those that train; `n_left_out` have no trained token (after cutting).

    `tokens` are all tokens of the rows after cutting, which is what OpenAI bills per epoch; `answer_tokens` those in
    the loss. Lengths and the histogram are in tokens before cutting; `longest_used` is after it.
    """

    n_examples: int
    n_left_out: int
    n_cut: int
    tokens: int
    answer_tokens: int
    tokens_cut_off: int
    shortest: int
    median: int
    p95: int
    longest: int
    longest_line: int
    longest_used: int
    max_length: int | None
    histogram: tuple[Bin, ...]
    sampled: Sampled | None = None
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "findings": [finding.to_json() for finding in self.findings]}


@dataclass(frozen=True, slots=True)
class CountedFile:
    """The counts, and rows tokenised for them: all of a small file, evenly thinned out of a large one."""

    counts: TokenCounts
    rendered: list[Rendered]


def count_tokens(
    path: Path,
    renderer: Renderer,
    *,
    name: str | None = None,
    style: Style = "chat",
    max_length: int | None = None,
    exact_bytes: int = EXACT_BYTES,
    seed: int = 0,
) -> CountedFile:
    """Count with the model's own template. Files over `exact_bytes` are sampled: every row read, some tokenised.

    A sampled total is the ratio of tokens to characters in the sample, times the characters of all rows.
    Raises InvalidFile as the run would, for a file that cannot be trained on.
    """
    share = min(1.0, exact_bytes / max(1, path.stat().st_size))
    name = name or path.name
    examples = read_examples(path, name=name).examples if share >= 1 else _streamed(path, name)
    counting = _Counting(share, seed)
    refused: list[InvalidFile] = []
    for rendered in renderer.render_each(counting.chosen(examples), refused, style=style, max_length=max_length):
        counting.add(rendered)
    for rendered in renderer.render_each(counting.longest_rows(), refused, style=style, max_length=max_length):
        counting.note_length(rendered)
    if refused:
        findings = [finding for error in refused for finding in error.findings]
        raise InvalidFile(refused[0].message, findings=findings, code=refused[0].code)
    return CountedFile(counting.finish(max_length), counting.rendered)


def _streamed(path: Path, name: str) -> Iterator[ChatExample]:
    """The examples of a file that is too large to hold. Raises InvalidFile at the first bad row."""
    for _, example, findings in open_source(path, name=name).examples():
        errors = [finding for finding in findings if finding.severity == "error"]
        if errors:
            raise InvalidFile(f"Invalid file format. {name}: {errors[0].message}", findings=errors)
        if not isinstance(example, ChatExample):
            raise InvalidFile(f"{name} holds no chat examples; token counts are of rows with one answer each.")
        if example.label is not False:  # an unwanted answer is not trained on
            yield example


@dataclass(slots=True)
class _Counting:
    """Sums over the rows that were read (all) and tokenised (chosen by a hash of seed and position)."""

    share: float
    seed: int
    rendered: list[Rendered] = field(default_factory=list)
    n_rows: int = 0
    characters: int = 0
    chosen_characters: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    used: array[int] = field(default_factory=lambda: array("Q"))
    trained: array[int] = field(default_factory=lambda: array("Q"))
    longest: tuple[int, int, int] = (0, 0, 0)
    _kept_tokens: int = 0
    _keep_every: int = 1
    _heap: list[tuple[int, int, ChatExample]] = field(default_factory=list)

    def chosen(self, examples: Iterable[ChatExample]) -> Iterator[ChatExample]:
        for example in examples:
            size = _characters(example)
            self.n_rows += 1
            self.characters += size
            if self._is_chosen(self.n_rows):
                self.chosen_characters.append(size)
                yield example
            else:
                self._remember_long(size, example)

    def _is_chosen(self, number: int) -> bool:
        if self.share >= 1 or number == 1:
            return True
        digest = hashlib.blake2b(f"{self.seed}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < self.share * 2**64

    def _remember_long(self, size: int, example: ChatExample) -> None:
        entry = (size, -self.n_rows, example)
        if len(self._heap) < _LONGEST:
            heapq.heappush(self._heap, entry)
        elif size > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def longest_rows(self) -> list[ChatExample]:
        return [example for _, _, example in sorted(self._heap, reverse=True)]

    def add(self, one: Rendered) -> None:
        n_trained = one.n_trained
        self.lengths.append(one.full_length)
        self.used.append(len(one.input_ids) if n_trained else 0)
        self.trained.append(n_trained)
        self.note_length(one)
        if n_trained and len(self.lengths) % self._keep_every == 0:
            self._keep(one)

    def _keep(self, one: Rendered) -> None:
        """Every row at first; every second, fourth, ... when there are too many to hold."""
        self.rendered.append(one)
        self._kept_tokens += len(one.input_ids)
        if self._kept_tokens > _KEPT_TOKENS and len(self.rendered) > 1:
            self.rendered = self.rendered[::2]
            self._kept_tokens = sum(len(kept.input_ids) for kept in self.rendered)
            self._keep_every *= 2

    def note_length(self, one: Rendered) -> None:
        used = len(one.input_ids) if one.n_trained else 0
        line = one.line if one.full_length > self.longest[0] else self.longest[1]
        self.longest = (max(self.longest[0], one.full_length), line, max(self.longest[2], used))

    def finish(self, max_length: int | None) -> TokenCounts:
        n = len(self.lengths)
        n_cut = sum(max_length is not None and length > max_length for length in self.lengths)
        n_left_out = sum(count == 0 for count in self.trained)
        if n_left_out == n:
            raise InvalidFile("no example has a trained token", code="no_trained_tokens")
        cut_off = sum(length - max_length for length in self.lengths if length > max_length) if max_length else 0
        scale = self.n_rows / n
        per_character = self.characters / max(1, sum(self.chosen_characters))
        sampled = self._sampled() if n < self.n_rows else None
        ordered = sorted(self.lengths)
        left_out = round(n_left_out * scale)
        counts = TokenCounts(
            n_examples=self.n_rows - left_out,
            n_left_out=left_out,
            n_cut=round(n_cut * scale),
            tokens=round(sum(self.used) * per_character),
            answer_tokens=round(sum(self.trained) * per_character),
            tokens_cut_off=round(cut_off * per_character),
            shortest=ordered[0],
            median=ordered[n // 2],
            p95=ordered[math.ceil(0.95 * n) - 1],
            longest=self.longest[0],
            longest_line=self.longest[1],
            longest_used=self.longest[2],
            max_length=max_length,
            histogram=_histogram(ordered, scale),
            sampled=sampled,
        )
        return _with_findings(counts)

    def _sampled(self) -> Sampled:
        """Source: Cochran 1977, "Sampling Techniques", 6.4: the standard error of a ratio estimate."""
        n = len(self.used)
        ratio = sum(self.used) / max(1, sum(self.chosen_characters))
        squares = sum((y - ratio * x) ** 2 for x, y in zip(self.chosen_characters, self.used, strict=True))
        spread = squares / max(1, n - 1)
        error = math.sqrt(self.n_rows**2 * (1 - n / self.n_rows) / n * spread)
        total = max(1.0, ratio * self.characters)
        return Sampled(n, n / self.n_rows, _CONFIDENT * error / total, self.seed)


def _characters(example: ChatExample) -> int:
    calls = sum(len(call["function"]["arguments"]) for m in example.messages for call in m.tool_calls)
    return calls + sum(len(message.content or "") + 16 for message in example.messages)


def _histogram(ordered: Sequence[int], scale: float) -> tuple[Bin, ...]:
    """Bins that double, so that one row of 100,000 tokens leaves the others visible."""
    bins: list[Bin] = []
    low, high, position = 0, _SMALLEST_BIN, 0
    while position < len(ordered):
        start = position
        while position < len(ordered) and ordered[position] < high:
            position += 1
        bins.append(Bin(low, high, round((position - start) * scale)))
        low, high = high, high * 2
    first = next(index for index, one in enumerate(bins) if one.count)
    return tuple(bins[first:])


def _with_findings(counts: TokenCounts) -> TokenCounts:
    findings = [*_cut(counts), *_left_out(counts), *_sampling(counts)]
    return replace(counts, findings=tuple(findings))


def _cut(counts: TokenCounts) -> list[Finding]:
    if not counts.n_cut:
        return []
    facts = {
        "count": counts.n_cut,
        "max_length": counts.max_length,
        "longest": counts.longest,
        "tokens_cut_off": counts.tokens_cut_off,
    }
    message = (
        f"{counts.n_cut:,} examples are longer than {counts.max_length:,} tokens and would be cut at the end; "
        f"{counts.tokens_cut_off:,} tokens would be lost (the longest, line {counts.longest_line}, has "
        f"{counts.longest:,})"
    )
    chinese = (
        f"{counts.n_cut:,} 条样本超过 {counts.max_length:,} 个词元，会从末尾截断，共丢失 {counts.tokens_cut_off:,} "
        f"个词元（最长的在第 {counts.longest_line} 行，有 {counts.longest:,} 个）"
    )
    return [
        Finding(
            "example_cut",
            "warning",
            message,
            line=counts.longest_line,
            facts=facts,
            message_zh=chinese,
            count=counts.n_cut,
        )
    ]


def _left_out(counts: TokenCounts) -> list[Finding]:
    if not counts.n_left_out:
        return []
    message = f"{counts.n_left_out:,} examples have no trained token (after cutting) and would be left out"
    chinese = f"{counts.n_left_out:,} 条样本（截断后）没有可训练的词元，训练时会被跳过"
    facts = {"count": counts.n_left_out}
    return [Finding("no_trained_tokens", "warning", message, facts=facts, message_zh=chinese, count=counts.n_left_out)]


def _sampling(counts: TokenCounts) -> list[Finding]:
    if counts.sampled is None:
        return []
    n, error = counts.sampled.n_examples, 100 * counts.sampled.relative_error
    message = f"the file is large: tokens were counted on {n:,} rows and scaled up, to within {error:.2g} % (95 %)"
    chinese = f"文件较大：只统计了其中 {n:,} 行的词元再按比例推算，误差在 {error:.2g}% 以内（95% 置信度）"
    facts = {"n_examples": n, "relative_error": counts.sampled.relative_error}
    return [Finding("tokens_sampled", "info", message, facts=facts, message_zh=chinese)]
