"""Writes the library of loss curves that judges the doctor: tests/training/curves/*.json.

Each curve is a short real fine-tuning of the embedded model. A disease is produced by doing to the run what produces
it: a learning rate a hundred times too high, forty epochs on thirty rows, answers that do not belong to their
questions. Only numbers are written, never a row. Runs that are there already are not made again.

    python scripts/make_curves.py                     # all that are missing
    python scripts/make_curves.py healthy diverging   # only curves of these names
    python scripts/make_curves.py --look healthy      # print instead of writing
    TUNESMITH_CURVES=held TUNESMITH_CURVES_SEED=100 python scripts/make_curves.py     # other rows and seeds, elsewhere

Rows come from tunesmith's own demo and from sums made here; other rows, from folders of public data sets, are used
where TUNESMITH_ROWS names that folder, and their curves are left as they are where it does not.
"""

from __future__ import annotations

import csv
import json
import os
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import torch

from tunesmith.errors import TrainingFailed
from tunesmith.models.nano import nano_folder
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.reports import Report
from tunesmith.training.run import fine_tune
from tunesmith.training.spec import Hyperparameters, RunRequest

ROOT = Path(__file__).resolve().parents[1]
OUT = Path(os.environ.get("TUNESMITH_CURVES", ROOT / "tests" / "training" / "curves"))
FIRST_SEED = int(os.environ.get("TUNESMITH_CURVES_SEED", "0"))
DEMO = ROOT / "src" / "tunesmith" / "cli" / "demo_data"
PUBLIC = Path(os.environ.get("TUNESMITH_ROWS", "/nowhere"))
LONGEST_ROW, LONGEST = 250, {"dbpedia": 450}  # characters: a run takes seconds

Row = tuple[str, str, str]  # system, question, answer


def demo() -> list[Row]:
    rows = []
    for name in ("train.jsonl", "held_out.jsonl"):
        rows += _chat(DEMO / name)
    return rows


def sums() -> list[Row]:
    return [("Add.", f"{a} + {b} = ?", str(a + b)) for a in range(20) for b in range(20)]


def parity() -> list[Row]:
    return [("Odd or even?", f"{n}", "odd" if n % 2 else "even") for n in range(100, 500)]


def reversed_words() -> list[Row]:
    generator = random.Random(5)
    words = ["".join(generator.choices(string.ascii_lowercase, k=4)) for _ in range(400)]
    return [("Spell it backwards.", word, word[::-1]) for word in words]


def weekdays() -> list[Row]:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return [
        ("Answer as JSON.", f"It is {days[d]}. Which day is it in {n} days?", json.dumps({"day": days[(d + n) % 7]}))
        for d in range(7)
        for n in range(1, 40)
    ]


def shop_orders() -> list[Row]:
    goods = ("mug", "teapot", "lamp", "scarf", "kettle", "clock", "杯子", "台灯", "水壶", "毛衣")
    return [
        ("Read the order into JSON.", f"I would like {n} of {one}, please.", json.dumps({"item": one, "n": n}))
        for one in goods
        for n in range(2, 40)
    ]


