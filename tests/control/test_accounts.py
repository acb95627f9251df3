from __future__ import annotations

import pytest

from office import Office
from tunesmith import errors


def test_a_new_key_speaks_for_its_caller_and_its_secret_is_not_kept(office: Office) -> None:
    record, secret = office.accounts.create_key("laptop")
    assert office.accounts.authenticate(secret).key_id == record.id
    assert len(secret) >= len("sk-ts-") + 43
    database = office.data.folder / "tunesmith.db"
    on_disk = b"".join(path.read_bytes() for path in database.parent.glob("tunesmith.db*"))
    assert secret.encode() not in on_disk


@pytest.mark.parametrize("secret", ["", "sk-ts-nobody-has-this-key", "\ud800", "sk", "x" * 10_000])
def test_what_is_not_a_key_is_refused(office: Office, secret: str) -> None:
    office.accounts.create_key("laptop")
    with pytest.raises(errors.AuthenticationFailed) as refused:
        office.accounts.authenticate(secret)
    assert len(secret) < 3 or secret not in refused.value.message


def test_a_revoked_key_is_refused_and_revoking_twice_changes_nothing(office: Office) -> None:
    record, secret = office.accounts.create_key("laptop")
    first = office.accounts.revoke_key(record.id)
    office.clock.turn(60)
    assert office.accounts.revoke_key(record.id).revoked_at == first.revoked_at
    with pytest.raises(errors.AuthenticationFailed):
        office.accounts.authenticate(secret)


def test_the_first_key_can_be_replaced_but_not_revoked(office: Office) -> None:
    office.accounts.set_admin_key("sk-ts-old-admin-key")
    office.accounts.set_admin_key("sk-ts-new-admin-key")
    assert office.accounts.authenticate("sk-ts-new-admin-key").is_admin
    with pytest.raises(errors.AuthenticationFailed):
        office.accounts.authenticate("sk-ts-old-admin-key")
    with pytest.raises(errors.PermissionDenied):
        office.accounts.revoke_key("key_admin")


def test_an_unknown_key_id_is_not_found(office: Office) -> None:
    with pytest.raises(errors.NotFound):
        office.accounts.revoke_key("key_nobody")


def test_a_key_needs_a_name(office: Office) -> None:
    with pytest.raises(errors.InvalidRequest):
        office.accounts.create_key("  ")
