"""An office on a real store in a temporary folder, with a clock that tests turn and ids that they can read."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.control.accounts import Accounts, Caller
from tunesmith.control.augmentations import Augmentations
from tunesmith.control.files import FileRecord, Files
from tunesmith.control.jobs import JobRecord, JobRequest, Jobs
from tunesmith.control.registry import BaseModel, Registry
from tunesmith.control.runs import Runs
from tunesmith.ids import NewId
from tunesmith.store.data_folder import DataFolder

ROWS = "".join(
    json.dumps({"messages": [{"role": "user", "content": f"say {n}"}, {"role": "assistant", "content": f"it is {n}"}]})
    + "\n"
    for n in range(12)
).encode()

ALICE = Caller("key_a", "proj_alice", "org-test", is_admin=False)
BOB = Caller("key_b", "proj_bob", "org-test", is_admin=False)


@dataclass
class Clock:
    time: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class CountingIds:
    counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __call__(self, kind: str) -> str:
        return f"{kind}-{next(self.counter)}"


class Office:
    def __init__(self, folder: Path, *, max_file_bytes: int = 1 << 20, new_id: NewId | None = None) -> None:
        self.clock = Clock()
        new_id = new_id or CountingIds()
        self.data = DataFolder(folder, new_id=new_id)
        self.accounts = Accounts(
            self.data.keys, pepper=self.data.pepper(), organization_id="org-test", clock=self.clock, new_id=new_id
        )
        self.files = Files(
            self.data.files,
            self.data.blobs,
            check_fine_tune_upload=lambda path: None,
            max_file_bytes=max_file_bytes,
            clock=self.clock,
            new_id=new_id,
        )
        base = BaseModel("nano", Path("/models/nano"), created=1)
        self.registry = Registry(
            self.data.models,
            bases={"nano": base},
            aliases={"gpt-4o-mini": "nano", "babbage-002": "nano"},
            text_names=frozenset({"babbage-002"}),
        )
        self.jobs = Jobs(
            self.data.jobs,
            self.files,
            self.registry,
            organization_name="personal",
            clock=self.clock,
            new_id=new_id,
            new_seed=lambda: 7,
        )
        self.augmentations = Augmentations(
            self.data.augmentations,
            self.files,
            self.registry,
            recipes=("paraphrase", "like_seeds"),
            endpoints={"elsewhere": object()},
            clock=self.clock,
            new_id=new_id,
        )
        self.runs = Runs(self.data.jobs, lease_s=30, max_lost_workers=5, clock=self.clock, new_id=new_id)

    def upload(
        self,
        content: bytes = ROWS,
        *,
        caller: Caller = ALICE,
        purpose: str = "fine-tune",
        filename: str = "rows.jsonl",
        expires_after_s: int | None = None,
    ) -> FileRecord:
        upload = self.files.begin_upload()
        try:
            upload.write(content)
            return self.files.create(
                caller, blob=upload.commit(), filename=filename, purpose=purpose, expires_after_s=expires_after_s
            )
        finally:
            upload.abort()

    def create_job(self, *, caller: Caller = ALICE, **request: object) -> JobRecord:
        training_file = request.pop("training_file", None) or self.upload(caller=caller).id
        return self.jobs.create(
            caller, JobRequest(model=request.pop("model", "gpt-4o-mini"), training_file=training_file, **request)
        )

    def queued_job(self, **request: object) -> JobRecord:
        job = self.create_job(**request)
        claimed = self.runs.claim_next("validation", "w")
        assert claimed is not None
        assert claimed.id == job.id
        return self.runs.files_validated(claimed, [])

    def running_job(self, **request: object) -> JobRecord:
        self.queued_job(**request)
        job = self.runs.claim_next("run", "w")
        assert job is not None
        return job

    def messages(self, job: JobRecord) -> list[str]:
        return [event.message for event in self.jobs.events_since(job.id, 0)]

    def temporary_files(self) -> list[Path]:
        return list((self.data.folder / "tmp").iterdir())


def write_adapter(folder: Path, content: str = "weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_text(content)
    return folder
