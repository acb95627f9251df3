"""Against what rows are checked: the model that will learn them, the file that will measure them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EMBEDDED = "tunesmith-nano"

TokenModel = Annotated[
    str,
    typer.Option("--model", help="Whose tokens to count: tunesmith-nano, or a model's folder; none: characters only."),
]
Validation = Annotated[
    Path | None, typer.Option("--validation", metavar="FILE", help="Also look for rows that are in both files.")
]


def tokenizer_of(model: str) -> tuple[Path | None, int | None]:
    """The folder whose tokenizer counts, and how many tokens that model can hold. Raises InvalidModel."""
    if model == "none":
        return None, None
    from tunesmith.models.folder import find_base
    from tunesmith.models.nano import nano_folder

    base = find_base(model, models={EMBEDDED: nano_folder()})
    return base.folder, base.facts.context_length
