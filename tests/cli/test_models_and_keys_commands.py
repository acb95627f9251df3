"""tunesmith models and tunesmith keys."""

from __future__ import annotations

from typing import Any

MODEL = {"id": "ft:m:p::x", "object": "model", "created": 1_780_000_000, "owned_by": "org-tunesmith"}
KEY = {
    "id": "key_1",
    "object": "key",
    "name": "ci",
    "project_id": "proj_default",
    "is_admin": False,
    "hint": "wxyz",
    "created_at": 1_780_000_000,
    "revoked_at": None,
}


def test_models_are_listed(cli: Any, service: Any) -> None:
    service.on("GET /v1/models", {"object": "list", "data": [MODEL]})
    assert "ft:m:p::x" in cli("models", "list").stdout
    assert cli.json("models", "list", "--json") == [MODEL]


def test_a_models_name_travels_as_one_path_segment(cli: Any, service: Any) -> None:
    service.on("GET /v1/models/ft:Qwen/Qwen3:p::x", {**MODEL, "id": "ft:Qwen/Qwen3:p::x"})
    seen = []
    answer = service.answers["GET /v1/models/ft:Qwen/Qwen3:p::x"]
    service.on(
        "GET /v1/models/ft:Qwen/Qwen3:p::x",
        lambda request, body: (seen.append(request.scope["raw_path"]), answer(request, body))[1],
    )
    assert cli("models", "show", "ft:Qwen/Qwen3:p::x").exit_code == 0
    assert seen == [b"/v1/models/ft:Qwen%2FQwen3:p::x"]


def test_a_model_is_deleted_after_a_question(cli: Any, service: Any) -> None:
    service.on("DELETE /v1/models/ft:m:p::x", {"id": "ft:m:p::x", "object": "model", "deleted": True})
    assert cli("models", "delete", "ft:m:p::x", stdin="n\n").exit_code == 1
    assert cli("models", "delete", "ft:m:p::x", stdin="y\n").stdout.endswith("Deleted ft:m:p::x\n")


def test_a_new_keys_secret_is_all_that_stdout_gets(cli: Any, service: Any) -> None:
    service.on("POST /tunesmith/v1/keys", {**KEY, "secret": "sk-ts-new"})
    result = cli("keys", "create", "ci")
    assert result.stdout == "sk-ts-new\n"
    assert service.sent("POST /tunesmith/v1/keys") == [{"name": "ci"}]


def test_keys_are_listed_and_revoked(cli: Any, service: Any) -> None:
    service.on("GET /tunesmith/v1/keys", {"object": "list", "data": [KEY]})
    service.on("DELETE /tunesmith/v1/keys/key_1", {**KEY, "revoked_at": 1_780_000_001})
    assert "...wxyz" in cli("keys", "list").stdout
    assert cli("keys", "revoke", "key_1", "--yes").stdout == "Revoked key_1  ci\n"


def test_a_key_without_the_right_is_told_which_one_is_needed(cli: Any, service: Any) -> None:
    service.on("GET /tunesmith/v1/keys", lambda request, body: service.error(403, "This needs an admin key."))
    result = cli("keys", "list")
    assert result.exit_code == 1
    assert "admin.key" in result.stderr
