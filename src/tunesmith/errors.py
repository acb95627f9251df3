"""The exceptions that travel between rooms. They carry facts; each dialect of the API words and numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunesmith.findings import Finding


class TunesmithError(Exception):
    """Something the caller can understand: what was found, what was expected, what to do next.

    `param` names the offending field and `code` is the machine-readable reason, in OpenAI's words where it has one.
    """

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code


class InvalidRequest(TunesmithError):
    """The request cannot be carried out as asked; asking the same again will not help."""


class InvalidFile(InvalidRequest):
    """A data file cannot be used; `findings` say which lines and why."""

    def __init__(
        self,
        message: str,
        *,
        findings: Sequence[Finding] = (),
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.findings = tuple(findings)


class InvalidModel(InvalidRequest):
    """A model folder or adapter cannot be loaded safely."""


class TooLarge(InvalidRequest):
    """The body or file is over the limit."""


class AuthenticationFailed(TunesmithError):
    """No key, or a key that is not ours."""


class PermissionDenied(TunesmithError):
    """The key is good, but not for this."""


class NotFound(TunesmithError):
    """There is no such thing, or it belongs to somebody else."""


class Conflict(TunesmithError):
    """The thing is not in a state in which this can be done."""


class RateLimited(TunesmithError):
    """Too many requests or tokens; `retry_after_s` says when to come back."""

    def __init__(self, message: str, *, retry_after_s: float, code: str | None = "rate_limit_exceeded") -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class EngineUnavailable(TunesmithError):
    """The engine of a model is starting, overloaded or gone; the request may be repeated."""


class StorageFull(TunesmithError):
    """The disk has no room for what was being written; nothing half-written was kept."""


class TrainingFailed(TunesmithError):
    """A run cannot go on; the message names the reason and the rows."""
