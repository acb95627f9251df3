from __future__ import annotations

from pathlib import Path

import pytest

from office import ALICE, BOB, Office, write_adapter
from tunesmith import errors
from tunesmith.control.jobs import JobRecord
from tunesmith.control.runs import Weighed


def tuned(office: Office, tmp_path: Path, *, weights: str = "adapter", **request: object) -> JobRecord:
    job = office.running_job(**request)
    folder = office.data.weights.publish(write_adapter(tmp_path / f"final-{job.id}"), job.id, "final")
    results = office.files.begin_upload()
    results.write(b"step\n")
    return office.runs.succeed(
        job, published=Weighed(folder, weights), trained_tokens=1, results=results.commit(), results_name="r.csv"
    )


def test_a_base_model_answers_to_its_name_and_its_aliases(office: Office) -> None:
    for name, style in (("nano", "chat"), ("gpt-4o-mini", "chat"), ("babbage-002", "text")):
        resolved = office.registry.resolve(ALICE, name)
        assert (resolved.name, resolved.base_folder, resolved.adapter) == (name, Path("/models/nano"), None)
        assert resolved.style == style


def test_the_list_has_bases_aliases_and_the_callers_own_models(office: Office, tmp_path: Path) -> None:
    job = tuned(office, tmp_path)
    assert [model.name for model in office.registry.list(BOB)] == ["nano", "gpt-4o-mini", "babbage-002"]
    mine = office.registry.list(ALICE)
    assert mine[-1].name == job.fine_tuned_model
    assert mine[-1].owned_by == "org-test"


def test_a_model_of_another_project_does_not_exist(office: Office, tmp_path: Path) -> None:
    job = tuned(office, tmp_path)
    name = str(job.fine_tuned_model)
    for ask in (office.registry.get, office.registry.resolve, office.registry.delete):
        with pytest.raises(errors.NotFound, match="does not exist") as missing:
            ask(BOB, name)
        assert missing.value.code == "model_not_found"


def test_deleting_a_tuned_model_removes_its_weights(office: Office, tmp_path: Path) -> None:
    job = tuned(office, tmp_path)
    name = str(job.fine_tuned_model)
    folder = office.registry.get(ALICE, name).folder
    office.registry.delete(ALICE, name)
    assert not folder.exists()
    with pytest.raises(errors.NotFound):
        office.registry.delete(ALICE, name)


def test_a_base_model_cannot_be_deleted(office: Office) -> None:
    for name in ("nano", "gpt-4o-mini"):
        with pytest.raises(errors.PermissionDenied, match="base model"):
            office.registry.delete(ALICE, name)


def test_training_goes_on_from_a_tuned_model_under_the_first_name(office: Office, tmp_path: Path) -> None:
    first = tuned(office, tmp_path, model="babbage-002")
    second = office.create_job(model=first.fine_tuned_model, suffix="more")
    assert (second.base, second.starts_from, second.style) == ("nano", first.fine_tuned_model, "text")
    assert second.model_name.startswith("ft:babbage-002:personal:more:")


def test_an_adapter_on_a_fully_tuned_model_is_loaded_over_that_model(office: Office, tmp_path: Path) -> None:
    full = tuned(office, tmp_path, weights="full")
    below = office.registry.resolve(ALICE, str(full.fine_tuned_model))
    assert below.adapter is None
    second = tuned(office, tmp_path, model=full.fine_tuned_model)
    resolved = office.registry.resolve(ALICE, str(second.fine_tuned_model))
    assert resolved.base_folder == below.base_folder
    assert resolved.adapter is not None


def test_a_model_that_an_unfinished_job_starts_from_cannot_be_deleted(office: Office, tmp_path: Path) -> None:
    first = tuned(office, tmp_path)
    name = str(first.fine_tuned_model)
    job = office.create_job(model=name)
    with pytest.raises(errors.InvalidRequest, match=job.id):
        office.registry.delete(ALICE, name)
    office.jobs.cancel(ALICE, job.id)
    office.registry.delete(ALICE, name)
