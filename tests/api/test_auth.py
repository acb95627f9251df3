from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx2
import pytest

PUBLIC = {("GET", "/healthz")}


def walk(routes) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from walk(route.original_router.routes)
        else:
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


def test_every_route_but_the_health_check_needs_a_key(shared_service) -> None:
    from tunesmith.api.server import create_app

    found = set(walk(create_app(shared_service.services).routes))
    assert {("POST", "/v1/files"), ("GET", "/openapi.json"), ("POST", "/tunesmith/v1/keys")} < found
    open_routes = set()
    with httpx2.Client(base_url=shared_service.url) as stranger:
        for method, path in found:
            url = path.replace("{", "").replace("}", "").replace(":path", "")
            if stranger.request(method, url).status_code != 401:
                open_routes.add((method, path))
    assert open_routes == PUBLIC


def test_no_key_is_401_with_openais_words(shared_service) -> None:
    answer = httpx2.get(f"{shared_service.url}/v1/models")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    error = answer.json()["error"]
    assert error["message"].startswith("You didn't provide an API key.")
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", None, None)


def test_a_wrong_key_is_named_by_its_ends_only(shared_service) -> None:
    answer = httpx2.get(f"{shared_service.url}/v1/models", headers={"authorization": "Bearer sk-wrong-0123456789-end"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (401, "invalid_api_key")
    assert "Incorrect API key provided" in error["message"]
    assert "0123456789" not in error["message"]


@pytest.mark.parametrize("header", ["Bearer", "Basic !!!", "Digest abc", "Bearer \u00ff\u00fe", "bearer nope"])
def test_a_strange_authorization_header_is_401(shared_service, header: str) -> None:
    answer = httpx2.get(f"{shared_service.url}/v1/models", headers={"authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_the_key_may_come_as_the_password_of_basic(shared_service) -> None:
    basic = base64.b64encode(f":{shared_service.key}".encode()).decode()
    assert httpx2.get(f"{shared_service.url}/v1/models", headers={"authorization": f"Basic {basic}"}).status_code == 200


def test_the_key_is_checked_before_the_body_is_read(shared_service) -> None:
    answer = httpx2.post(f"{shared_service.url}/v1/chat/completions", content=b"not json")
    assert answer.status_code == 401


def test_keys_are_made_listed_and_revoked_by_an_admin(shared_service) -> None:
    made = shared_service.http.post("/tunesmith/v1/keys", json={"name": "laptop"}).json()
    assert made["secret"].startswith("sk-")
    headers = {"authorization": f"Bearer {made['secret']}"}
    assert httpx2.get(f"{shared_service.url}/v1/models", headers=headers).status_code == 200
    assert httpx2.get(f"{shared_service.url}/tunesmith/v1/keys", headers=headers).status_code == 403

    listed = shared_service.http.get("/tunesmith/v1/keys").json()["data"]
    assert made["id"] in [key["id"] for key in listed]
    assert made["secret"] not in str(listed)

    assert shared_service.http.delete(f"/tunesmith/v1/keys/{made['id']}").status_code == 200
    assert httpx2.get(f"{shared_service.url}/v1/models", headers=headers).status_code == 401


def test_an_unknown_key_cannot_be_revoked(shared_service) -> None:
    answer = shared_service.http.delete("/tunesmith/v1/keys/key_nope")
    assert answer.status_code == 404
    assert "key_nope" in answer.json()["error"]["message"]


def test_health_answers_without_a_key(shared_service) -> None:
    assert httpx2.get(f"{shared_service.url}/healthz").json()["status"] == "ok"
