"""Rows that say the same, or nearly: found in one reading, with about 30 bytes of memory a row and 128 on disk."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import xxhash
from numpy.typing import NDArray

from tunesmith.data.minhash import N_BANDS, SKETCH_BYTES, nearly_equal, signatures

# Texts wait until there are enough for one vectorised step.
_BATCH_ROWS = 512
_BATCH_CHARS = 2**19
_ROWS_IN_MEMORY = 2**18
# A sketch's estimate lies within this of the truth in 99 of 100 cases; closer looks decide the rest.
_ESTIMATE_ERROR = 0.13
# A run of rows with one band key is split into at most this many groups by comparing everything to their first rows.
_MAX_ROUNDS = 6
_PAIRS_AT_ONCE = 2**16
# Texts that wait for the row they are compared with; what does not fit is compared in another reading of the file.
_WAITING_CHARS = 2**25
_WAITING_TEXTS = 2**15

Reread = Callable[[Sequence[int]], Iterator[tuple[int, str]]]
"""Positions, in order, to (position, text) of these rows, in the same order; reads the file again."""


def text_key(text: str) -> int:
    """64 bits that are equal for equal texts; blanks around the text do not count."""
    return xxhash.xxh3_64_intdigest(text.strip().encode(errors="surrogatepass"))


def first_with_same(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For every key, where it stands for the first time."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_new = np.r_[True, ordered[1:] != ordered[:-1]][: len(keys)]
    first = np.empty(len(keys), np.int64)
    first[order] = order[is_new][np.cumsum(is_new) - 1]
    return first


class SimilarTexts:
    """An index of texts by likeness; picklable until the first `merge`. Positions are given in rising order."""

    def __init__(self) -> None:
        self._positions = array("I")
        self._keys = array("Q")
        self._bands: list[NDArray[np.uint32]] = []
        self._sketches: list[NDArray[np.uint8]] = []
        self._spool: _Spool | None = None
        self._waiting: list[str] = []
        self._waiting_chars = 0
        self._n_in_memory = 0

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, position: int, text: str) -> None:
        self._positions.append(position)
        self._keys.append(text_key(text))
        self._waiting.append(text)
        self._waiting_chars += len(text)
        if len(self._waiting) >= _BATCH_ROWS or self._waiting_chars >= _BATCH_CHARS:
            self._sign()

    def _sign(self) -> None:
        if self._waiting:
            bands, sketches = signatures(self._waiting)
            self._bands.append(bands)
            self._sketches.append(sketches)
            self._n_in_memory += len(bands)
            self._waiting.clear()
            self._waiting_chars = 0
            if self._n_in_memory >= _ROWS_IN_MEMORY:
                self._to_disk()

    def __getstate__(self) -> dict[str, object]:
        self._sign()
        return self.__dict__

    def merge(self, later: SimilarTexts) -> None:
        """Take in the texts that follow; from now on the index lies in temporary files."""
        self._to_disk()
        later._sign()
        self._positions += later._positions
        self._keys += later._keys
        self._bands, self._sketches = later._bands, later._sketches
        self._to_disk()

    def _to_disk(self) -> None:
        self._sign()
        self._spool = self._spool or _Spool()
        for bands, sketches in zip(self._bands, self._sketches, strict=True):
            self._spool.write(bands, sketches)
        self._bands, self._sketches = [], []
        self._n_in_memory = 0

    def groups(self, reread: Reread, *, threshold: float, with_copies: bool) -> list[list[int]]:
        """Positions of rows alike, each group in rising order, two or more in each.

        Texts that are equal count once, as the first of them, unless `with_copies`. Every row of a group but the first
        is `nearly_equal` to an earlier row of it, judged by the texts themselves; a row is
        compared with the two earlier ones that seem most like it.
        """
        self._to_disk()
        if len(self) < 2 or self._spool is None:
            return []
        first_of = first_with_same(np.frombuffer(self._keys, np.uint64))
        is_first = first_of == np.arange(len(self))
        candidates = _candidates(self._spool, is_first, least=threshold - _ESTIMATE_ERROR)
        positions = np.frombuffer(self._positions, np.uint32)
        pairs = list(_verified(candidates, positions, reread, threshold))
        if with_copies:
            copies = np.flatnonzero(~is_first)
            pairs += zip(positions[first_of[copies]].tolist(), positions[copies].tolist(), strict=True)
        return _joined(pairs)


class _Spool:
    """Band keys and sketches in temporary files, one for every band."""

    def __init__(self) -> None:
        self._bands: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(N_BANDS)]  # noqa: SIM115 - open as long as the index
        self._sketches: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115

    def write(self, bands: NDArray[np.uint32], sketches: NDArray[np.uint8]) -> None:
        for file, keys in zip(self._bands, bands.T, strict=True):
            file.write(keys.tobytes())
        self._sketches.write(sketches.tobytes())

    def bands(self) -> Iterator[NDArray[np.uint32]]:
        for file in self._bands:
            file.seek(0)
            yield np.fromfile(file, np.uint32)

    def sketches(self) -> NDArray[np.uint8]:
        self._sketches.seek(0)
        return np.fromfile(self._sketches, np.uint8).reshape(-1, SKETCH_BYTES)


@dataclass(slots=True)
class _Best:
    """For every row the earlier row most like it, and the next; -1 for none. Estimates are in 1/64."""

    rows: NDArray[np.int32]
    estimates: NDArray[np.uint8]

    def offer(self, earlier: NDArray[np.int64], later: NDArray[np.int64], estimates: NDArray[np.uint8]) -> None:
        """`later` holds no row twice."""
        for place in range(self.rows.shape[1]):
            known = self.rows[later, place] == earlier
            better = ~known & (estimates > self.estimates[later, place])
            at = later[better]
            pushed, pushed_estimates = self.rows[at, place], self.estimates[at, place]
            self.rows[at, place], self.estimates[at, place] = earlier[better], estimates[better]
            # what was pushed out is offered to the next place; what was known, or worse, goes on as it is
            earlier, estimates = earlier.copy(), estimates.copy()
            earlier[better], estimates[better] = pushed, pushed_estimates
            on = ~known
            earlier, later, estimates = earlier[on], later[on], estimates[on]


def _candidates(spool: _Spool, is_first: NDArray[np.bool_], *, least: float) -> _Best:
    n_rows = len(is_first)
    sketches = spool.sketches()
    best = _Best(np.full((n_rows, 2), -1, np.int32), np.zeros((n_rows, 2), np.uint8))
    least_equal = int(least * SKETCH_BYTES)
    for keys in spool.bands():
        order = np.argsort(keys, kind="stable")
        order = order[is_first[order]]
        sorted_keys = keys[order]
        starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
        lengths = np.diff(np.r_[starts, len(order)])
        in_run = np.repeat(lengths > 1, lengths)
        members = order[in_run]
        runs = np.repeat(np.arange(len(starts)), lengths)[in_run]
        _compare_runs(members, runs, sketches, best, least_equal)
    return best


def _compare_runs(
    members: NDArray[np.int64],
    runs: NDArray[np.int64],
    sketches: NDArray[np.uint8],
    best: _Best,
    least_equal: int,
) -> None:
    """Compare every row with the one before it in its run and with the first; those unlike the first again, alone."""
    if len(members) < 2:
        return
    follows = np.r_[False, runs[1:] == runs[:-1]]
    beside = follows & np.r_[False, follows[:-1]]  # where the one before is not the first
    _offer_alike(np.r_[members[:1], members[:-1]][beside], members[beside], sketches, best, least_equal)
    for _ in range(_MAX_ROUNDS):
        if not len(members):
            return
        is_first = np.r_[True, runs[1:] != runs[:-1]]
        firsts = members[is_first][np.cumsum(is_first) - 1]
        later = members[~is_first]
        alike = _offer_alike(firsts[~is_first], later, sketches, best, least_equal)
        members, runs = later[~alike], runs[~is_first][~alike]


def _offer_alike(
    earlier: NDArray[np.int64],
    later: NDArray[np.int64],
    sketches: NDArray[np.uint8],
    best: _Best,
    least_equal: int,
) -> NDArray[np.bool_]:
    """Offer the pairs whose sketches are alike; answers which they are."""
    n_equal = _n_equal(sketches, earlier, later)
    alike = n_equal >= least_equal
    best.offer(earlier[alike], later[alike], n_equal[alike])
    return alike


def _n_equal(sketches: NDArray[np.uint8], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.uint8]:
    counts = np.empty(len(one), np.uint8)
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        counts[part] = (sketches[one[part]] == sketches[other[part]]).sum(axis=1, dtype=np.uint8)
    return counts


def _verified(
    best: _Best, positions: NDArray[np.uint32], reread: Reread, threshold: float
) -> Iterator[tuple[int, int]]:
    """Pairs of positions whose texts are as alike as asked."""
    is_found = np.zeros(len(positions), bool)
    for place in range(best.rows.shape[1]):
        later = np.flatnonzero((best.rows[:, place] >= 0) & ~is_found)
        earlier = best.rows[later, place]
        for left, right in _compared(earlier, later, positions, reread, threshold):
            is_found[right] = True
            yield int(positions[left]), int(positions[right])


def _compared(
    earlier: NDArray[np.int32],
    later: NDArray[np.int64],
    positions: NDArray[np.uint32],
    reread: Reread,
    threshold: float,
) -> Iterator[tuple[int, int]]:
    """(earlier, later) rows that are alike; as many readings of the file as the texts that wait need."""
    while len(later):
        lefts = np.unique(earlier)
        now = earlier <= lefts[min(len(lefts), _WAITING_TEXTS) - 1]
        partner = dict(zip(later[now].tolist(), earlier[now].tolist(), strict=True))
        last_use = {left: right for right, left in partner.items()}
        rows = sorted({*last_use, *partner})
        waiting: dict[int, str] = {}
        waiting_chars = 0
        postponed: list[int] = []
        texts = reread([int(positions[row]) for row in rows])
        for row, (_, text) in zip(rows, texts, strict=True):
            left = partner.get(row)
            if left is not None:
                if left not in waiting:
                    postponed.append(row)
                elif nearly_equal(waiting[left], text, threshold=threshold):
                    yield left, row
                if left in waiting and last_use[left] == row:
                    waiting_chars -= len(waiting.pop(left))
            if row in last_use and (waiting_chars < _WAITING_CHARS or not waiting):
                waiting[row] = text
                waiting_chars += len(text)
        again = ~now | np.isin(later, postponed)
        earlier, later = earlier[again], later[again]


def _joined(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while (above := parent.setdefault(row, row)) != row:
            parent[row] = parent[above]
            row = above
        return row

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    members: dict[int, list[int]] = {}
    for row in sorted(parent):
        members.setdefault(root(row), []).append(row)
    return list(members.values())
