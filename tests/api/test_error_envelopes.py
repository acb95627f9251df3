"""Each row of OpenAI's table of errors, and what holds for every answer."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator

import openai
import pytest

from tunesmith import errors

KEYS = {"message", "type", "param", "code"}


@pytest.mark.parametrize("path", ["/v1/foo", "/foo", "/", "/v1"])
def test_an_unknown_url_is_404(shared_service, path: str) -> None:
    answer = shared_service.http.post(path, json={})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"message": f"Invalid URL (POST {path})", "type": "invalid_request_error", "param": None, "code": None}
    }


def test_a_wrong_method_is_405(shared_service) -> None:
    answer = shared_service.http.get("/v1/chat/completions")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (405, "method_not_supported")
    assert error["message"] == (
        "Not allowed to GET on /v1/chat/completions. (HINT: Perhaps you meant to use a different HTTP method?)"
    )


@pytest.mark.parametrize("path", ["", "/cancel", "/pause", "/resume", "/events", "/checkpoints"])
def test_an_unknown_job_is_404(shared_service, path: str) -> None:
    method = "POST" if path in ("/cancel", "/pause", "/resume") else "GET"
    answer = shared_service.http.request(method, f"/v1/fine_tuning/jobs/ftjob-nope{path}")
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "message": "Could not find fine tune: ftjob-nope",
        "type": "invalid_request_error",
        "param": "fine_tune_id",
        "code": "fine_tune_not_found",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,",
        b'{"model": NaN}',
        b'{"model": Infinity}',
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"{'model': 'x'}",
    ],
)
def test_bad_json_is_400(shared_service, body: bytes) -> None:
    answer = shared_service.http.post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("We could not parse the JSON body of your request.")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_json_that_is_no_object_is_400(shared_service, body: bytes) -> None:
    answer = shared_service.http.post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == KEYS


def test_a_number_too_large_for_a_float_is_400(shared_service) -> None:
    body = b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a"}], "temperature": 1e999}'
    answer = shared_service.http.post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


def test_a_body_that_is_not_json_is_415(shared_service) -> None:
    answer = shared_service.http.post("/v1/chat/completions", data={"model": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_content_type")


def test_a_json_body_over_the_limit_is_413(shared_service, monkeypatch) -> None:
    monkeypatch.setattr("tunesmith.api.route.MAX_JSON_BYTES", 1000)
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x" * 2000}]}
    answer = shared_service.http.post("/v1/chat/completions", json=body)
    assert (answer.status_code, set(answer.json()["error"])) == (413, KEYS)


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=10001", "limit", "integer_above_max_value"),
        ("limit=ten", "limit", "invalid_type"),
        ("order=up", "order", "invalid_value"),
    ],
)
def test_a_bad_query_is_400(shared_service, query: str, param: str, code: str) -> None:
    answer = shared_service.http.get(f"/v1/files?{query}")
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error


def test_an_unknown_after_is_an_empty_page_or_404(shared_service) -> None:
    for path in ("/v1/files", "/v1/fine_tuning/jobs"):
        answer = shared_service.http.get(f"{path}?after=nope")
        assert answer.status_code in (200, 404), answer.text
        if answer.status_code == 200:
            assert (answer.json()["data"], answer.json()["has_more"]) == ([], False)


@pytest.mark.parametrize(
    ("raised", "status", "retry"),
    [
        (errors.AuthenticationFailed("x"), 401, None),
        (errors.PermissionDenied("x"), 403, None),
        (errors.NotFound("x"), 404, None),
        (errors.InvalidFile("x"), 400, None),
        (errors.InvalidModel("x"), 400, None),
        (errors.TooLarge("x"), 413, None),
        (errors.Conflict("x"), 400, None),
        (errors.RateLimited("x", retry_after_s=2.5), 429, None),
        (errors.EngineUnavailable("x"), 503, None),
        (errors.StorageFull("x"), 507, "false"),
        (RuntimeError("secret detail"), 500, "false"),
    ],
)
def test_every_exception_has_its_status(
    shared_service, monkeypatch, raised: Exception, status: int, retry: str | None
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(type(shared_service.services.registry), "list", fail)
    answer = shared_service.http.get("/v1/models")
    assert answer.status_code == status
    assert answer.headers.get("x-should-retry") == retry
    assert set(answer.json()["error"]) == KEYS
    assert "secret detail" not in answer.text
    assert answer.headers["x-request-id"].startswith("req_")
    if status == 429:
        assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("3", "2500")


def test_every_answer_carries_openais_headers(service, client) -> None:
    answer = service.http.get("/v1/models")
    assert re.fullmatch(r"req_[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["openai-version"] == "2020-10-01"
    assert answer.headers["openai-organization"].startswith("org-")
    assert answer.headers["openai-processing-ms"].isdigit()
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("nope")
    assert missing.value.request_id.startswith("req_")


def test_browsers_are_welcome(shared_service) -> None:
    asked = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    preflight = shared_service.http.options(
        "/v1/chat/completions", headers={**asked, "access-control-request-headers": "authorization"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "authorization"
    assert shared_service.http.get("/v1/models", headers=asked).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["//v1//models", "/v1/models/", "/v1///models//gpt-4o-mini"])
def test_stray_slashes_are_forgiven(shared_service, path: str) -> None:
    assert shared_service.http.get(shared_service.url + path).status_code == 200


def test_the_openapi_document_knows_the_routes_and_their_bodies(shared_service) -> None:
    document = shared_service.http.get("/openapi.json").json()
    assert "/v1/fine_tuning/jobs/{job_id}/checkpoints" in document["paths"]
    assert "ChatCompletionRequest" in document["components"]["schemas"]
    upload = document["paths"]["/v1/files"]["post"]["requestBody"]["content"]
    assert "multipart/form-data" in upload
    assert "HTTPBearer" in document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"200", "4XX", "5XX"} <= operation["responses"].keys()
            assert "422" not in operation["responses"]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 1 MiB: the operating system itself refuses the next byte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_507_and_leaves_nothing(service, full_disk) -> None:
    content = b'{"a": 1}\n' * 400_000
    answer = service.http.post("/v1/files", files={"file": ("a.jsonl", content)}, data={"purpose": "batch"})
    assert (answer.status_code, answer.headers["x-should-retry"]) == (507, "false")
    assert "Free some space" in answer.json()["error"]["message"]
    assert service.left_over_uploads() == []
    small = service.http.post("/v1/files", files={"file": ("a.jsonl", content[:900])}, data={"purpose": "batch"})
    assert small.status_code == 200
