"""MinHash: how alike texts are, estimated from a few numbers each.

A text is the set of its windows of six UTF-8 bytes, one at every character: about one English word or exactly two
Chinese characters, so that both languages are compared at the same grain. Case is ignored.
Source: Broder 1997, "On the resemblance and containment of documents"; bands after Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import rensa
from numpy.typing import NDArray

WINDOW_BYTES = 6

# Two texts with Jaccard s share a band with probability 1 - (1 - s^8)^16: 95 % at 0.8, 99.9 % at 0.9, 6 % at 0.5.
N_BANDS = 16
ROWS_PER_BAND = 8
# One byte of every second hash value is kept to estimate s: standard error 0.05 at 0.8.
SKETCH_BYTES = 64

# A late edit of a few words is a near-duplicate; a question of its own is not. At 0.7 AR-LSAT (five to seven questions
# on each passage) has 48 near-duplicates in 1,630 rows, at 0.5 it has 188, by the whole text alone 343.
_FEW_CHARS = 60
_REST_LIKENESS = 0.7

_N_HASHES = N_BANDS * ROWS_PER_BAND
_SEED = 20100
_GAP = b"\0" * 8
_LOW_SIX_BYTES = np.uint64((1 << 8 * WINDOW_BYTES) - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BAND_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)


def windows(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The hashed windows of all texts one after another, with repetitions, and where each text begins (n + 1)."""
    encoded = [text.lower().encode(errors="replace") for text in texts]
    data = _GAP.join([*encoded, b""])
    n_bytes = len(data)
    # an overlapping view: eight bytes from every byte on
    view: NDArray[np.uint64] = np.ndarray((n_bytes - 7,), dtype="<u8", buffer=data, strides=(1,)) if data else _NOTHING
    first = np.frombuffer(data, np.uint8, count=len(view))
    is_start = (first & 0xC0) != 0x80
    is_start &= first != 0
    at = np.flatnonzero(is_start)
    hashed = view[at] & _LOW_SIX_BYTES
    hashed *= _MIX
    hashed ^= hashed >> np.uint64(32)
    begins = np.zeros(len(texts) + 1, np.uint64)
    ends = np.cumsum([len(text) + len(_GAP) for text in encoded])
    begins[1:] = np.searchsorted(at, ends)
    return hashed, begins


_NOTHING: NDArray[np.uint64] = np.empty(0, np.uint64)


def signatures(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Band keys (n, N_BANDS) and sketches (n, SKETCH_BYTES); texts that share a band key may be alike."""
    if not texts:
        return np.empty((0, N_BANDS), np.uint32), np.empty((0, SKETCH_BYTES), np.uint8)
    hashed, begins = windows(texts)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashed, begins, _N_HASHES, _SEED)
    values = np.array(matrix.to_rows(), dtype=np.uint32)
    pairs = values.view(np.uint64).reshape(len(texts), N_BANDS, ROWS_PER_BAND // 2)
    mixed = (pairs * _BAND_MIX).sum(axis=2, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    sketches = (values[:, :: _N_HASHES // SKETCH_BYTES] >> 11).astype(np.uint8)
    return (mixed >> np.uint64(32)).astype(np.uint32), sketches


def jaccard(one: str, other: str) -> float:
    """How many of the windows of both texts are in each: 1 for equal texts, 0 without a window in common."""
    hashed, begins = windows((one, other))
    middle = int(begins[1])
    n_left, n_right, n_either = _n_different(hashed[:middle]), _n_different(hashed[middle:]), _n_different(hashed)
    return (n_left + n_right - n_either) / n_either if n_either else 1.0


def nearly_equal(one: str, other: str, *, threshold: float) -> bool:
    """Whether the Jaccard is `threshold` or more, and not only because of what both begin with.

    Questions about one passage share most of their text and ask different things: after a common beginning that is
    most of it, what follows has to be alike too, unless it is only a few words.
    """
    if jaccard(one, other) < threshold:
        return False
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest = max(len(one), len(other)) - shared
    if rest < _FEW_CHARS or rest > shared:
        return True
    return jaccard(one[shared:], other[shared:]) >= _REST_LIKENESS


def _n_different(values: NDArray[np.uint64]) -> int:
    values = np.sort(values)
    return int(np.count_nonzero(values[1:] != values[:-1])) + (len(values) > 0)
