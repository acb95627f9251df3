"""Training and validation rows, drawn as `DataFrame.sample(random_state=42)` draws them."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame

MAX_VALIDATION_ROWS = 1000
SEED = 42


def split(frame: Frame) -> tuple[Frame, Frame]:
    """80 % to train on (all but 1000 of more than 5000 rows) in the order drawn; the rest in the file's order."""
    import numpy as np

    n_train = max(frame.n_rows - MAX_VALIDATION_ROWS, int(frame.n_rows * 0.8))
    drawn = np.random.RandomState(SEED).choice(frame.n_rows, size=n_train, replace=False)
    train = frame.take(drawn.tolist())
    return train, frame.without(train.labels)
