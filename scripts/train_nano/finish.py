"""The last phase of tunesmith-nano: full-parameter fine-tuning on chat rows, through tunesmith's own training.

The rows are fresh instruction rows of the generator and dialogues and translations of the sources: the loss is on the
assistant's turns alone, as it is for every user who fine-tunes the model afterwards.
"""

import argparse
import itertools
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from tunesmith.models.base import load_base
from tunesmith.training.reports import Report, StepReport
from tunesmith.training.run import fine_tune
from tunesmith.training.spec import Hyperparameters, RunRequest

from . import sources
from .architecture import write_folder
from .generate import instruct_rows
from .generate.task import Row
from .generate.translate import translations

DIALOGUES = ("zh_kdconv_devtest", "zh_smile_clean", "en_star_dialogues", "en_synthetic_persona_chat")
INSTRUCTIONS, TRANSLATIONS = 0.8, 0.08
"""Shares of the rows; the rest are dialogues, equally from each source."""
HELD_OUT_ROWS = 120


def chat_rows(data: Path, *, count: int, seed: int) -> list[Row]:
    rng = random.Random(seed)
    rows = list(instruct_rows(seed=seed, count=int(INSTRUCTIONS * count)))
    pairs = [(row["en"], row["zh"]) for row in sources.rows(data, "bi_tatoeba_en_zh")]
    rows += translations(rng, rng.sample(pairs, int(TRANSLATIONS * count)))
    for name in DIALOGUES:
        rows += itertools.islice(_short_dialogues(data, name), (count - len(rows)) // len(DIALOGUES))
    rng.shuffle(rows)
    return rows


def _short_dialogues(data: Path, name: str) -> Iterator[Row]:
    """The first turns of each dialogue, up to an assistant's turn."""
    for row in sources.rows(data, name):
        turns = [{"role": m["role"], "content": m["content"]} for m in row["messages"][:6]]
        while turns and turns[-1]["role"] != "assistant":
            turns.pop()
        if turns:
            yield {"messages": turns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="pretrained folder, with tokenizer and template")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = chat_rows(arguments.data, count=arguments.rows + HELD_OUT_ROWS, seed=arguments.seed)
    for name, part in (("train.jsonl", rows[HELD_OUT_ROWS:]), ("valid.jsonl", rows[:HELD_OUT_ROWS])):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (arguments.out / name).write_text(text, encoding="utf-8")
    request = RunRequest(
        base_folder=str(arguments.model),
        base_name="tunesmith-nano",
        training_path=str(arguments.out / "train.jsonl"),
        training_name="train.jsonl",
        validation_path=str(arguments.out / "valid.jsonl"),
        validation_name="valid.jsonl",
        asked=Hyperparameters(
            training_type="full",
            n_epochs=1,
            batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
        ),
        seed=arguments.seed,
    )
    outcome = fine_tune(request, run_dir=arguments.out / "run", report=_print)
    assert outcome.final_folder is not None
    folder = arguments.out / "model"
    write_folder(load_base(Path(outcome.final_folder)), folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(arguments.model / name, folder / name)
    print(f"{outcome.trained_tokens} trained tokens; the model lies in {folder}")


def _print(report: Report) -> None:
    if not isinstance(report, StepReport) or report.step % 10 == 0:
        print(str(report)[:400], flush=True)


if __name__ == "__main__":
    main()
