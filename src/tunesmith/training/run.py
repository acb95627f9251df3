"""One run from request to weights: the door of the river. A run that was killed goes on from its newest checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from tunesmith.data.reading import FileParam, read_examples
from tunesmith.data.render import Rendered, Renderer
from tunesmith.errors import Conflict, InvalidFile, InvalidRequest, TrainingFailed
from tunesmith.findings import Finding
from tunesmith.models.base import load_base, save_model
from tunesmith.models.checkpoints import newest_checkpoint, write_json, written_whole
from tunesmith.models.folder import BaseModelFacts, check_base_folder
from tunesmith.models.lora import attach_lora, load_adapter, lora_layers, read_adapter, save_adapter
from tunesmith.models.precision import bf16_is_fast
from tunesmith.training import attention, diagnosis
from tunesmith.training.auto import DataFacts, Machine, Resolution, length_limit, resolve
from tunesmith.training.loop import NON_FINITE, RunState, ShuffledExamples, StopRequest, repeatable, train, validate
from tunesmith.training.reports import BaseValidReport, Report, ResolvedReport, WarningReport
from tunesmith.training.spec import RunRequest, TrainingSpec

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_START = "run.json"
_SPEC = "spec.json"
_CHECKPOINTS = "checkpoints"
_FINAL = "final"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `final_folder` holds the adapter (PEFT's two files) or the model; None unless it succeeded."""

    status: Literal["succeeded", "paused", "cancelled"]
    final_folder: str | None
    trained_tokens: int
    step: int
    base_valid_loss: float | None


@dataclass(frozen=True, slots=True)
class _Start:
    """What the first attempt found and every later one must keep: the machine, and the date templates may write."""

    machine: Machine
    now: datetime


@dataclass(frozen=True, slots=True)
class _Data:
    training: list[Rendered]
    validation: list[Rendered]
    findings: list[Finding]


def fine_tune(
    request: RunRequest,
    *,
    run_dir: Path,
    report: Callable[[Report], None] = lambda _: None,
    should_stop: Callable[[], StopRequest | None] = lambda: None,
) -> Outcome:
    """Fine-tune the base model on the file, writing only below `run_dir`; called again after a kill or a pause, go on.

    The same request on the same machine gives the same bytes in run_dir/final, however often it was interrupted.
    Reports come in order; a resumed run first repeats all that its checkpoint knows of, under the same keys.
    Raises InvalidFile, InvalidModel or InvalidRequest before anything is trained, TrainingFailed when training
    cannot go on, StorageFull when the disk is full, Conflict if `run_dir` belongs to another request or
    other rows.
    """
    facts = check_base_folder(Path(request.base_folder))
    start = _begin(request, run_dir)
    data = _read_data(request, facts, start)
    resolution = resolve(request, _data_facts(data.training), facts, start.machine)
    spec = _decided_once(resolution.spec, run_dir)
    with repeatable(seed=spec.seed, threads=spec.threads):
        checkpoint = newest_checkpoint(run_dir / _CHECKPOINTS)
        model, trained = load_trainable(spec, facts, resume_from=checkpoint.folder if checkpoint else None)
        examples = ShuffledExamples.of(data.training, spec)
        state = RunState.of(checkpoint) if checkpoint else RunState()
        if not checkpoint:
            state.journal += _first_reports(resolution, data, examples, trained)
        for earlier in state.journal:
            report(earlier)
        if not checkpoint and data.validation:
            base_valid = _score_base(model, data.validation, spec)
            state.journal.append(base_valid)
            report(base_valid)
        try:
            end = train(
                model,
                trained,
                examples,
                spec=spec,
                state=state,
                checkpoints=run_dir / _CHECKPOINTS,
                write_model=lambda folder: _write_model(model, folder, spec, facts, dtype=torch.float32),
                validation=data.validation,
                report=report,
                should_stop=should_stop,
            )
        except TrainingFailed as error:
            if error.code == NON_FINITE:
                report(diagnosis.of_failed_run(state.journal))
            raise
        if end.status == "succeeded":
            report(diagnosis.of_finished_run(state.journal))
        final = run_dir / _FINAL
        if end.status == "succeeded" and not final.is_dir():
            _write_final(model, final, spec, facts)
    base_loss = next((r.full_valid_loss for r in state.journal if isinstance(r, BaseValidReport)), None)
    final_folder = str(final) if end.status == "succeeded" else None
    return Outcome(end.status, final_folder, end.trained_tokens, end.step, base_loss)


def _begin(request: RunRequest, run_dir: Path) -> _Start:
    """Claim run_dir for this request and these rows, or read how the run in it began.

    An attempt that ended before its numbers were decided, at a bad row or option, holds no claim.
    """
    path = run_dir / _START
    asked = json.loads(json.dumps(request.to_json()))
    rows = [_sha256(name) for name in (request.training_path, request.validation_path) if name is not None]
    if not (path.is_file() and (run_dir / _SPEC).is_file()):
        run_dir.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {
            "request": asked,
            "rows_sha256": rows,
            "threads": torch.get_num_threads(),
            "bf16_is_fast": bf16_is_fast(),
            "now": datetime.now().astimezone().isoformat(timespec="seconds"),
        }
        write_json(path, content)
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["request"] != asked:
        raise Conflict(
            f"{run_dir} belongs to a run of another request. Give each run a folder of its own.", code="run_exists"
        )
    if content.get("rows_sha256", rows) != rows:
        raise Conflict(
            f"The rows have changed since the run in {run_dir} began. Give a run on the new rows a folder of its own.",
            code="run_exists",
        )
    return _Start(Machine(content["threads"], content["bf16_is_fast"]), datetime.fromisoformat(content["now"]))


