"""Keys, and whom they speak for."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tunesmith import errors
from tunesmith.ids import Clock, NewId

DEFAULT_PROJECT = "proj_default"
ADMIN_KEY_ID = "key_admin"
PREFIX = "sk-ts-"

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY). Make a key with `tunesmith keys create`."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: every query of the office takes the caller's project."""

    key_id: str
    project_id: str
    organization_id: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it may be shown again: `hint` is its last four characters, the secret itself is not kept."""

    id: str
    name: str
    project_id: str
    is_admin: bool
    hint: str
    created_at: int
    revoked_at: int | None = None


class KeyStore(Protocol):
    def insert(self, record: KeyRecord, digest: bytes) -> None: ...
    def replace(self, record: KeyRecord, digest: bytes) -> None: ...
    def by_digest(self, digest: bytes) -> KeyRecord | None: ...
    def list(self) -> Sequence[KeyRecord]: ...
    def revoke(self, key_id: str, at: int) -> KeyRecord | None: ...


class Accounts:
    def __init__(self, store: KeyStore, *, pepper: bytes, organization_id: str, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._pepper = pepper
        self._organization_id = organization_id
        self._clock = clock
        self._new_id = new_id

    def authenticate(self, secret: str) -> Caller:
        """The caller of this key; raises AuthenticationFailed for an empty, unknown or revoked one."""
        if not secret:
            raise errors.AuthenticationFailed(NO_KEY)
        record = self._store.by_digest(self._digest(secret))
        if record is None or record.revoked_at is not None:
            raise errors.AuthenticationFailed(
                f"Incorrect API key provided: {masked(secret)}. "
                "List the keys of this service with `tunesmith keys list`.",
                code="invalid_api_key",
            )
        return Caller(record.id, record.project_id, self._organization_id, record.is_admin)

    def create_key(self, name: str, *, is_admin: bool = False) -> tuple[KeyRecord, str]:
        """A new key and its secret, which cannot be shown again."""
        if not name.strip() or len(name) > 100:
            raise errors.InvalidRequest(
                "A key needs a name of 1 to 100 characters.", param="name", code="invalid_value"
            )
        secret = new_secret()
        record = self._record(self._new_id("key"), name.strip(), secret, is_admin=is_admin)
        self._store.insert(record, self._digest(secret))
        return record, secret

    def set_admin_key(self, secret: str) -> KeyRecord:
        """Make this secret the first key; the secret that was the first key before is forgotten."""
        record = self._record(ADMIN_KEY_ID, "admin", secret, is_admin=True)
        self._store.replace(record, self._digest(secret))
        return record

    def list_keys(self) -> Sequence[KeyRecord]:
        return self._store.list()

    def revoke_key(self, key_id: str) -> KeyRecord:
        if key_id == ADMIN_KEY_ID:
            raise errors.PermissionDenied(
                "The first key cannot be revoked. Start the service with another TUNESMITH_ADMIN_KEY to replace it.",
                param="id",
            )
        record = self._store.revoke(key_id, int(self._clock()))
        if record is None:
            raise errors.NotFound(f"No such key: {key_id}", param="id")
        return record

    def _record(self, key_id: str, name: str, secret: str, *, is_admin: bool) -> KeyRecord:
        return KeyRecord(key_id, name, DEFAULT_PROJECT, is_admin, secret[-4:], int(self._clock()))

    def _digest(self, secret: str) -> bytes:
        return hmac.digest(self._pepper, secret.encode("utf-8", "surrogatepass"), "sha256")


def new_secret() -> str:
    """256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def masked(secret: str) -> str:
    """A wrong key as it may be repeated in an error: its ends only."""
    return f"{secret[:5]}***{secret[-2:]}" if len(secret) > 12 else "***"
