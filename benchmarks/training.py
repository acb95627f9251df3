"""Training speed on a CPU: the same rows, this project's ways and its peers, in turns within one run.

    python benchmarks/training.py --dir /some/scratch/folder [--model m30] [--rows passages] [--rounds 5]
        [--trl-python .../bin/python]

A random Qwen3 learns LoRA of rank 8 on all linear layers, 16 rows to an optimizer step, in bfloat16. Every engine is a
process that waits while the others work; a round lets each take the same number of steps, and the figures are medians
of the rounds. `tree` computes once what the rows of a step share; `grouped` also brings rows that begin alike into the
same step. The peers get the same token ids, in twice 8 rows of similar length, without gradient checkpointing; TRL's
weights are float32 under bfloat16 autocast, the Trainer's bfloat16: what was fastest for each.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ENGINES: dict[str, dict[str, Any]] = {  # how each lays its rows
    "flat": {"share_prefixes": False, "rows_per_group": 1},
    "tree": {"share_prefixes": True, "rows_per_group": 1},
    "grouped": {"share_prefixes": True, "rows_per_group": 4},
}
BATCH_SIZE, RANK, ALPHA, RATE, SEED = 16, 8, 16, 1e-4, 0
WARM_UP_STEPS = 2
N_ROWS = {"passages": 2046, "zh_qa": 2500}
SHAPES: dict[str, dict[str, Any]] = {
    "m5": {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2},
    "m30": {"hidden_size": 512, "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 4},
    "m125": {"hidden_size": 768, "num_hidden_layers": 14, "num_attention_heads": 12, "num_key_value_heads": 4},
}
VOCAB = {"m5": 8192, "m30": 16384, "m125": 32000}

# The loop that every engine ends in: say "ready", then for each line "steps" on stdin take so many and say how it went.
PEER = """
import json, os, resource, sys, time
os.environ.update(HF_HUB_OFFLINE="1", WANDB_DISABLED="true", TOKENIZERS_PARALLELISM="false")
import logging, warnings
warnings.filterwarnings("ignore")
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
logging.disable(logging.WARNING)
which, model_folder, rows_path, threads, batch_size, out = sys.argv[1:]
torch.set_num_threads(int(threads))
tokenizer = AutoTokenizer.from_pretrained(model_folder)
rows = [json.loads(line) for line in open(rows_path)]
lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
saying = sys.stdout
sys.stdout = sys.stderr
counts = {"rows": 0, "tokens": 0}

class InTurns(TrainerCallback):
    left = 2
    began = None
    def on_step_end(self, args, state, control, **_):
        self.left -= 1
        if self.left:
            return
        if self.began is None:
            print(json.dumps({"ready": True}), file=saying, flush=True)
        else:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            took = {"s": time.perf_counter() - self.began[0], "cpu_s": time.process_time() - self.began[1]}
            print(json.dumps({**took, "peak": peak, **counts}), file=saying, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            os._exit(0)
        self.left, self.began = int(line), (time.perf_counter(), time.process_time())
        counts.update(rows=0, tokens=0)

common = dict(
    output_dir=out, per_device_train_batch_size=8, gradient_accumulation_steps=int(batch_size) // 8, max_steps=10_000,
    learning_rate=1e-4, logging_steps=10_000, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
    gradient_checkpointing=False, train_sampling_strategy="group_by_length",
)
if which == "trl":
    from trl import SFTConfig, SFTTrainer
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    data = Dataset.from_list([
        {"input_ids": row["input_ids"], "completion_mask": [int(w > 0) for w in row["weights"]]} for row in rows
    ])
    config = SFTConfig(**common, bf16=True, max_length=2048, completion_only_loss=True)
    trainer = SFTTrainer(
        model=model, args=config, train_dataset=data, processing_class=tokenizer, peft_config=lora,
        callbacks=[InTurns()],
    )
else:
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.bfloat16), lora)
    data = Dataset.from_list([
        {
            "input_ids": row["input_ids"],
            "attention_mask": [1] * len(row["input_ids"]),
            "labels": [i if w > 0 else -100 for i, w in zip(row["input_ids"], row["weights"])],
        }
        for row in rows
    ])
    trainer = Trainer(
        model=model, args=TrainingArguments(**common), train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100), callbacks=[InTurns()],
    )
