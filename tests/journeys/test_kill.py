"""kill -9 at random moments of one run changes nothing: not a byte of the result, not an event."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import openai
import pytest
from openai.types.fine_tuning import FineTuningJob

N_KILLS = 20
N_ROWS = 120
STEPS_PER_EPOCH = 30
N_EPOCHS = 20
LONGEST_START_S = 6.0  # kills within it mostly hit the loading of libraries, files and the checkpoint
N_EARLY_KILLS = 6
MOST_EARLY_KILLS_IN_A_ROW = 3  # a job that gets no further five times is given up, as it should be
DEADLINE_S = 900.0

ROWS = "".join(
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": f"What comes after {n}? {'Think. ' * (n % 7)}"},
                {"role": "assistant", "content": f"After {n} comes {n + 1}."},
            ]
        }
    )
    + "\n"
    for n in range(N_ROWS)
).encode()


class KilledService:
    """`tunesmith serve` on a data folder; its processes can be killed, and it can be started again."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        service_file = self.data_dir / "service.json"
        service_file.unlink(missing_ok=True)
        self.data_dir.mkdir(exist_ok=True)
        environment = os.environ | {"TUNESMITH_CHECKPOINT_EVERY_S": "0.4", "TUNESMITH_TRAINING_THREADS": "2"}
        command = [sys.executable, "-m", "tunesmith.cli.main", "serve", "--port", "0", "--data-dir", str(self.data_dir)]
        with (self.data_dir / "service.log").open("ab") as log:
            self._supervisor = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        wait_for(service_file.exists, "the service to start")

    def client(self) -> openai.OpenAI:
        url = json.loads((self.data_dir / "service.json").read_text())["base_url"]
        key = (self.data_dir / "admin.key").read_text().strip()
        return openai.OpenAI(base_url=url, api_key=key, max_retries=10)

    def kill(self, victim: str) -> bool:
        """Kill the run's process, the worker or the supervisor; False when there is none right now."""
        assert self._supervisor is not None
        if victim == "service":
            self._supervisor.kill()
            self._supervisor.wait()
            self.start()
            return True
        workers = children_of(self._supervisor.pid, "tunesmith.app worker")
        pids = workers if victim == "worker" else [pid for w in workers for pid in children_of(w, "worker.child")]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def stop(self) -> None:
        assert self._supervisor is not None
        self._supervisor.terminate()
        self._supervisor.wait(timeout=30)


def children_of(parent: int, command: str) -> list[int]:
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    return [int(pid) for pid, ppid, args in rows if int(ppid) == parent and command in args]


def wait_for(is_so: Callable[[], bool], what: str, *, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Result:
    final_sha256: str
    events: list[tuple[str, str, str, str]]
    checkpoints: list[tuple[int, str]]
    results_csv: bytes


def create_job(client: openai.OpenAI) -> FineTuningJob:
    file = client.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    held_out = b"".join(ROWS.splitlines(keepends=True)[:10])
    validation = client.files.create(file=("held_out.jsonl", held_out), purpose="fine-tune")
    return client.fine_tuning.jobs.create(
        model="tunesmith-nano",
        training_file=file.id,
        validation_file=validation.id,
        seed=42,
        suffix="kill",
        hyperparameters={"n_epochs": N_EPOCHS, "batch_size": N_ROWS // STEPS_PER_EPOCH},
    )


def result_of(client: openai.OpenAI, job: FineTuningJob, data_dir: Path) -> Result:
    assert job.status == "succeeded", job
    adapters = data_dir / "models" / job.id
    final = adapters / "final" / "adapter_model.safetensors"
    names = {
        str(job.fine_tuned_model).rsplit(":", 1)[1]: "TAG",
        job.id: "JOB",
        job.training_file: "TRAINING",
        str(job.validation_file): "VALIDATION",
    }

    def without_ids(text: str) -> str:
        for name, stands_for in names.items():
            text = text.replace(name, stands_for)
        return text

    events = [
        (event.level, without_ids(event.message), str(event.type), without_ids(json.dumps(event.data, sort_keys=True)))
        for event in client.fine_tuning.jobs.list_events(job.id, limit=100)
    ]
    checkpoints = [
        (one.step_number, without_ids(one.fine_tuned_model_checkpoint))
        for one in client.fine_tuning.jobs.checkpoints.list(job.id)
    ]
    content = client.files.content(job.result_files[0]).read()
    return Result(hashlib.sha256(final.read_bytes()).hexdigest(), events[::-1], checkpoints, content)


def wait_for_end(client: openai.OpenAI, job_id: str) -> FineTuningJob:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(0.5)
    raise AssertionError("the job did not end in time")


def uninterrupted(data_dir: Path) -> Result:
    service = KilledService(data_dir)
    try:
        client = service.client()
        job = wait_for_end(client, create_job(client).id)
        return result_of(client, job, data_dir)
    finally:
        service.stop()


def killed(data_dir: Path, rng: random.Random) -> Result:
    """Most kills come when the run reaches a random step, the others while it is starting again."""
    service = KilledService(data_dir)
    try:
        job = create_job(service.client())
        for number, at_step in enumerate(moments(rng), start=1):
            if at_step is None:
                time.sleep(rng.uniform(0, LONGEST_START_S))
            else:
                wait_for_step(service, job.id, at_step)
            victim = rng.choice(["run", "run", "worker", "service"])
            wait_for(partial(service.kill, victim), f"a {victim} to kill")
            status = service.client().fine_tuning.jobs.retrieve(job.id).status
            print(f"kill {number}: {victim} at step {last_step(service, job.id)}, job {status}", flush=True)
            assert status in ("validating_files", "queued", "running")
        job = wait_for_end(service.client(), job.id)
        return result_of(service.client(), job, data_dir)
    finally:
        service.stop()


def moments(rng: random.Random) -> list[int | None]:
    """The steps at which to kill, in order, with None for a kill soon after the one before."""
    steps = sorted(rng.randrange(1, N_EPOCHS * STEPS_PER_EPOCH * 19 // 20) for _ in range(N_KILLS - N_EARLY_KILLS))
    early = sorted(rng.randrange(len(steps)) for _ in range(N_EARLY_KILLS))
    plan: list[int | None] = []
    for place, step in enumerate(steps):
        plan += [step, *[None] * min(early.count(place), MOST_EARLY_KILLS_IN_A_ROW)]
    return plan + [steps[-1]] * (N_KILLS - len(plan))


def last_step(service: KilledService, job_id: str) -> int:
    """The step of the newest metrics event; 0 before the first."""
    for event in service.client().fine_tuning.jobs.list_events(job_id, limit=10).data:
        if event.type == "metrics":
            return int(event.data["step"])  # type: ignore[index]
    return 0


def wait_for_step(service: KilledService, job_id: str, step: int) -> None:
    wait_for(lambda: last_step(service, job_id) >= step, f"step {step}", timeout_s=300)


@pytest.mark.crash
@pytest.mark.timeout(2400)
def test_twenty_kills_during_one_run_change_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("TUNESMITH_TEST_SEED", "20261120"))
    expected = uninterrupted(tmp_path / "calm")
    actual = killed(tmp_path / "killed", random.Random(seed))
    assert actual.events == expected.events
    assert actual.checkpoints == expected.checkpoints
    assert actual.results_csv == expected.results_csv
    assert actual.final_sha256 == expected.final_sha256
