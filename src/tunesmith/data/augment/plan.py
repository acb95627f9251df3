"""What is asked for: which rows, from what, into which file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.data.augment.from_document import FromDocument
from tunesmith.data.augment.like_seeds import LikeSeeds
from tunesmith.data.augment.paraphrase import Paraphrase
from tunesmith.data.augment.passages import Passage, read_passages
from tunesmith.data.augment.recipe import Candidate, Recipe, RecipeName
from tunesmith.data.augment.seeds import Seed, SeedFile, read_questions, read_seeds
from tunesmith.data.augment.vary_answer import VaryAnswer
from tunesmith.data.formats import FormatName
from tunesmith.errors import InvalidRequest

RECIPES: tuple[RecipeName, ...] = ("paraphrase", "vary_answer", "like_seeds", "from_document")
MAX_ROWS_PER_REQUEST = 20
MAX_INSTRUCTIONS_CHARS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentPlan:
    """`seeds` is needed by every recipe but from_document, where it only prevents repetition; `document` by that one.

    `out` gets the rows, in the seeds' format (chat rows for a document alone). `validation` is the file that the
    tuned model will be measured on: no row near one of it is kept. `system` is the system prompt of rows made from a
    document. Names are what the user calls the files.
    """

    recipe: RecipeName
    out: Path
    seeds: Path | None = None
    document: Path | None = None
    validation: Path | None = None
    instructions: str = ""
    system: str | None = None
    rows_per_request: int = 5
    seed: int = 0
    seeds_name: str | None = None
    document_name: str | None = None

    @property
    def journal(self) -> Path:
        return self.out.with_name(self.out.name + ".journal")

    @property
    def source_name(self) -> str:
        """What the origin of a row names."""
        if self.recipe == "from_document" and self.document is not None:
            return self.document_name or self.document.name
        return self.seeds_name or (self.seeds.name if self.seeds else "")

    def check(self) -> None:
        """Raise InvalidRequest, naming the field, for what no run can do; never write over one of the inputs."""
        if self.recipe not in RECIPES:
            raise _invalid("recipe", f"is {self.recipe!r}; expected one of {', '.join(RECIPES)}")
        needed = "document" if self.recipe == "from_document" else "seeds"
        if getattr(self, needed) is None:
            raise _invalid(needed, f"is needed by the recipe {self.recipe}")
        if self.document is not None and self.recipe != "from_document":
            raise _invalid("document", f"is not used by the recipe {self.recipe}; use from_document")
        if not 1 <= self.rows_per_request <= MAX_ROWS_PER_REQUEST:
            raise _invalid("rows_per_request", f"is {self.rows_per_request}; expected 1 to {MAX_ROWS_PER_REQUEST}")
        if len(self.instructions) > MAX_INSTRUCTIONS_CHARS:
            raise _invalid("instructions", f"has more than {MAX_INSTRUCTIONS_CHARS:,} characters")
        for field in ("seeds", "document", "validation"):
            path = getattr(self, field)
            if path is not None and self.out.exists() and path.exists() and self.out.samefile(path):
                raise _invalid("out", f"is the same file as {field}; made rows go into a file of their own")
        if self.seeds and self.validation and _is_same_content(self.seeds, self.validation):
            raise _invalid(
                "seeds",
                "is the validation file; rows made from it would be trained on and then measured by it. Give the "
                "training file",
            )

    def to_json(self) -> dict[str, Any]:
        """What a journal must have been begun with to be gone on with: the request and the content of its inputs."""
        return {
            "recipe": self.recipe,
            "instructions": self.instructions,
            "system": self.system,
            "rows_per_request": self.rows_per_request,
            "seed": self.seed,
            "seeds": _sha256(self.seeds),
            "document": _sha256(self.document),
            "validation": _sha256(self.validation),
        }


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a plan, read."""

    recipe: Recipe
    format: FormatName
    seeds: tuple[Candidate, ...]
    values: tuple[dict[str, Any], ...]
    validation: tuple[Candidate, ...]


def read_inputs(plan: AugmentPlan) -> Inputs:
    """Raises InvalidRequest or InvalidFile for a plan or a file that cannot be used."""
    plan.check()
    seeds = read_seeds(plan.seeds, name=plan.seeds_name) if plan.seeds else None
    passages = read_passages(plan.document, name=plan.document_name) if plan.document else ()
    validation = read_questions(plan.validation) if plan.validation else ()
    recipe = _recipe(plan, seeds, passages)
    return Inputs(
        recipe=recipe,
        format=seeds.format if seeds else "chat",
        seeds=tuple(_as_candidate(one, plan.recipe) for one in seeds.seeds) if seeds else (),
        values=seeds.values if seeds else (),
        validation=tuple(_as_candidate(one, plan.recipe) for one in validation),
    )


def _recipe(plan: AugmentPlan, seeds: SeedFile | None, passages: Sequence[Passage]) -> Recipe:
    n, words, seed = plan.rows_per_request, plan.instructions, plan.seed
    if seeds is None or plan.recipe == "from_document":
        return FromDocument(passages, system=plan.system, rows_per_request=n, instructions=words, seed=seed)
    kinds: dict[str, type[Paraphrase | VaryAnswer | LikeSeeds]] = {
        "paraphrase": Paraphrase,
        "vary_answer": VaryAnswer,
        "like_seeds": LikeSeeds,
    }
    return kinds[plan.recipe](seeds.seeds, rows_per_request=n, instructions=words, seed=seed)


def _as_candidate(seed: Seed, recipe: RecipeName) -> Candidate:
    if recipe == "vary_answer":
        return Candidate(seed.messages, compared=seed.answer, group=f"line {seed.line}", seed_line=seed.line)
    return Candidate(seed.messages, compared=seed.question, seed_line=seed.line)


def _is_same_content(one: Path, other: Path) -> bool:
    return one.samefile(other) or (one.stat().st_size == other.stat().st_size and _sha256(one) == _sha256(other))


def _sha256(path: Path | None) -> str | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _invalid(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {what}.", param=field, code="invalid_value")
