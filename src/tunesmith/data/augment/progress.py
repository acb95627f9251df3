"""How far an augmentation is, counted honestly: what was asked for, what was kept, and why the rest was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tunesmith.data.augment.reasons import REASONS
from tunesmith.findings import Language

Status = Literal["running", "done", "stopped", "exhausted", "endpoint_failed"]
"""`done`: as many rows as wanted. `exhausted`: there is nothing new to ask, or nothing useful comes any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`n_kept` rows of `n_asked` are in the output or could be, `n_removed` more the user has refused.

    `n_asked` is `n_kept + n_removed + sum(refused.values())`. `message` says what went wrong with the endpoint, or
    why nothing more comes.
    """

    status: Status
    n_wanted: int
    n_asked: int
    n_kept: int
    n_removed: int
    n_requests: int
    refused: Mapping[str, int]
    message: str = ""
    message_zh: str = ""

    def summary(self, language: Language = "en") -> str:
        """`kept 3 of 40: 20 duplicates, 17 not parseable`."""
        place = 1 if language == "zh" else 0
        counts = {code: self.refused[code] for code in REASONS if self.refused.get(code)}
        if language == "zh":
            told = [f"{count} 条{REASONS[code][place]}" for code, count in counts.items()]
            told += [f"{self.n_removed} 条被您退回"] if self.n_removed else []
            return f"共请求 {self.n_asked} 条，保留 {self.n_kept} 条" + (f"：{'，'.join(told)}" if told else "")
        told = [f"{count} {REASONS[code][place]}" for code, count in counts.items()]
        told += [f"{self.n_removed} refused by you"] if self.n_removed else []
        return f"kept {self.n_kept} of {self.n_asked}" + (f": {', '.join(told)}" if told else "")

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "refused": dict(self.refused),
            "summary": self.summary(),
            "summary_zh": self.summary("zh"),
        }
