"""The permissively licensed text that tunesmith-nano reads, as documents of plain rows."""

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LICENCES = {
    "zh_smile_clean": "CC0-1.0",
    "zh_kdconv_devtest": "Apache-2.0",
    "zh_asp_children_stories": "CC BY",
    "bi_tatoeba_en_zh": "CC BY 2.0 FR",
    "en_classic_books_subset": "public domain",
    "en_star_dialogues": "MIT",
    "en_synthetic_persona_chat": "CC BY 4.0",
    "en_taskmaster4_coffee": "CC BY 4.0",
}
"""Every file that is read, with its licence. Share-alike files are left out: the weights are not share-alike."""


def rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Rows of one source file, in file order."""
    assert name in LICENCES, f"{name} is not on the list of permissive sources"
    with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
