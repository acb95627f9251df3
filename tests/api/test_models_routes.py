from __future__ import annotations

import openai
import pytest


@pytest.fixture
def client(shared_service) -> openai.OpenAI:
    return shared_service.client()


def test_base_models_and_openais_names_are_listed(client) -> None:
    models = client.models.list()
    assert models.object == "list"
    assert {"tunesmith-nano", "gpt-4o-mini", "babbage-002"} <= {model.id for model in models}
    assert {model.object for model in models.data} == {"model"}


def test_a_model_is_retrieved_under_the_name_as_asked(client) -> None:
    model = client.models.retrieve("gpt-4o-mini")
    assert model.id == "gpt-4o-mini"
    assert isinstance(model.created, int)


@pytest.mark.parametrize("name", ["abc", "Qwen/Qwen2.5-0.5B", "ft:Qwen/Qwen2.5-0.5B:org::abc:ckpt-step-10"])
def test_an_unknown_model_is_404_also_with_slashes_in_its_name(client, name: str) -> None:
    for call in (client.models.retrieve, client.models.delete):
        with pytest.raises(openai.NotFoundError) as missing:
            call(name)
        assert missing.value.body["message"] == f"The model '{name}' does not exist"
        assert (missing.value.param, missing.value.code) == ("model", "model_not_found")


def test_a_percent_encoded_name_is_decoded(shared_service) -> None:
    error = shared_service.http.get("/v1/models/ft%3Aa%2Fb%3Ac").json()["error"]
    assert error["message"] == "The model 'ft:a/b:c' does not exist"


def test_a_base_model_cannot_be_deleted(client) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="base model"):
        client.models.delete("tunesmith-nano")
