"""Every threshold of the checks: a name, a default, and where the number comes from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class LintSettings:
    """Shares are parts of 1, lengths are in characters unless they say otherwise."""

    min_examples: int = 10
    advised_examples: int = 50
    max_refusal_share: float = 0.1
    min_refusals: int = 3
    max_label_length: int = 60
    max_labels: int = 50
    max_answer_share: float = 0.7
    max_repeated_share: float = 0.05
    max_label_ratio: float = 10
    long_answer_length: int = 4000
    long_answer_ratio: float = 20
    terse_answer_length: int = 16
    mixed_style_share: float = 0.2
    repetition_length: int = 600
    repetition_ratio: float = 0.1
    foreign_answer_share: float = 0.7
    similar_system_prompts: float = 0.9
    extractive_share: float = 0.9
    min_extractive_rows: int = 30
    pair_length_share: float = 0.8
    passage_length: int = 256
    max_passage_share: float = 0.1
    min_shared_share: float = 0.1
    near_duplicate_similarity: float = 0.8


_OURS = "ours, set so that none of 40 real sets gets a finding that a reader would call wrong: "

SOURCES: dict[str, str] = {
    "min_examples": "OpenAI refuses fine-tuning files with fewer than 10 examples",
    "advised_examples": "OpenAI's guide: clear improvements from 50 to 100 examples",
    "max_refusal_share": "OpenAI's guide: 60 % refusals in training against 5 % wanted makes a model over-refuse; "
    "twice the wanted 5 % is worth a look",
    "min_refusals": "ours: one or two refusals in a small set are no habit yet",
    "max_label_length": _OURS + "longer answers are sentences, not labels",
    "max_labels": _OURS + "more different answers are not a classification",
    "max_answer_share": _OURS + "a model that always says this answer would be right that often",
    "max_repeated_share": _OURS + "one answer to every twentieth question, where answers are free text",
    "max_label_ratio": _OURS + "imbalanced-learn and its literature call 1:10 the beginning of strong imbalance",
    "long_answer_length": _OURS + "about 1,000 tokens of English",
    "long_answer_ratio": _OURS + "this many times the median",
    "terse_answer_length": _OURS + "half of the answers are a few words",
    "mixed_style_share": _OURS + "a style of fewer rows than a fifth is an exception, not a mix",
    "repetition_length": "ours: shorter answers repeat themselves for good reasons (lists, tables)",
    "repetition_ratio": "ours: zlib brings prose to about 0.4 of its size, tables to 0.2, a loop below 0.1 "
    '("Eat a banana!" 2,000 times: 0.004)',
    "foreign_answer_share": "ours: above it the file is a translation task, and another language is what it teaches",
    "similar_system_prompts": "difflib's ratio: its documentation calls 0.6 close; typing errors stay above 0.9",
    "extractive_share": _OURS + "if nine answers of ten stand in their prompts word for word, the tenth should too",
    "near_duplicate_similarity": "SlimPajama (2023) and Lee et al. 2022 (arXiv:2107.06499): documents of 0.8 and more",
    "min_extractive_rows": _OURS + "a habit needs about thirty rows to show",
    "pair_length_share": "Singhal et al. 2023 (arXiv:2310.03716): preferences that go by length teach length; "
    "the share is ours",
    "passage_length": _OURS + "a paragraph of 45 English words is no longer a turn of phrase",
    "max_passage_share": _OURS + "what more rows begin with is an instruction",
    "min_shared_share": _OURS + "below it a random split hardly matters",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One field of LintSettings, as people see it."""

    name: str
    default: Any
    source: str


THRESHOLDS: dict[str, Threshold] = {
    field.name: Threshold(field.name, field.default, SOURCES[field.name]) for field in fields(LintSettings)
}
