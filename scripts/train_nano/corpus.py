"""Turn sources and generated rows into windows of token ids, one file per domain.

A window is `length` ids of whole documents, each closed by <|endoftext|> (id 0); what is left over is filled with id 0.
Documents longer than a window are cut into several. The last `HELD_OUT_WINDOWS` windows' documents of every domain are
held out for the validation loss.
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from tokenizers import Tokenizer

from . import sources
from .generate import instruct_rows, long_rows, plain_texts
from .generate.translate import translations

END_OF_TEXT = 0
FIRST_ORDINARY_ID = 5
HELD_OUT_WINDOWS = 48
POOL = 400
"""Documents that wait for a window with room for them; more wastes less of each window."""

Document = str


def chat_documents(rows: Iterable[dict[str, Any]], template: jinja2.Template) -> Iterator[Document]:
    for row in rows:
        yield template.render(messages=row["messages"], tools=row.get("tools"), add_generation_prompt=False)


def book_documents(rows: Iterable[dict[str, Any]], *, characters: int) -> Iterator[Document]:
    """Pieces of a book of about `characters`, cut at paragraphs."""
    for row in rows:
        piece = ""
        for paragraph in row["text"].replace("\r\n", "\n").split("\n\n"):
            piece += " ".join(paragraph.split("\n")).strip() + "\n"
            if len(piece) > characters:
                yield piece
                piece = ""


def story_documents(rows: Iterable[dict[str, Any]]) -> Iterator[Document]:
    for row in rows:
        yield f"{row['title']}\n{row['text']}"


def windows(documents: Iterable[Document], tokenizer: Tokenizer, *, length: int) -> Iterator[np.ndarray]:
    """Windows filled first-fit from a pool of waiting documents, largest first."""
    waiting: list[list[int]] = []
    for ids in _pieces(documents, tokenizer, length=length):
        waiting.append(ids)
        if len(waiting) >= POOL:
            yield _filled(waiting, length)
    while waiting:
        yield _filled(waiting, length)


def _pieces(documents: Iterable[Document], tokenizer: Tokenizer, *, length: int) -> Iterator[list[int]]:
    for batch in _batches(documents, 512):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            ids = [*encoding.ids, END_OF_TEXT]
            for start in range(0, len(ids), length):
                yield ids[start : start + length]


def _filled(waiting: list[list[int]], length: int) -> np.ndarray:
    """One window: the oldest waiting document, then the largest others that still fit."""
    window = waiting.pop(0)
    for index in sorted(range(len(waiting)), key=lambda i: -len(waiting[i])):
        if len(window) + len(waiting[index]) <= length:
            window = window + waiting[index]
            waiting[index] = []
    waiting[:] = [ids for ids in waiting if ids]
    return np.array(window + [END_OF_TEXT] * (length - len(window)), dtype=np.uint16)


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def repeat_windows(*, count: int, length: int, vocab_size: int, seed: int) -> Iterator[np.ndarray]:
    """Windows of random ids in pieces that come back, whole or shuffled among each other.

    Nothing in them can be learnt but to look where a piece stood before and go on as it went on there; a small model
    finds that out from these some ten times sooner than from sentences.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        if rng.random() < 0.5:
            piece = rng.integers(FIRST_ORDINARY_ID, vocab_size, rng.integers(6, length // 3))
            ids = np.tile(piece, length // len(piece) + 1)
        else:
            pieces = [
                rng.integers(FIRST_ORDINARY_ID, vocab_size, rng.integers(3, 12)) for _ in range(rng.integers(3, 16))
            ]
            ids = np.concatenate([pieces[rng.integers(len(pieces))] for _ in range(length // 3)])
        yield np.append(ids[: length - 1], END_OF_TEXT).astype(np.uint16)


def write_domain(out: Path, name: str, rows: Iterable[np.ndarray], *, seed: int) -> dict[str, int]:
    """Write NAME.train.bin and NAME.valid.bin; windows are shuffled once, the first ones are held out."""
    table = np.stack(list(rows))
    np.random.default_rng(seed).shuffle(table)
    held_out = min(HELD_OUT_WINDOWS, len(table) // 20)
    table[:held_out].tofile(out / f"{name}.valid.bin")
    table[held_out:].tofile(out / f"{name}.train.bin")
    return {"windows": len(table) - held_out, "length": table.shape[1], "tokens": int((table[held_out:] != 0).sum())}


def source_documents(
    data: Path, name: str, template: jinja2.Template, *, share: float, seed: int, length: int
) -> Iterator[Document]:
    """Documents of one source; `share` of its rows, chosen by the seed."""
    rng = random.Random(seed)
    rows = (row for row in sources.rows(data, name) if rng.random() < share)
    if name == "en_classic_books_subset":
        pieces = book_documents(rows, characters=max(900, length * 3))
        return (piece for piece in pieces if rng.random() < BOOK_PIECES)
    if name == "zh_asp_children_stories":
        return story_documents(rows)
    if name == "bi_tatoeba_en_zh":
        return chat_documents(translations(rng, ((row["en"], row["zh"]) for row in rows)), template)
    return chat_documents(rows, template)


BOOK_PIECES = 0.4
SHARES = {
    "zh_smile_clean": 0.35,
    "zh_kdconv_devtest": 1.0,
    "zh_asp_children_stories": 1.0,
    "bi_tatoeba_en_zh": 1.0,
    "en_classic_books_subset": 1.0,
    "en_star_dialogues": 1.0,
    "en_synthetic_persona_chat": 1.0,
    "en_taskmaster4_coffee": 1.0,
}
"""Share of each source's rows that is used: counselling and old novels would otherwise drown the rest."""


BIG_SOURCES = ("zh_smile_clean", "en_classic_books_subset")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the .jsonl.xz sources")
    parser.add_argument("--model", type=Path, required=True, help="folder with tokenizer.json and chat_template.jinja")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--instructions", type=int, default=130_000, help="generated instruction rows")
    parser.add_argument("--simple-texts", type=int, default=25_000, help="generated plain documents")
    parser.add_argument("--long-rows", type=int, default=0, help="generated rows of many turns or long lists")
    parser.add_argument("--repeats", type=int, default=8_000, help="windows of repeated random ids")
    parser.add_argument("--big-sources", type=float, default=1.0, help="scales the share of the two large sources")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((arguments.model / "chat_template.jinja").read_text(encoding="utf-8"))
    scale = {name: arguments.big_sources if name in BIG_SOURCES else 1.0 for name in SHARES}
    domains = {
        name: source_documents(
            arguments.data, name, template, share=share * scale[name], seed=arguments.seed, length=arguments.length
        )
        for name, share in SHARES.items()
    }
    instructions = instruct_rows(seed=arguments.seed, count=arguments.instructions)
    domains["instruct"] = chat_documents(instructions, template)
    if arguments.long_rows:
        domains["long"] = chat_documents(long_rows(seed=arguments.seed, count=arguments.long_rows), template)
    domains["simple"] = plain_texts(seed=arguments.seed, count=arguments.simple_texts, chinese=0.7)
    facts = {}
    for name, documents in domains.items():
        rows = windows(documents, tokenizer, length=arguments.length)
        facts[name] = write_domain(arguments.out, name, rows, seed=arguments.seed)
        print(name, facts[name], flush=True)
    repeats = repeat_windows(
        count=arguments.repeats, length=arguments.length, vocab_size=tokenizer.get_vocab_size(), seed=arguments.seed
    )
    facts["repeats"] = write_domain(arguments.out, "repeats", repeats, seed=arguments.seed)
    (arguments.out / "domains.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
