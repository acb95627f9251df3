from __future__ import annotations

from pathlib import Path

from office import ALICE, Office, write_adapter
from tunesmith.control.runs import Weighed


def test_a_data_folder_that_was_moved_keeps_its_models(tmp_path: Path) -> None:
    office = Office(tmp_path / "before")
    job = office.running_job()
    folder = office.data.weights.publish(write_adapter(tmp_path / "step-5"), job.id, "step-5")
    office.data.weights.publish(write_adapter(tmp_path / "step-10"), job.id, "step-10")  # never recorded
    office.runs.record_checkpoint(job, 5, {"train_loss": 0.5}, Weighed(folder, "adapter"))
    office.data.close()
    (tmp_path / "before").rename(tmp_path / "after")

    office = Office(tmp_path / "after")
    office.data.check_and_tidy(now=0)
    checkpoint = office.jobs.checkpoints(ALICE, job.id).data[0]
    found = office.registry.get(ALICE, checkpoint.fine_tuned_model_checkpoint)
    assert found.folder == tmp_path / "after" / "models" / job.id / "step-5"
    assert (found.folder / "adapter_model.safetensors").is_file()
    assert not found.folder.with_name("step-10").exists()
    office.registry.delete(ALICE, found.name)
    assert not found.folder.exists()
    office.data.close()
