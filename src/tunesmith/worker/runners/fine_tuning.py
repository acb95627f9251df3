"""Fine-tuning jobs: validate the files, then run the training and say what it does."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from tunesmith import errors
from tunesmith.control import diagnosis, events
from tunesmith.control.accounts import Caller
from tunesmith.control.desk import Operate
from tunesmith.control.events import EventDraft
from tunesmith.control.files import BlobStore
from tunesmith.control.jobs import JobRecord
from tunesmith.control.registry import Registry, Weights
from tunesmith.control.runs import Runs, Weighed
from tunesmith.data.reading import ExampleFile, FileParam, read_examples
from tunesmith.findings import Finding
from tunesmith.ids import Clock
from tunesmith.training import reports
from tunesmith.training.spec import Hyperparameters, RunRequest
from tunesmith.worker.executors.process import LOG_FILE, RunProcess
from tunesmith.worker.lease import Lease
from tunesmith.worker.runners.metrics_csv import FILENAME, write_csv

# What a training checkpoint holds for itself and no model needs.
RESUME_FILES = frozenset({"optimizer.safetensors", "state.json"})
FAILURE_CODES = {errors.StorageFull.__name__: "disk_full", errors.InvalidFile.__name__: "invalid_training_file"}
ASKED = "asked"  # the source of what the user set; saying it again would only be noise
# Findings that the run itself turns into events.
SAID_BY_THE_RUN = ("misspelled_key", "unused_key", "empty_answer", "too_long")
# Half a minute of looking for almost equal rows; larger files are for `tunesmith data lint`.
MOST_NEAR_DUPLICATES_BYTES = 64 * 2**20
HEAR_S = 0.2
STOP_PATIENCE_S = 8.0
LOG_TAIL_BYTES = 2000

log = structlog.get_logger(__name__)


class WeightStore(Protocol):
    def publish(self, source: Path, job_id: str, name: str, *, leave_out: frozenset[str] = frozenset()) -> Path: ...
    def remove_step(self, job_id: str, name: str) -> None: ...


StartRun = Callable[[RunRequest, Path], RunProcess]


@dataclass(slots=True)
class _Progress:
    """What one run has said and nobody has written down yet."""

    drafts: list[EventDraft] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    first_step: int | None = None
    first_step_at: float = 0.0


class FineTuning:
    def __init__(
        self,
        runs: Runs,
        registry: Registry,
        blobs: BlobStore,
        weights: WeightStore,
        *,
        start_run: StartRun,
        operate: Operate,
        runs_folder: Path,
        min_examples: int,
        lease_s: float,
        checkpoint_every_s: float,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._registry = registry
        self._blobs = blobs
        self._weights = weights
        self._start_run = start_run
        self._operate = operate
        self._runs_folder = runs_folder
        self._min_examples = min_examples
        self._lease_s = lease_s
        self._checkpoint_every_s = checkpoint_every_s
        self._clock = clock
        runs_folder.mkdir(parents=True, exist_ok=True)

    def validate(self, job: JobRecord) -> None:
        """Read every row of both files; the job fails with the lines that are wrong, or goes to the queue."""
        with Lease(self._runs, job, lease_s=self._lease_s):
            try:
                notes = self._check_files(job)
            except errors.InvalidFile as error:
                self._refuse(job, error)
                return
            self._runs.files_validated(job, notes)

    def run(self, job: JobRecord, stopping: threading.Event) -> None:
        """Train until the job ends, is paused, is cancelled, or the worker is told to stop."""
        try:
            request = self._request(job)
        except (errors.InvalidRequest, errors.NotFound) as error:
            self._runs.fail(job, f"The job failed due to its model. {error.message}", code="model_not_available")
            return
        process = self._start_run(request, self._runs_folder / job.id)
        log.info("run started", job_id=job.id, pid=process.pid, attempt=job.attempts)
        try:
            with Lease(self._runs, job, lease_s=self._lease_s) as lease:
                self._follow(job, process, lease, stopping)
        finally:
            process.end()
            self.sweep()

    def sweep(self) -> None:
        """Remove what only a resumed run would need of jobs that are over; published weights are copies, logs stay."""
        folders = [path for path in self._runs_folder.iterdir() if path.is_dir()]
        unfinished = self._runs.unfinished()
        for folder in folders:
            if folder.name not in unfinished:
                for name in ("checkpoints", "final"):
                    shutil.rmtree(folder / name, ignore_errors=True)

    def _refuse(self, job: JobRecord, error: errors.InvalidFile) -> None:
        param = error.param or "training_file"
        said = f"The job failed due to an invalid {param.replace('_', ' ')}. {error.message}"
        code = error.code or f"invalid_{param}"
        message = error.message if code == "invalid_n_examples" else said
        self._runs.fail(job, message, code=code, param=param, said=said)

    def _check_files(self, job: JobRecord) -> list[EventDraft]:
        training = self._read(job, job.training_sha256, job.training_file, "training_file")
        notes = _file_notes(training, "training_file", job)
        if job.validation_file is not None and job.validation_sha256 is not None:
            validation = self._read(job, job.validation_sha256, job.validation_file, "validation_file")
            notes += _file_notes(validation, "validation_file", job)
        return notes + self._lint(job)

    def _lint(self, job: JobRecord) -> list[EventDraft]:
        """What the data desk's checks warn of; raises InvalidFile for what they call an error."""
        arguments: dict[str, Any] = {
            "path": str(self._blobs.path(job.training_sha256)),
            "name": job.training_file,
            "skip": list(SAID_BY_THE_RUN),
            "thresholds": {"min_examples": self._min_examples},
            "near_duplicates": self._blobs.path(job.training_sha256).stat().st_size <= MOST_NEAR_DUPLICATES_BYTES,
        }
        if job.validation_sha256 is not None:
            arguments["validation"] = {"path": str(self._blobs.path(job.validation_sha256))}
        try:
            arguments["base_folder"] = str(self._base_folder(job))
            report = self._operate("lint", arguments)
        except errors.InvalidFile:
            raise
        except errors.TunesmithError as error:  # the file is good for training; only advice is missing
            log.warning("training file not checked", job_id=job.id, reason=error.message)
            return [events.note("lint:failed", f"training_file was not checked: {error.message}", level="warn")]
        wrong = [finding for finding in report["findings"] if finding["severity"] == "error"]
        if wrong:
            raise errors.InvalidFile(
                f"Invalid file format. {wrong[0]['message']}", param="training_file", code="invalid_training_file"
            )
        return [
            events.note(f"lint:{number}", f"training_file: {finding['message']}", level="warn", data=finding)
            for number, finding in enumerate(report["findings"])
            if finding["severity"] == "warning"
        ]

    def _base_folder(self, job: JobRecord) -> Path:
        caller = Caller("worker", job.project_id, job.organization_id, is_admin=False)
        return self._registry.base_folder(self._registry.get(caller, job.base))

    def _read(self, job: JobRecord, sha256: str, file_id: str, param: FileParam) -> ExampleFile:
        path = self._blobs.path(sha256)
        if not path.is_file():
            raise errors.InvalidFile(
                f"{file_id} was deleted before it was read. Upload it again.",
                param=param,
                code=f"invalid_{param}",
            )
        min_examples = self._min_examples if param == "training_file" else 1
        return read_examples(path, name=file_id, min_examples=min_examples, param=param, keep_examples=False)

    def _request(self, job: JobRecord) -> RunRequest:
        caller = Caller("worker", job.project_id, job.organization_id, is_admin=False)
        base = self._registry.get(caller, job.base)
        adapter = self._registry.get(caller, job.starts_from) if job.starts_from else None
        return RunRequest(
            base_folder=str(self._registry.base_folder(base)),
            base_name=job.base,
            training_path=str(self._blobs.path(job.training_sha256)),
            training_name=job.training_file,
            validation_path=str(self._blobs.path(job.validation_sha256)) if job.validation_sha256 else None,
            validation_name=job.validation_file,
            asked=Hyperparameters.from_json(job.hyperparameters),
            seed=job.seed,
            style=job.style,
            init_adapter=str(adapter.folder) if adapter else None,
            checkpoint_every_s=self._checkpoint_every_s,
        )

    def _follow(self, job: JobRecord, process: RunProcess, lease: Lease, stopping: threading.Event) -> None:
        progress = _Progress()
        has_asked_to_stop = False
        stop_by = 0.0
        while True:
            if lease.is_lost:
                return
            if (stopping.is_set() or lease.is_pause_wanted) and not has_asked_to_stop:
                has_asked_to_stop = True
                stop_by = self._clock() + STOP_PATIENCE_S
                process.tell("pause")
            if stopping.is_set() and self._clock() > stop_by:
                process.end()
                self._runs.give_back(job)
                return
            words, has_ended = process.hear(timeout_s=HEAR_S)
            for word in words:
                if word["kind"] == "report":
                    self._take_report(job, process, progress, reports.from_json(word["report"]))
                    continue
                self._write(job, progress)
                self._end(job, word, is_stopping=stopping.is_set())
                return
            self._write(job, progress)
            if has_ended:
                self._died(job, process)
                return

    def _take_report(self, job: JobRecord, process: RunProcess, progress: _Progress, report: reports.Report) -> None:
        if isinstance(report, reports.ResolvedReport):
            progress.fields |= {"resolved": report.hyperparameters, "total_steps": report.total_steps}
            progress.drafts += [_reason(one) for one in report.reasons if one.source != ASKED]
        elif isinstance(report, reports.WarningReport):
            data: dict[str, Any] = {"code": report.code, "line": report.line}
            progress.drafts.append(events.note(report.key, report.message, level="warn", data=data))
        elif isinstance(report, reports.BaseValidReport):
            data = {
                "full_valid_loss": report.full_valid_loss,
                "full_valid_mean_token_accuracy": report.full_valid_mean_token_accuracy,
            }
            progress.drafts.append(events.note(report.key, report.message, data=data))
        elif isinstance(report, reports.StepReport):
            self._take_step(job, progress, report)
        elif isinstance(report, reports.FindingReport):
            progress.drafts.append(diagnosis.noticed(report.step, report.finding))
        elif isinstance(report, reports.DiagnosisReport):
            progress.drafts += diagnosis.concluded(report.step, report.verdict, report.findings)
        else:
            self._write(job, progress)
            self._keep_checkpoint(job, report)
            process.tell(f"kept {report.step}")

    def _take_step(self, job: JobRecord, progress: _Progress, report: reports.StepReport) -> None:
        metrics = {name: getattr(report, name) for name in events.STEP_METRICS}
        progress.drafts.append(events.step(report.step, report.total_steps, metrics))
        progress.fields |= {"last_step": report.step, "total_steps": report.total_steps}
        now = self._clock()
        if report.step <= job.last_step:  # said again after a resume, at no pace
            return
        if progress.first_step is None:
            progress.first_step, progress.first_step_at = report.step, now
            return
        pace_s = (now - progress.first_step_at) / (report.step - progress.first_step)
        progress.fields["estimated_finish"] = int(now + pace_s * (report.total_steps - report.step))

    def _write(self, job: JobRecord, progress: _Progress) -> None:
        if progress.drafts or progress.fields:
            self._runs.record(job, progress.drafts, **progress.fields)
            progress.drafts, progress.fields = [], {}

    def _keep_checkpoint(self, job: JobRecord, report: reports.CheckpointReport) -> None:
        if self._runs.has_checkpoint(job, report.step):
            return
        folder = self._weights.publish(Path(report.folder), job.id, f"step-{report.step}", leave_out=RESUME_FILES)
        published = Weighed(folder, _kind_of_weights(folder))
        retired = self._runs.record_checkpoint(job, report.step, report.metrics, published)
        for step in retired:
            self._weights.remove_step(job.id, f"step-{step}")

    def _end(self, job: JobRecord, word: dict[str, Any], *, is_stopping: bool) -> None:
        if word["kind"] == "failed":
            message = f"The job failed due to {_in_sentence(word['message'])}"
            code = word["code"] or FAILURE_CODES.get(word["error"], "training_failed")
            self._runs.fail(job, message, code=code, param=word["param"])
        elif word["kind"] == "crashed":
            message = f"The job failed due to an internal error: {word['message']}. Details are in {self._log(job)}."
            self._runs.fail(job, message, code="internal_error")
        elif word["status"] == "succeeded":
            self._succeed(job, Path(word["final_folder"]), word["trained_tokens"])
        elif is_stopping:
            self._runs.give_back(job)
        else:
            self._runs.stopped(job)

    def _succeed(self, job: JobRecord, final_folder: Path, trained_tokens: int) -> None:
        folder = self._weights.publish(final_folder, job.id, "final", leave_out=RESUME_FILES)
        upload = self._blobs.begin(limit_bytes=1 << 40)
        try:
            upload.write(write_csv(self._runs.step_metrics(job)))
            done = self._runs.succeed(
                job,
                published=Weighed(folder, _kind_of_weights(folder)),
                trained_tokens=trained_tokens,
                results=upload.commit(),
                results_name=FILENAME,
            )
        finally:
            upload.abort()
        self._weights.remove_step(job.id, f"step-{done.total_steps}")  # the last checkpoint is the final model
        log.info("job succeeded", job_id=job.id, model=job.model_name)

    def _died(self, job: JobRecord, process: RunProcess) -> None:
        code = process.end(patience_s=STOP_PATIENCE_S)
        log.warning("run lost", job_id=job.id, exit_code=code, log_tail=_tail(self._log(job)))
        self._runs.lose(job)

    def _log(self, job: JobRecord) -> Path:
        return self._runs_folder / job.id / LOG_FILE


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace")


