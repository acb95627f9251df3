"""The dialogue of `openai tools fine_tunes.prepare_data`, as it was in 2023 (openai 0.28.1, MIT licence).

Same words, same questions, same files, as that tool gives them with pandas 3.1.1 (with the pandas of 2023 a null in
JSON became the word "None" or "nan" instead of nothing, and True in a workbook "1"). Rows are kept in memory and gone
through many times, as they were there: memory grows with the file, to about seven times its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tunesmith.data.formats import FormatName
from tunesmith.data.prepare.affixes import common_suffix
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.read_file import read_any_format
from tunesmith.data.prepare.remediation import Remediation, ValidatorError, escaped
from tunesmith.data.prepare.split import split
from tunesmith.data.prepare.task_type import infer_task_type
from tunesmith.data.prepare.time_estimate import time_estimate
from tunesmith.data.prepare.validators import VALIDATORS
from tunesmith.data.prepare.write_jsonl import free_names, write_jsonl

Ask = Callable[[str], bool]
"""Shows a question that ends in `[Y/n]: ` and answers whether it was agreed to."""

Say = Callable[[str], None]
"""Shows text as it is, without a line end of its own."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What can be trained on now: the file itself when nothing had to change; nothing when the user did not agree.

    With `has_errors` rows are left that stop a training, and that only the user can mend.
    """

    training_file: str | None
    validation_file: str | None = None
    format: FormatName = "prompt_completion"
    has_errors: bool = False


def prepare(name: str, *, ask: Ask | None, say: Say) -> Prepared:
    """Look at the file `name`, propose what to mend, and write `NAME_prepared.jsonl` beside it.

    `ask` None agrees to everything, and shows so. Raises ValidatorError when the file cannot be used; nothing is
    written then.
    """
    say("Analyzing...\n")
    frame, about_file = read_any_format(name)
    return talk(name, frame, about_file, ask=ask or agreeing(say), say=say)


def agreeing(say: Say) -> Ask:
    def ask(question: str) -> bool:
        say(f"{question}Y\n")
        return True

    return ask


def talk(name: str, frame: Frame, about_file: Remediation, *, ask: Ask, say: Say) -> Prepared:
    """The dialogue after the file has been read."""
    if about_file.immediate:
        say(about_file.immediate)
    frame, remediations = _validate(frame, say)
    remediations.insert(0, about_file)
    remedied, is_changed = _remedy(frame, remediations, ask, say)
    prepared = _write_out(name, remedied, ask, say, is_changed=is_changed)
    if prepared.training_file is not None:
        say(time_estimate(remedied, hashed=frame.labels))
    return prepared


def _validate(frame: Frame, say: Say) -> tuple[Frame, list[Remediation]]:
    """Every validator speaks; what is necessary is done before the next one looks."""
    remediations: list[Remediation] = []
    for validate in VALIDATORS:
        remediation = validate(frame)
        if remediation is None:
            continue
        if remediation.error is not None:
            raise ValidatorError(remediation.name, remediation.error)
        if remediation.immediate is not None:
            say(remediation.immediate)
        if remediation.apply_necessary is not None:
            frame = remediation.apply_necessary(frame)
        remediations.append(remediation)
    return frame, remediations


def _remedy(frame: Frame, remediations: list[Remediation], ask: Ask, say: Say) -> tuple[Frame, bool]:
    """Ask about everything that may be changed; whether anything was, or had to be."""
    if not any(remediation.optional or remediation.necessary for remediation in remediations):
        say("\n\nNo remediations found.\n")
        return frame, False
    say("\n\nBased on the analysis we will perform the following actions:\n")
    is_changed = False
    for remediation in remediations:
        if remediation.apply_optional and ask(f"- [Recommended] {remediation.optional} [Y/n]: "):
            if remediation.remark and (text := remediation.remark(frame)):
                say(text)
            frame = remediation.apply_optional(frame)
            is_changed = True
        if remediation.necessary:
            say(f"- [Necessary] {remediation.necessary}\n")
            is_changed = True
    return frame, is_changed


def _write_out(name: str, frame: Frame, ask: Ask, say: Say, *, is_changed: bool) -> Prepared:
    wants_split = infer_task_type(frame) == "classification" and ask(
        "- [Recommended] Would you like to split into training and validation set? [Y/n]: "
    )
    if not is_changed and not wants_split:
        say(f'\nYou can use your file for fine-tuning:\n> openai api fine_tunes.create -t "{name}"\n\n')
        say(f"{_reminder(frame)}\n")
        return Prepared(name)
    if not ask("\n\nYour data will be written to a new JSONL file. Proceed [Y/n]: "):
        say("Aborting... did not write the file\n")
        return Prepared(None)
    prepared = _write(name, frame, wants_split=wants_split)
    say(f"\nWrote modified {_files(prepared)}`\nFeel free to take a look!\n\n")
    say(f"Now use that file when fine-tuning:\n> openai api fine_tunes.create -t {_arguments(frame, prepared)}\n\n")
    say(f"{_reminder(frame) if common_suffix(frame.prompts) else _stop(frame)}\n")
    return prepared


def _write(name: str, frame: Frame, *, wants_split: bool) -> Prepared:
    if not wants_split:
        (path,) = free_names(name, [""])
        write_jsonl(frame, Path(path))
        return Prepared(path)
    train_path, valid_path = free_names(name, ["_train", "_valid"])
    train, valid = split(frame)
    write_jsonl(train, Path(train_path))
    write_jsonl(valid, Path(valid_path))
    return Prepared(train_path, valid_path)


def _files(prepared: Prepared) -> str:
    if prepared.validation_file is None:
        return f"file to `{prepared.training_file}"
    return f"files to `{prepared.training_file}` and `{prepared.validation_file}"


def _arguments(frame: Frame, prepared: Prepared) -> str:
    if prepared.validation_file is None:
        return f'"{prepared.training_file}"'
    classes = Counter(frame.completions)
    if len(classes) == 2:
        metrics = f'--classification_positive_class "{classes.most_common(1)[0][0]}"'
    else:
        metrics = f"--classification_n_classes {len(classes)}"
    return f'"{prepared.training_file}" -v "{prepared.validation_file}" --compute_classification_metrics {metrics}'


def _reminder(frame: Frame) -> str:
    return (
        "After you’ve fine-tuned a model, remember that your prompt has to end with the indicator string "
        f"`{escaped(common_suffix(frame.prompts))}` for the model to start generating completions, rather than "
        f"continuing with the prompt.{_stop(frame)}"
    )


def _stop(frame: Frame) -> str:
    ending = escaped(common_suffix(frame.completions))
    if not ending:
        return ""
    return f' Make sure to include `stop=["{ending}"]` so that the generated texts ends at the expected place.'