def _sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _decided_once(spec: TrainingSpec, run_dir: Path) -> TrainingSpec:
    """The first attempt's numbers: a release with other rules for "auto" must not change a run half-way."""
    path = run_dir / _SPEC
    if not path.is_file():
        write_json(path, spec.to_json())
    return TrainingSpec.from_json(json.loads(path.read_text(encoding="utf-8")))


def _read_data(request: RunRequest, facts: BaseModelFacts, start: _Start) -> _Data:
    limit = length_limit(request.asked, facts)
    renderer = Renderer.from_folder(facts.folder, now=lambda: start.now)
    findings: list[Finding] = []

    def rendered(path: str, name: str, param: FileParam) -> list[Rendered]:
        file = read_examples(Path(path), name=name, param=param)
        result = renderer.render_all(file.examples, style=request.style, max_length=limit)
        if param == "training_file":
            findings.extend([*file.findings, *result.findings])
        _check_vocabulary(result.rendered, facts, name)
        return result.rendered

    training = rendered(request.training_path, request.training_name, "training_file")
    validation: list[Rendered] = []
    if request.validation_path is not None:
        validation = rendered(request.validation_path, request.validation_name or "validation_file", "validation_file")
    return _Data(training, validation, findings)


def _check_vocabulary(rendered: Sequence[Rendered], facts: BaseModelFacts, name: str) -> None:
    for example in rendered:
        largest = max(example.input_ids)
        if largest >= facts.vocab_size:
            raise InvalidFile(
                f"{name}, line {example.line}: token id {largest} is outside the model's {facts.vocab_size:,}; "
                "tokenizer.json and the weights in the base model's folder do not belong together.",
            )


def _data_facts(training: Sequence[Rendered]) -> DataFacts:
    return DataFacts(n_examples=len(training), longest=max(len(example.input_ids) for example in training))


def load_trainable(
    spec: TrainingSpec, facts: BaseModelFacts, *, resume_from: Path | None = None
) -> tuple[PreTrainedModel, list[nn.Parameter]]:
    """The model as the run last left it, and the parameters to train, in a fixed order."""
    attention.register()
    implementation = attention.NAME if spec.packed else None
    if spec.training_type == "full":
        if spec.init_adapter is not None:
            raise InvalidRequest(
                "Only a LoRA run can go on from an adapter; use training_type lora.", param="training_type"
            )
        model = load_base(resume_from or facts.folder, dtype=torch.float32, attention=implementation)
        return model, list(model.parameters())
    model = load_base(facts.folder, dtype=getattr(torch, spec.dtype), attention=implementation)
    trained = attach_lora(model, rank=spec.lora_rank, alpha=spec.lora_alpha, seed=spec.seed)
    source = resume_from or (Path(spec.init_adapter) if spec.init_adapter else None)
    if source is not None:
        load_adapter(model, source)
    return model, trained


def _first_reports(
    resolution: Resolution, data: _Data, examples: ShuffledExamples, trained: Sequence[nn.Parameter]
) -> list[Report]:
    spec = resolution.spec
    resolved = ResolvedReport(
        hyperparameters={reason.name: reason.value for reason in resolution.reasons},
        reasons=resolution.reasons,
        total_steps=examples.steps_per_epoch * spec.n_epochs,
        steps_per_epoch=examples.steps_per_epoch,
        n_examples=len(data.training),
        n_validation_examples=len(data.validation),
        tokens_per_epoch=sum(len(example.input_ids) for example in data.training),
        n_trained_parameters=sum(parameter.numel() for parameter in trained),
    )
    warnings = [WarningReport(f.code, f.message, f.line, number) for number, f in enumerate(data.findings, 1)]
    return [resolved, *warnings]


def _score_base(model: PreTrainedModel, validation: Sequence[Rendered], spec: TrainingSpec) -> BaseValidReport:
    score = validate(model, validation, spec=spec)
    return BaseValidReport(score.mean_loss, score.mean_token_accuracy)


def _write_model(
    model: PreTrainedModel, folder: Path, spec: TrainingSpec, facts: BaseModelFacts, *, dtype: torch.dtype
) -> None:
    if spec.training_type == "lora":
        save_adapter(model, folder, base_name=spec.base_name)
    else:
        save_model(model, folder, tokenizer_from=facts.folder, dtype=dtype)


def _write_final(model: PreTrainedModel, folder: Path, spec: TrainingSpec, facts: BaseModelFacts) -> None:
    """Write the result in the base model's own precision; it counts only if it reads back as it is in memory."""
    dtype = {"F16": torch.float16, "BF16": torch.bfloat16}.get(facts.dtype, torch.float32)
    with written_whole(folder) as partial:
        _write_model(model, partial, spec, facts, dtype=dtype)
        same = (
            _is_same_adapter(model, partial) if spec.training_type == "lora" else _is_same_model(model, partial, dtype)
        )
        if not same:
            raise TrainingFailed(
                f"What was written to {folder} does not read back as it was in memory; is the disk faulty?"
            )


def _is_same_adapter(model: PreTrainedModel, folder: Path) -> bool:
    stored = read_adapter(folder).weights
    return all(
        torch.equal(stored[name][0], layer.lora_A) and torch.equal(stored[name][1], layer.lora_B)
        for name, layer in lora_layers(model)
    )


def _is_same_model(model: PreTrainedModel, folder: Path, dtype: torch.dtype) -> bool:
    stored = dict(load_base(folder, dtype=dtype).named_parameters())
    return all(torch.equal(stored[name], parameter.to(dtype)) for name, parameter in model.named_parameters())
