"""tunesmith-nano: the small bilingual base model that travels inside the package."""

from pathlib import Path


def nano_folder() -> Path:
    """The Hugging Face folder of tunesmith-nano: weights, config, tokenizer and chat template. Imports no torch."""
    return Path(__file__).parent
