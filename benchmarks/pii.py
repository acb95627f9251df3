"""Precision and recall of the recognisers of personal data, per kind and language, on the project's own corpus.

    python benchmarks/pii.py [--seed 1] [--n 500] [--misses]

A hit has the right kind and exactly the right place.
"""

from __future__ import annotations

import argparse
import sys
import timeit
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "data" / "pii"))

from corpus import Sample, checksum_look_alikes, corpus

from tunesmith.data.pii import KINDS, find_pii


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=500, help="sentences per kind and language")
    parser.add_argument("--misses", action="store_true", help="show what was missed and what was found by mistake")
    asked = parser.parse_args()
    samples = corpus(asked.seed, n_per_kind=asked.n)
    hits, wrong, missed, shown = count(samples)
    print(f"{'kind':16}{'language':10}{'precision':>10}{'recall':>10}{'spans':>8}")
    for kind in KINDS:
        for language in ("en", "zh"):
            n_hits, n_wrong, n_missed = (counter[kind, language] for counter in (hits, wrong, missed))
            precision = n_hits / max(1, n_hits + n_wrong)
            recall = n_hits / max(1, n_hits + n_missed)
            print(f"{kind:16}{language:10}{precision:10.4f}{recall:10.4f}{n_hits + n_missed:8}")
    exact = {"cn_resident_id", "bank_card", "cn_uscc", "iban"}
    look_alikes = checksum_look_alikes(asked.seed, 1000)
    false = [(sample.text, match) for sample in look_alikes for match in find_pii(sample.text) if match.kind in exact]
    print(f"false hits of the exact-checksum kinds in {len(look_alikes)} look-alikes: {len(false)}")
    print_speed()
    if asked.misses:
        for line in [*shown, *(f"false: {text} {match}" for text, match in false)]:
            print(line)


def count(
    samples: list[Sample],
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], Counter[tuple[str, str]], list[str]]:
    hits: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    shown: list[str] = []
    for sample in samples:
        found = {(match.kind, match.start, match.end) for match in find_pii(sample.text)}
        wanted = set(sample.spans)
        hits.update((kind, sample.language) for kind, _, _ in found & wanted)
        for counter, spans, word in ((wrong, found - wanted, "wrong"), (missed, wanted - found, "missed")):
            counter.update((kind, sample.language) for kind, _, _ in spans)
            shown += [f"{word} {kind} ({sample.name}): {sample.text!r} {sample.text[a:b]!r}" for kind, a, b in spans]
    return hits, wrong, missed, shown


def print_speed() -> None:
    clean = {
        "en": ("The quick brown fox jumps over the lazy dog, and then it goes home to sleep well. " * 13)[:1024],
        "zh": ("今天天气很好，我们一起去公园散步吧。孩子们在草地上玩耍，大人们聊天。" * 31)[:341],
    }
    for language, text in clean.items():
        seconds = min(timeit.repeat(lambda text=text: find_pii(text), number=10_000, repeat=5)) / 10_000
        print(f"a clean row of 1 KB ({language}): {seconds * 1e6:.2f} us")


if __name__ == "__main__":
    main()
