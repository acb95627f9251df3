"""`tunesmith data prepare`: the dialogue of 2023 for prompts and completions, and its like for everything else."""

from tunesmith.data.prepare.dialogue import Ask, Prepared, Say, prepare

__all__ = ["Ask", "Prepared", "Say", "prepare"]
