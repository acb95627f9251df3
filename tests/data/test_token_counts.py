"""Token counts are those of the renderer; a sample comes close, and says how close."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tunesmith.data.estimate import TokenCounts, count_tokens
from tunesmith.data.reading import read_examples
from tunesmith.data.render import Renderer
from tunesmith.errors import InvalidFile
from tunesmith.models.nano import nano_folder


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer.from_folder(nano_folder())


def row(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def counted(path: Path, renderer: Renderer, **options: Any) -> TokenCounts:
    return count_tokens(path, renderer, **options).counts


def test_the_counts_are_the_renderers(tmp_path: Path, renderer: Renderer) -> None:
    path = write(tmp_path / "rows.jsonl", [row("Say it." * n, "词元 " * n) for n in range(1, 40)])
    counts = counted(path, renderer, max_length=100)
    examples = read_examples(path, name="rows").examples
    rendered = renderer.render_all(examples, max_length=100).rendered
    every = [renderer.render(example, max_length=100) for example in examples]
    assert counts.tokens == sum(len(one.input_ids) for one in rendered)
    assert counts.answer_tokens == sum(one.n_trained for one in rendered)
    assert counts.n_examples == len(rendered)
    assert counts.n_cut == sum(one.was_cut for one in every) == 27
    assert counts.longest == max(one.full_length for one in every)
    assert counts.longest_line == 39
    assert counts.longest_used == 100
    assert counts.sampled is None
    assert sum(one.count for one in counts.histogram) == 39
    assert all(one.high == 2 * one.low for one in counts.histogram)


def test_nineteen_rows_of_twenty_are_within_the_95th_percentile(tmp_path: Path, renderer: Renderer) -> None:
    path = write(tmp_path / "rows.jsonl", [row("Count.", "word " * n) for n in range(1, 21)])
    lengths = [renderer.render(example).full_length for example in read_examples(path, name="rows").examples]
    assert counted(path, renderer).p95 == sorted(lengths)[18]


def test_rows_whose_answer_is_cut_away_are_left_out_and_said(tmp_path: Path, renderer: Renderer) -> None:
    path = write(tmp_path / "rows.jsonl", [row("word " * 50, "yes"), row("Short?", "Yes.")])
    counts = counted(path, renderer, max_length=30)
    assert (counts.n_examples, counts.n_left_out, counts.n_cut) == (1, 1, 1)
    assert {finding.code for finding in counts.findings} == {"example_cut", "no_trained_tokens"}
    with pytest.raises(InvalidFile, match="no example has a trained token"):
        counted(path, renderer, max_length=3)


def test_a_large_file_is_sampled_with_an_error_that_holds(tmp_path: Path, renderer: Renderer) -> None:
    rng = random.Random(5)
    rows = [row("What of " + "it, " * rng.randint(1, 60), "说得对。" * rng.randint(1, 30)) for _ in range(2000)]
    rows[1234] = row("longest " * 300, "yes")
    path = write(tmp_path / "rows.jsonl", rows)
    exact = counted(path, renderer)
    sampled = [counted(path, renderer, exact_bytes=path.stat().st_size // 10, seed=seed) for seed in range(20)]
    misses = 0
    for counts in sampled:
        assert counts.sampled is not None
        assert 120 < counts.sampled.n_examples < 280
        assert counts.n_examples == exact.n_examples
        assert (counts.longest, counts.longest_line) == (exact.longest, 1235)
        assert counts.sampled.relative_error < 0.05
        misses += abs(counts.tokens - exact.tokens) > counts.sampled.relative_error * exact.tokens
    assert misses <= 4  # 1 of 20 is expected at 95 %
    assert len({counts.tokens for counts in sampled}) > 1
    assert counted(path, renderer, exact_bytes=path.stat().st_size // 10, seed=0) == sampled[0]


def test_a_bad_row_of_a_large_file_is_found_though_it_is_not_in_the_sample(tmp_path: Path, renderer: Renderer) -> None:
    rows = [row("What of it?", "Nothing.") for _ in range(300)]
    rows[217] = {"messages": [{"role": "user", "content": "alone"}]}
    with pytest.raises(InvalidFile, match="line 218"):
        counted(write(tmp_path / "rows.jsonl", rows), renderer, exact_bytes=1000)


def test_the_rows_kept_of_a_large_file_are_few_and_from_all_of_it(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.data.estimate._KEPT_TOKENS", 1000)
    path = write(tmp_path / "rows.jsonl", [row(f"What of {n}?", "Nothing at all.") for n in range(1000)])
    kept = count_tokens(path, renderer).rendered
    assert 250 < sum(len(one.input_ids) for one in kept) <= 1000
    assert kept[0].line < 200
    assert kept[-1].line > 800
