"""`tunesmith data prepare`: the dialogue of 2023 for prompts and completions, and its like for everything else."""

from tunesmith.data.prepare.any_file import prepare_any
from tunesmith.data.prepare.dialogue import Ask, Prepared, Say, prepare
from tunesmith.data.prepare.remediation import ValidatorError

__all__ = ["Ask", "Prepared", "Say", "ValidatorError", "prepare", "prepare_any"]