taken = trainer.training_step
def training_step(model, inputs, *rest, **named):
    counts["rows"] += len(inputs["input_ids"])
    counts["tokens"] += int(inputs["attention_mask"].sum())
    return taken(model, inputs, *rest, **named)
trainer.training_step = training_step
trainer.train()
"""


@dataclass(frozen=True)
class Turn:
    rows_per_s: float
    tokens_per_s: float
    tokens_per_cpu_s: float
    peak_gb: float


class Engine:
    """A process that has loaded and warmed up, and waits for its turns."""

    def __init__(self, name: str, command: list[str], threads: int) -> None:
        self.name = name
        self.turns: list[Turn] = []
        self.failure = ""
        calm = {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(threads)}  # one that waits must not spin
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **calm}
        )
        self._hear()

    def take(self, steps: int) -> None:
        if self.failure:
            return
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n".encode())
        self._process.stdin.flush()
        said = self._hear()
        if said:
            speeds = said["rows"] / said["s"], said["tokens"] / said["s"], said["tokens"] / said["cpu_s"]
            self.turns.append(Turn(*speeds, said["peak"] / 1e9))

    def end(self) -> None:
        self._process.communicate()

    def _hear(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            said: dict[str, Any] = orjson.loads(line)
            return said
        reason = self._process.communicate()[1].decode().strip().splitlines()[-1:] or ["no message"]
        self.failure = f"failed: {reason[0][:160]}"
        return None


def main() -> None:
    arguments = _arguments()
    if arguments.inside:
        _train_here(arguments)
        return
    arguments.dir.mkdir(parents=True, exist_ok=True)
    model = _model_folder(arguments.dir, arguments.model)
    for kind in arguments.rows:
        path = _rows_file(arguments.dir, kind)
        engines = _engines(model, path, arguments)
        for number in range(arguments.rounds):
            for engine in engines if number % 2 == 0 else reversed(engines):
                engine.take(arguments.steps)
        for engine in engines:
            engine.end()
        _print(kind, engines, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--model", choices=SHAPES, default="m30")
    parser.add_argument("--rows", choices=N_ROWS, nargs="+", default=list(N_ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4, help="optimizer steps of each engine in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--engines", choices=ENGINES, nargs="+", default=list(ENGINES))
    parser.add_argument("--trl-python", type=Path, help="an environment with trl: runs TRL and transformers' Trainer")
    parser.add_argument("--inside", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--rows-file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _model_folder(folder: Path, name: str) -> Path:
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from tunesmith.models.base import save_model
    from tunesmith.models.nano import nano_folder

    path = folder / name
    if not path.is_dir():
        torch.manual_seed(SEED)
        shape = {**SHAPES[name], "head_dim": 64, "intermediate_size": 3 * SHAPES[name]["hidden_size"]}
        config = Qwen3Config(**shape, vocab_size=VOCAB[name], max_position_embeddings=4096, tie_word_embeddings=True)
        partial = path.with_name(f"{name}.part")
        partial.mkdir(exist_ok=True)
        save_model(Qwen3ForCausalLM(config), partial, tokenizer_from=nano_folder(), dtype=torch.bfloat16)
        partial.rename(path)
    return path


def _rows_file(folder: Path, kind: str) -> Path:
    """The rendered rows, one JSON object a line."""
    from training_rows import ROWS

    from tunesmith.data.render import Renderer
    from tunesmith.models.nano import nano_folder

    path = folder / f"{kind}.jsonl"
    rendered = Renderer.from_folder(nano_folder()).render_all(ROWS[kind](N_ROWS[kind]), style="chat", max_length=4096)
    rows = rendered.rendered
    path.write_bytes(b"".join(orjson.dumps({"input_ids": r.input_ids, "weights": r.weights}) + b"\n" for r in rows))
    tokens, trained = sum(len(row.input_ids) for row in rows), sum(row.n_trained for row in rows)
    print(f"{kind}: {len(rows):,} rows of {tokens / len(rows):.0f} tokens, {trained / len(rows):.1f} of them trained")
    return path


def _engines(model: Path, rows: Path, arguments: argparse.Namespace) -> list[Engine]:
    ours = [sys.executable, __file__, "--dir", arguments.dir, "--model", arguments.model, "--rows-file", rows]
    ours += ["--threads", arguments.threads]
    engines = [Engine(name, [*map(str, ours), "--inside", name], arguments.threads) for name in arguments.engines]
    if arguments.trl_python:
        for name in ("trl", "trainer"):
            options = (name, model, rows, arguments.threads, BATCH_SIZE, arguments.dir / "peer-out")
            command = [str(arguments.trl_python), "-c", PEER, *map(str, options)]
            engines.append(Engine(name, command, arguments.threads))
    return engines


def _train_here(arguments: argparse.Namespace) -> None:
    from tunesmith.data.render import Rendered
    from tunesmith.models.folder import check_base_folder
    from tunesmith.training.loop import ShuffledExamples, repeatable, take_step
    from tunesmith.training.optimizer import adamw
    from tunesmith.training.run import load_trainable
    from tunesmith.training.spec import TrainingSpec

    examples = []
    for number, content in enumerate(map(orjson.loads, arguments.rows_file.read_bytes().splitlines()), 1):
        ids = content["input_ids"]
        examples.append(Rendered(number, ids, content["weights"], was_cut=False, full_length=len(ids)))
    spec = TrainingSpec(
        base_folder=str(arguments.dir / arguments.model),
        base_name=arguments.model,
        training_type="lora",
        n_epochs=1,
        batch_size=BATCH_SIZE,
        learning_rate=RATE,
        learning_rate_multiplier=1.0,
        max_length=4096,
        warmup_steps=0,
        seed=SEED,
        lora_rank=RANK,
        lora_alpha=ALPHA,
        dtype="bfloat16",
        threads=arguments.threads,
        **ENGINES[arguments.inside],
    )
    with repeatable(seed=SEED, threads=arguments.threads):
        model, trained = load_trainable(spec, check_base_folder(Path(spec.base_folder)))
        optimizer = adamw(trained, weight_decay=0.0, beta2=0.999)
        data = ShuffledExamples.of(examples, spec)
        done = 0

        def take(steps: int) -> tuple[int, int]:
            nonlocal done
            n_rows = n_tokens = 0
            for _ in range(steps):
                epoch, index = divmod(done, data.steps_per_epoch)
                batch = data.examples_of(epoch=epoch, index=index)
                take_step(model, trained, optimizer, batch, spec=spec, learning_rate=RATE)
                done += 1
                n_rows += len(batch)
                n_tokens += sum(len(example.input_ids) for example in batch)
            return n_rows, n_tokens

        take(WARM_UP_STEPS)
        print(orjson.dumps({"ready": True}).decode(), flush=True)
        for line in sys.stdin:
            began, cpu_began = time.perf_counter(), time.process_time()
            n_rows, n_tokens = take(int(line))
            took = {"s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu_began}
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            said = {**took, "rows": n_rows, "tokens": n_tokens, "peak": peak}
            print(orjson.dumps(said).decode(), flush=True)


def _print(kind: str, engines: list[Engine], arguments: argparse.Namespace) -> None:
    print(f"\n{arguments.model}, {kind}: medians of {arguments.rounds} rounds of {arguments.steps} steps")
    print(f"{'':<10}{'rows/s':>9}{'tokens/s':>10}{'ratio':>8}{'  of each round':<18}{'CPU ratio':>10}{'peak GB':>9}")
    first = engines[0]
    for engine in engines:
        if engine.failure:
            print(f"{engine.name:<10}{engine.failure}")
            continue
        pairs = list(zip(engine.turns, first.turns, strict=True))
        ratios = [own.tokens_per_s / other.tokens_per_s for own, other in pairs]
        cpu_ratio = statistics.median(own.tokens_per_cpu_s / other.tokens_per_cpu_s for own, other in pairs)
        rows, tokens = (statistics.median(getattr(t, n) for t in engine.turns) for n in ("rows_per_s", "tokens_per_s"))
        spread = f"  {min(ratios):.2f} to {max(ratios):.2f}"
        peak = max(turn.peak_gb for turn in engine.turns)
        figures = (
            f"{rows:>9.2f}{tokens:>10,.0f}{statistics.median(ratios):>8.2f}{spread:<18}{cpu_ratio:>10.2f}{peak:>9.2f}"
        )
        print(f"{engine.name:<10}{figures}")
    print(f"ratio: how many times as fast as {first.name}, in tokens of the rows; CPU ratio: per second of CPU time")


if __name__ == "__main__":
    main()
