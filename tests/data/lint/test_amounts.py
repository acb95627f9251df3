from __future__ import annotations

from pathlib import Path

import pytest
from lint_rows import chat, codes, finding, good_rows, lint_rows, mended
from tokenizers import Tokenizer, models, pre_tokenizers

from tunesmith.data.auto_epochs import auto_epochs


@pytest.mark.parametrize(
    ("n", "code"), [(9, "too_few_examples"), (10, "few_examples"), (49, "few_examples"), (50, None)]
)
def test_fewer_than_ten_examples_are_an_error_and_fewer_than_fifty_a_remark(
    tmp_path: Path, n: int, code: str | None
) -> None:
    told = codes(lint_rows(tmp_path, good_rows(n))) & {"too_few_examples", "few_examples"}
    assert told == ({code} if code else set())


def test_rows_with_errors_are_not_counted_as_examples(tmp_path: Path) -> None:
    rows = [*good_rows(9), {"messages": [{"role": "user", "content": "Hi"}]}]
    assert finding(lint_rows(tmp_path, rows), "too_few_examples").facts["n_examples"] == 9


# The cookbook's own check values.
@pytest.mark.parametrize(
    ("n", "epochs"), [(1, 25), (10, 10), (20, 5), (33, 3), (100, 3), (8333, 3), (8334, 2), (10000, 2), (12501, 1)]
)
def test_epochs_follow_the_published_rule(n: int, epochs: int) -> None:
    assert auto_epochs(n) == epochs


def test_epochs_for_the_rows_are_told_with_the_largest_batch(tmp_path: Path) -> None:
    found = finding(lint_rows(tmp_path, good_rows(20)), "epochs_for_rows")
    assert (found.facts["epochs"], found.facts["n_examples"]) == (5, 20)
    assert "batch_size" in found.message_zh


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    """A tokenizer of words: every word it does not know is one token."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder = tmp_path / "base"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_an_example_beyond_the_context_is_found_with_its_tokens(tmp_path: Path, tokenizer_folder: Path) -> None:
    rows = [*good_rows(), chat("Tell me", " ".join(f"word{i}" for i in range(200)))]
    report = lint_rows(tmp_path, rows, tokenizer_folder=tokenizer_folder, context_length=100)
    found = finding(report, "too_long")
    # 202 words, and 4 tokens of the template for each of two messages; the context ends 90 words into the answer.
    assert (found.rows, found.facts["longest"]) == ((13,), 210)
    assert found.facts["cut_off"].startswith("word90 word91")
    assert mended(report, "remove_too_long") == good_rows()


def test_without_a_tokenizer_nothing_is_said_about_tokens(tmp_path: Path) -> None:
    assert "too_long" not in codes(lint_rows(tmp_path, [*good_rows(), chat("Tell me", "word " * 9000)]))