def _kind_of_weights(folder: Path) -> Weights:
    return "adapter" if (folder / "adapter_config.json").is_file() else "full"


def _file_notes(file: ExampleFile, param: FileParam, job: JobRecord) -> list[EventDraft]:
    """What the user should know about a file; findings in the training file are left to the run, which says them."""
    notes = []
    if file.format != "chat" and job.style == "chat":
        message = f"{param}: prompt/completion rows are trained as user and assistant turns, because {job.model} chats"
        notes.append(events.note(f"{param}:as_chat", message, data={"format": file.format}))
    if param == "validation_file":
        notes += [_finding_note(number, finding) for number, finding in enumerate(file.findings)]
    return notes


def _finding_note(number: int, finding: Finding) -> EventDraft:
    level: events.Level = "warn" if finding.severity == "warning" else "info"
    message = f"validation_file: {finding.message}"
    return events.note(f"validation_file:{number}", message, level=level, data=finding.to_json())


def _reason(one: reports.Resolved) -> EventDraft:
    data = {"name": one.name, "value": one.value, "because": one.because, "source": one.source}
    value = f"{one.value:.4g}" if isinstance(one.value, float) else one.value
    return events.note(f"resolved:{one.name}", f"{one.name} = {value}: {one.because}", data=data)


def _in_sentence(message: str) -> str:
    return message[:1].lower() + message[1:]
