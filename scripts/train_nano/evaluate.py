"""Does tunesmith-nano earn its place? LoRA from it against the same architecture trained fully from random weights.

Both go through tunesmith's own training on the same rows of seven held-out tasks (held_out.py); an answer counts only
if it is exactly right. Random weights get twice the epochs, and the better of two learning rates on the test rows
themselves, which favours them.
"""

import argparse
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tunesmith.data.examples import Message
from tunesmith.data.render import Renderer
from tunesmith.models.base import load_base
from tunesmith.models.lora import attach_lora, load_adapter, read_adapter
from tunesmith.training.run import fine_tune
from tunesmith.training.spec import Hyperparameters, RunRequest

from .architecture import random_model, write_folder
from .held_out import TASKS, Row, split

LORA = Hyperparameters(training_type="lora", n_epochs=4, batch_size=4)
RANDOM = Hyperparameters(training_type="full", n_epochs=8, batch_size=4)
RANDOM_RATES = (1e-3, 3e-3)
ANSWER_TOKENS = 96
BATCH = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the folder of tunesmith-nano")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs and results.json")
    parser.add_argument("--train-rows", type=int, default=240)
    parser.add_argument("--test-rows", type=int, default=150)
    parser.add_argument("--lora-rate", type=float, help="learning rate of LoRA; tunesmith's automatic one by default")
    parser.add_argument("--only", help="part of a task's name")
    parser.add_argument("--no-random", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    random_folder = random_copy(arguments.model, arguments.out / "random", seed=arguments.seed)
    lora = LORA if arguments.lora_rate is None else replace(LORA, learning_rate=arguments.lora_rate)
    results: dict[str, dict[str, float]] = {}
    for number, name in enumerate(TASKS):
        if arguments.only and arguments.only not in name:
            continue
        training, testing = split(name, train=arguments.train_rows, test=arguments.test_rows, seed=arguments.seed)
        folder = arguments.out / f"task-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        rows = folder / "train.jsonl"
        rows.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in training), encoding="utf-8")
        score: dict[str, float] = {"nano, untuned": exact_match(load_base(arguments.model), arguments.model, testing)}
        score["LoRA from nano"] = tuned(arguments.model, rows, lora, folder / "lora", testing, arguments.seed)
        if not arguments.no_random:
            for rate in RANDOM_RATES:
                asked = replace(RANDOM, learning_rate=rate)
                score[f"random weights, {rate:g}"] = tuned(
                    random_folder, rows, asked, folder / f"random-{rate:g}", testing, arguments.seed
                )
        results[name] = score
        print(name, score, flush=True)
        (arguments.out / "results.json").write_text(
            json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    print(table(results))


def random_copy(model: Path, folder: Path, *, seed: int) -> Path:
    """The same architecture and tokenizer with random weights."""
    write_folder(random_model(seed), folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(model / name, folder / name)
    return folder


def tuned(base: Path, rows: Path, asked: Hyperparameters, run_dir: Path, testing: list[Row], seed: int) -> float:
    """Fine-tune through tunesmith's own loop; the share of test rows answered exactly."""
    request = RunRequest(str(base), base.name, str(rows), rows.name, asked=asked, seed=seed)
    began = time.monotonic()
    outcome = fine_tune(request, run_dir=run_dir)
    assert outcome.final_folder is not None
    final = Path(outcome.final_folder)
    if asked.training_type == "lora":
        model = load_base(base)
        adapter = read_adapter(final)
        attach_lora(model, rank=adapter.rank, alpha=adapter.alpha, seed=0)
        load_adapter(model, final)
    else:
        model = load_base(final)
    score = exact_match(model, base, testing)
    print(f"  {run_dir.name}: {score:.3f}, {outcome.step} steps, {time.monotonic() - began:.0f} s", flush=True)
    return score


def exact_match(model: Any, folder: Path, testing: list[Row]) -> float:
    """Share of rows whose greedy answer equals the expected one, apart from spaces at its ends."""
    renderer = Renderer.from_folder(folder)
    right = 0
    for start in range(0, len(testing), BATCH):
        rows = testing[start : start + BATCH]
        prompts = [renderer.prompt([Message(m["role"], m["content"]) for m in row["messages"][:-1]]) for row in rows]
        answers = greedy(model, renderer, prompts)
        right += sum(
            answer.strip() == row["messages"][-1]["content"].strip() for answer, row in zip(answers, rows, strict=True)
        )
    return right / len(testing)


@torch.no_grad()
def greedy(model: Any, renderer: Renderer, prompts: list[list[int]]) -> list[str]:
    """Greedy answers to token-id prompts of any lengths, left-padded into one batch."""
    pad, width = renderer.eos_token_ids[0], max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    stops = list(renderer.eos_token_ids)
    out = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=ANSWER_TOKENS,
        do_sample=False,
        eos_token_id=stops,
        pad_token_id=pad,
    )
    answers = []
    for row in out[:, width:].tolist():
        end = next((place for place, token in enumerate(row) if token in stops), len(row))
        answers.append(renderer.decode(row[:end]))
    return answers


def table(results: dict[str, dict[str, float]]) -> str:
    """A Markdown table in per cent, with the mean of every column."""
    columns = list(next(iter(results.values())))
    lines = [f"| task | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    for name, score in results.items():
        lines.append(f"| {name} | {' | '.join(f'{100 * score[column]:.0f}' for column in columns)} |")
    means = [sum(score[column] for score in results.values()) / len(results) for column in columns]
    lines.append(f"| **mean** | {' | '.join(f'**{100 * mean:.1f}**' for mean in means)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
