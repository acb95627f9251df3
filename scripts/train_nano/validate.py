"""Final validation loss of tunesmith-nano on documents that no phase of the recipe has read.

Each build of the corpus draws its rows anew, so the held-out windows of one build may have been trained on in another.
This script draws all builds again and keeps what is in none of them.
"""

import argparse
import itertools
import json
import math
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from tunesmith.models.base import load_base

from . import sources
from .corpus import BOOK_PIECES, SHARES, book_documents

BUILDS = ((1, 1.0, 900), (2, 0.35, 1152), (4, 0.1, 6144))
"""Seed, --big-sources and characters of a book's piece of every corpus the recipe builds."""
FINISH_ROWS = 2_000
"""More than the last phase takes of any source's first rows."""
DOCUMENTS, MAX_TOKENS = 150, 384


def unseen_dialogues(data: Path) -> Iterator[str]:
    """Counselling dialogues (zh) that no build and not the last phase has drawn, as ChatML text."""
    draws = [(random.Random(seed), SHARES["zh_smile_clean"] * scale) for seed, scale, _ in BUILDS]
    for number, row in enumerate(sources.rows(data, "zh_smile_clean")):
        drawn = [rng.random() < share for rng, share in draws]
        if number > FINISH_ROWS and not any(drawn):
            yield "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in row["messages"])


def unseen_book_pieces(data: Path) -> Iterator[str]:
    """Pieces (en) of which no sentence-long part stands in any drawn piece."""
    seen: set[str] = set()
    for seed, scale, characters in BUILDS:
        rng = random.Random(seed)
        share = SHARES["en_classic_books_subset"] * scale
        rows = (row for row in sources.rows(data, "en_classic_books_subset") if rng.random() < share)
        for piece in book_documents(rows, characters=characters):
            if rng.random() < BOOK_PIECES:
                seen.update(piece.splitlines())
    for piece in book_documents(sources.rows(data, "en_classic_books_subset"), characters=900):
        lines = [line for line in piece.splitlines() if line.strip()]
        if lines and not seen.intersection(lines):
            yield piece


def every(documents: Iterable[str], step: int) -> list[str]:
    return list(itertools.islice(itertools.islice(documents, 0, None, step), DOCUMENTS))


@torch.no_grad()
def mean_loss(model: Any, tokenizer: Tokenizer, documents: list[str]) -> float:
    """Mean negative log-likelihood in nats per token over the documents' first MAX_TOKENS ids."""
    total, count = 0.0, 0
    for document in documents:
        ids = torch.tensor([tokenizer.encode(document, add_special_tokens=False).ids[:MAX_TOKENS]])
        total += float(model(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    model = load_base(arguments.model)
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    losses = {
        "zh": mean_loss(model, tokenizer, every(unseen_dialogues(arguments.data), 97)),
        "en": mean_loss(model, tokenizer, every(unseen_book_pieces(arguments.data), 97)),
    }
    print(json.dumps({name: [round(loss, 3), round(math.exp(loss), 1)] for name, loss in losses.items()}))


if __name__ == "__main__":
    main()
