"""How many epochs "auto" is, from the number of examples alone.

Source: OpenAI cookbook, "Data preparation and analysis for chat model fine-tuning".
"""

from __future__ import annotations

TARGET_EPOCHS = 3
# Examples seen in all epochs together.
MIN_SEEN, MAX_SEEN = 100, 25_000
MAX_EPOCHS = 25


def auto_epochs(n_examples: int) -> int:
    """TARGET_EPOCHS; more of a small file, fewer of a large one."""
    if n_examples * TARGET_EPOCHS < MIN_SEEN:
        return min(MAX_EPOCHS, MIN_SEEN // n_examples)
    if n_examples * TARGET_EPOCHS > MAX_SEEN:
        return max(1, MAX_SEEN // n_examples)
    return TARGET_EPOCHS
