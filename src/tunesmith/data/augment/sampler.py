"""Whoever answers the recipes' prompts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tunesmith.errors import TunesmithError

ChatMessage = dict[str, str]
"""{"role", "content"}, as every chat endpoint takes it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said; `was_cut` when it ran into the limit of tokens. Untrusted text."""

    text: str
    was_cut: bool = False
    n_tokens: int = 0


class Sampler(Protocol):
    """`model` is the name written into the origin of every row."""

    @property
    def model(self) -> str: ...

    def sample(self, messages: Sequence[ChatMessage], *, give_up: threading.Event) -> Answer:
        """One answer; called from several threads at once.

        Raises EndpointFailed when no answer can be had now, PromptRefused when this prompt never gets one. `give_up`
        is set when the caller stops: waiting between attempts then ends with EndpointFailed.
        """
        ...


class EndpointFailed(TunesmithError):
    """The endpoint gives no answers now: unreachable, overloaded, or the key or model is wrong."""


class PromptRefused(TunesmithError):
    """The endpoint refuses this prompt (too long, filtered); others may pass."""