def _chat(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        turns = {turn["role"]: turn["content"] for turn in json.loads(line)["messages"]}
        rows.append((turns.get("system", ""), turns["user"], turns["assistant"]))
    return rows


def _alpaca(path: str) -> Callable[[], list[Row]]:
    def read() -> list[Row]:
        found = json.loads((PUBLIC / path).read_text(encoding="utf-8"))
        return [("", f"{row['instruction']}\n{row.get('input', '')}".strip(), row["output"]) for row in found]

    return read


def _pairs(path: str) -> Callable[[], list[Row]]:
    def read() -> list[Row]:
        found = map(json.loads, (PUBLIC / path).read_text(encoding="utf-8").splitlines())
        return [("", row["prompt"], row["completion"]) for row in found]

    return read


def _labels(path: str, text: str, label: str) -> Callable[[], list[Row]]:
    def read() -> list[Row]:
        content = (PUBLIC / path).read_text(encoding="utf-8-sig")
        found = (
            list(map(json.loads, content.splitlines()))
            if path.endswith("l")
            else list(csv.DictReader(content.splitlines()))
        )
        return [("What is it about? Answer with the label.", row[text].strip(), row[label]) for row in found]

    return read


def _letters() -> list[Row]:
    return _chat(PUBLIC / "ar_lsat" / "chat_dev.jsonl")


ROWS: dict[str, Callable[[], list[Row]]] = {
    "demo": demo,
    "sums": sums,
    "parity": parity,
    "reversed_words": reversed_words,
    "weekdays": weekdays,
    "shop_orders": shop_orders,
    "instructions": _alpaca("alpaca/rasbt/instruction-data.json"),
    "toolformer": _alpaca("alpaca/gpteacher/toolformer.json"),
    "finance_zh": _alpaca("zh_qa/disc_finllm/computing_part.json"),
    "forum_zh": _pairs("zh_qa/egret_wenda/prompt_completion_2500.jsonl"),
    "medical_zh": _pairs("zh_qa/medical_gbk/prompt_completion_2500.jsonl"),
    "dbpedia": _labels("openai_format/cookbook/dbpedia_samples.jsonl", "text", "category"),
    "news": _labels("openai_format/cookbook/AG_news_samples.csv", "description", "label"),
    "transactions": _labels("openai_format/cookbook/labelled_transactions.csv", "Description", "Classification"),
}
OWN = ("demo", "sums", "parity", "reversed_words", "weekdays", "shop_orders")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run: `spoil` does the harm to the training rows, `asked` the harm by settings."""

    name: str
    rows: str
    n_train: int
    n_valid: int
    seed: int
    asked: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[list[Row], random.Random], list[Row]] | None = None
    valid_rows: str | None = None

    @property
    def file(self) -> Path:
        return OUT / f"{self.name}-{self.rows}-{self.seed}.json"


def shuffled_answers(rows: list[Row], generator: random.Random) -> list[Row]:
    answers = [answer for _, _, answer in rows]
    generator.shuffle(answers)
    return [(system, question, answer) for (system, question, _), answer in zip(rows, answers, strict=True)]


def corrupted_rows(rows: list[Row], generator: random.Random) -> list[Row]:
    """A few rows in the middle whose answers are long noise, as after a broken export."""
    rows = list(rows)
    for place in generator.sample(range(len(rows)), k=3):
        noise = "".join(generator.choices(string.printable[:94], k=160))
        rows[place] = (*rows[place][:2], noise)
    return rows


RECIPES: list[Recipe] = []


def several(name: str, data: dict[str, int], n_valid: int, *, seeds: int = 1, **more: Any) -> None:
    """`data` maps rows to how many of them are trained on; each is run with `seeds` seeds that are new."""
    for rows, n_train in data.items():
        first = FIRST_SEED + sum(one.name == name and one.rows == rows for one in RECIPES)
        RECIPES.extend(Recipe(name, rows, n_train, n_valid, first + seed, **more) for seed in range(seeds))


FIVE = ("demo", "sums", "parity", "shop_orders", "reversed_words")
SHORT = {"demo": 120, "sums": 120, "parity": 100, "shop_orders": 100, "reversed_words": 100}
several("healthy", {"demo": 156, "forum_zh": 160, "weekdays": 160, "parity": 120}, 50)
several("healthy", {"dbpedia": 80}, 40)
several("memorised", {"sums": 30}, 0, asked={"n_epochs": 40})
several("memorised", dict.fromkeys(("demo", "parity", "shop_orders", "reversed_words"), 24), 0, asked={"n_epochs": 25})
TWELVE = {"n_epochs": 12}
several("overfitted", dict.fromkeys(("demo", "reversed_words", "sums", "dbpedia", "forum_zh"), 24), 40, asked=TWELVE)
several("not_finite", SHORT, 30, asked={"learning_rate_multiplier": 1e30, "n_epochs": 1})
several("flat", SHORT, 30, asked={"learning_rate_multiplier": 0.001, "n_epochs": 1, "batch_size": 2})
several("diverging", SHORT, 30, asked={"learning_rate_multiplier": 100, "n_epochs": 2})
several("spikes", SHORT, 0, spoil=corrupted_rows, asked={"n_epochs": 3, "batch_size": 4})
several("too_short", SHORT, 30, asked={"n_epochs": 1, "batch_size": 16})
several("healthy", {"demo": 80, "parity": 60, "shop_orders": 60, "weekdays": 60, "transactions": 40}, 30)
several("few_validation_rows", dict.fromkeys(FIVE, 48), 5, asked={"n_epochs": 2})
several("healthy", {"demo": 120, "parity": 60, "shop_orders": 60, "weekdays": 60, "news": 60}, 0)
several("rate_too_high", dict.fromkeys(FIVE, 60), 30, asked={"learning_rate_multiplier": 10, "batch_size": 2})
several("healthy", {"finance_zh": 40, "dbpedia": 80, "shop_orders": 60}, 30)
# as many rows and epochs as the healthy ones, but on these the validation loss turns up
several("overfitted", {"instructions": 60, "forum_zh": 60}, 30)
OTHER = ("demo", "parity", "shop_orders", "weekdays", "reversed_words")
several("other_validation", dict.fromkeys(OTHER, 48), 30, valid_rows="sums", asked={"n_epochs": 2})
several("rate_too_low", dict.fromkeys(FIVE, 60), 30, asked={"learning_rate_multiplier": 0.02, "n_epochs": 2})
FIVE_FOLD = {"learning_rate_multiplier": 5, "batch_size": 1, "n_epochs": 1}
several("single_rows", dict.fromkeys(FIVE, 60), 30, asked=FIVE_FOLD)
several("healthy", {"demo": 100, "transactions": 45, "weekdays": 80, "dbpedia": 90}, 30)
NO_WARM_UP = {"learning_rate_multiplier": 8, "batch_size": 2, "n_epochs": 5, "warmup_steps": 0}
several("oscillating", dict.fromkeys(FIVE, 80), 30, asked=NO_WARM_UP)
SHUFFLED = ("demo", "parity", "shop_orders", "transactions", "news")
several("shuffled", dict.fromkeys(SHUFFLED, 40), 30, spoil=shuffled_answers, asked={"n_epochs": 8})


def make(recipe: Recipe) -> Curves:
    generator = random.Random(f"{recipe.rows} {recipe.seed}")
    longest = LONGEST.get(recipe.rows, LONGEST_ROW)
    rows = [row for row in ROWS[recipe.rows]() if len("".join(row)) <= longest and row[2].strip()]
    generator.shuffle(rows)
    training, validation = rows[: recipe.n_train], rows[recipe.n_train :][: recipe.n_valid]
    if recipe.valid_rows is not None:
        validation = ROWS[recipe.valid_rows]()[: recipe.n_valid]
    if recipe.spoil is not None:
        training = recipe.spoil(training, generator)
    journal: list[Report] = []
    failed_step = None
    with tempfile.TemporaryDirectory() as folder:
        request = RunRequest(
            str(nano_folder()),
            "tunesmith-nano",
            _write(Path(folder) / "train.jsonl", training),
            "train.jsonl",
            _write(Path(folder) / "valid.jsonl", validation) if validation else None,
            "valid.jsonl",
            asked=Hyperparameters(**recipe.asked),
            seed=recipe.seed,
            checkpoint_every_s=1e9,
        )
        try:
            fine_tune(request, run_dir=Path(folder) / "run", report=journal.append)
        except TrainingFailed:
            failed_step = Curves.of(journal).step + 1
    return Curves.of(journal, failed_step=failed_step)


def _write(path: Path, rows: list[Row]) -> str:
    with path.open("w", encoding="utf-8") as file:
        for system, question, answer in rows:
            turns = [("system", system)] * bool(system) + [("user", question), ("assistant", answer)]
            messages = [{"role": role, "content": content} for role, content in turns]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    return str(path)


def rounded(value: Any) -> Any:
    """Five digits are more than the eye or the doctor needs."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return value


def wanted(names: list[str]) -> Iterator[Recipe]:
    for recipe in RECIPES:
        if not names or recipe.name in names or recipe.file.stem in names:
            yield recipe


def look(curves: Curves) -> str:
    blocks = [
        sum(part) / len(part)
        for i in range(0, curves.step, max(1, curves.step // 12))
        if (part := curves.train_loss[i : i + max(1, curves.step // 12)])
    ]
    epochs = " ".join(f"{loss:.3f}" for _, _, loss in curves.full_valid)
    return (
        f"  steps {curves.step}/{curves.total_steps} lr {curves.hyperparameters['learning_rate']:.2g} "
        f"x{curves.hyperparameters['learning_rate_multiplier']} batch {curves.hyperparameters['batch_size']}\n"
        f"  train {' '.join(f'{one:.2f}' for one in blocks)}\n  valid base {curves.base_valid_loss} epochs {epochs}\n"
        f"  grad  {min(curves.grad_norm, default=0):.2f} .. {max(curves.grad_norm, default=0):.2f}"
    )


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    is_look = "--look" in arguments
    OUT.mkdir(parents=True, exist_ok=True)
    for recipe in wanted([one for one in arguments if not one.startswith("--")]):
        if (recipe.file.exists() and not is_look) or (recipe.rows not in OWN and not PUBLIC.is_dir()):
            continue
        claim = recipe.file.with_suffix(".part")  # another process may be making it
        if not is_look and claim.exists():
            continue
        claim.touch()
        began = time.monotonic()
        curves = make(recipe)
        print(f"{recipe.file.stem}  {time.monotonic() - began:.0f} s\n{look(curves)}", flush=True)
        if not is_look:
            content = {"name": recipe.name, "rows": recipe.rows, "curves": rounded(curves.to_json())}
            claim.write_bytes(orjson.dumps(content) + b"\n")
            claim.rename(recipe.file)


if __name__ == "__main__":
    main(sys.argv[1:])
