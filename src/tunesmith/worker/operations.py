"""The process of one operation on a data file: `python -m tunesmith.worker.operations`.

It reads one JSON line, {"operation", "arguments"}, from stdin, and says one on stdout: {"answer"} or {"failed"}. It
leaves at once when stdin ends, for then whoever asked is dead. New files go into `out_dir`; the answer's `outputs` name
them.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from tunesmith import errors
from tunesmith.data.convert import convert
from tunesmith.data.fixes import plan_fixes, write_fixed
from tunesmith.data.html_report import html_report
from tunesmith.data.lint.catalogue import CATALOGUE, all_codes
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.lint.settings import THRESHOLDS, LintSettings
from tunesmith.data.personal_data_survey import survey, write_without
from tunesmith.data.sources import Source, open_source
from tunesmith.data.split import split
from tunesmith.findings import Finding
from tunesmith.models.folder import check_base_folder
from tunesmith.worker import lifeline

Arguments = Mapping[str, Any]
Answer = dict[str, Any]

SHOWN_ROWS = 5


def _source(arguments: Arguments) -> Source:
    reading = {key: arguments.get(key) for key in ("format", "mapping", "encoding", "sheet")}
    return open_source(Path(arguments["path"]), name=arguments["name"], **reading)


def _output(arguments: Arguments, mark: str, suffix: str = ".jsonl") -> Path:
    """`rows.csv` with the mark `fixed` becomes `rows.fixed.jsonl`, in the folder for results."""
    stem = arguments["name"].removesuffix(".gz").rpartition(".")[0] or arguments["name"]
    return Path(arguments["out_dir"]) / f"{stem}.{mark}{suffix}"


def _made(**parts: Path) -> Answer:
    return {"outputs": {part: {"path": str(path), "name": path.name} for part, path in parts.items()}}


def _report(source: Source, arguments: Arguments) -> LintReport:
    validation = arguments.get("validation")
    facts = check_base_folder(Path(arguments["base_folder"])) if "base_folder" in arguments else None
    return lint(
        source,
        options=LintOptions(
            validation=Path(validation["path"]) if validation else None,
            only=_codes(arguments.get("only"), "only") or None,
            skip=_codes(arguments.get("skip"), "skip"),
            settings=_settings(arguments.get("thresholds", {})),
            near_duplicates=arguments.get("near_duplicates", True),
            tokenizer_folder=facts.folder if facts else None,
            context_length=facts.context_length if facts else None,
        ),
    )


def _codes(codes: list[str] | None, param: str) -> tuple[str, ...]:
    for code in codes or ():
        _check_known(code, all_codes(), param)
    return tuple(codes or ())


def _settings(thresholds: Mapping[str, float]) -> LintSettings:
    for name in thresholds:
        _check_known(name, tuple(THRESHOLDS), "thresholds")
    return LintSettings(**{name: type(THRESHOLDS[name].default)(value) for name, value in thresholds.items()})


def _check_known(name: str, known: list[str] | tuple[str, ...], param: str) -> None:
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f" Did you mean '{close[0]}'?" if close else ""
        raise errors.InvalidRequest(
            f"Invalid value: '{name}'.{meant} GET /tunesmith/v1/checks lists all.", param=param, code="invalid_value"
        )


def look_at(arguments: Arguments) -> Answer:
    source = _source(arguments)
    rows = [
        {"finding": row.to_json()} if isinstance(row, Finding) else {"line": row.line, "row": row.value}
        for row in islice(source.rows(), SHOWN_ROWS)
    ]
    return {
        "container": source.table.container,
        "encoding": source.table.encoding,
        "is_compressed": source.table.is_compressed,
        "columns": source.table.columns,
        "format": source.format,
        "detection": source.detection.to_json(),
        "findings": [finding.to_json() for finding in source.findings],
        "rows": rows,
    }


def lint_file(arguments: Arguments) -> Answer:
    return _report(_source(arguments), arguments).to_json()


def report_on(arguments: Arguments) -> Answer:
    report = _report(_source(arguments), arguments)
    return {"html": html_report(report, language=arguments["language"])}


def fix_file(arguments: Arguments) -> Answer:
    source = _source(arguments)
    plan = plan_fixes(source, _report(source, arguments), codes=arguments.get("fixes"))
    if arguments["dry_run"]:
        return plan.to_json()
    out = _output(arguments, "fixed")
    return write_fixed(source, plan, out).to_json() | _made(file=out)


def convert_file(arguments: Arguments) -> Answer:
    source = _source(arguments)
    container = arguments["container"]
    out = _output(arguments, arguments["to"], f".{container}")
    done = convert(source, to=arguments["to"], out=out, container=container)
    facts = {"from": source.format, "to": arguments["to"]}
    return facts | done.to_json() | (_made(file=out) if done.n_written else {})


def split_file(arguments: Arguments) -> Answer:
    training, validation = _output(arguments, "train"), _output(arguments, "valid")
    done = split(
        _source(arguments),
        train_path=training,
        valid_path=validation,
        valid_share=None if "n_valid" in arguments else arguments["valid_share"],
        n_valid=arguments.get("n_valid"),
        seed=arguments["seed"],
    )
    said = done.to_json()
    counts = {key: said[key] for key in ("n_train", "n_valid", "n_skipped", "findings")}
    return done.facts | counts | _made(training_file=training, validation_file=validation)


def estimate_run(arguments: Arguments) -> Answer:
    # torch takes seconds to import, and no other operation needs it
    from tunesmith.training.estimate import estimate
    from tunesmith.training.spec import Hyperparameters

    validation = arguments.get("validation")
    return estimate(
        Path(arguments["path"]),
        name=arguments["name"],
        base_folder=Path(arguments["base_folder"]),
        base_name=arguments["base_name"],
        style=arguments["style"],
        asked=Hyperparameters.from_json(arguments["hyperparameters"]),
        validation_path=Path(validation["path"]) if validation else None,
        measure=arguments["measure"],
        price_per_million=arguments.get("price_per_million"),
    ).to_json()


def personal_data(arguments: Arguments) -> Answer:
    source, action = _source(arguments), arguments["action"]
    found = survey(source)
    said = {"n_rows": found.n_rows, "findings": [finding.to_json() for finding in found.findings()]}
    if action == "find" or not found.kinds:
        return said
    out = _output(arguments, "masked" if action == "mask" else "without-pii")
    return said | write_without(source, out, action=action).to_json() | _made(file=out)


def list_checks(_: Arguments) -> Answer:
    return {
        "checks": [
            entry.to_json() | {"thresholds": [dataclasses.asdict(THRESHOLDS[name]) for name in entry.thresholds]}
            for entry in CATALOGUE
        ]
    }


OPERATIONS: dict[str, Callable[[Arguments], Answer]] = {
    "look": look_at,
    "lint": lint_file,
    "report": report_on,
    "fix": fix_file,
    "convert": convert_file,
    "split": split_file,
    "estimate": estimate_run,
    "pii": personal_data,
    "checks": list_checks,
}


def main() -> int:
    out = _take_stdout()
    request = orjson.loads(sys.stdin.readline())
    lifeline.hold()
    try:
        said: dict[str, Any] = {"answer": OPERATIONS[request["operation"]](request["arguments"])}
    except errors.TunesmithError as error:
        said = {"failed": _failure(error)}
    except Exception:  # noqa: BLE001  the border of one operation: whoever asked reads of it in the log
        traceback.print_exc()
        return 1
    out.write(orjson.dumps(said, default=str) + b"\n")
    out.flush()
    return 0


def _failure(error: errors.TunesmithError) -> dict[str, Any]:
    # the nearest class that errors.py has: a subclass of another room is not known on the other side
    kind = next(cls.__name__ for cls in type(error).__mro__ if hasattr(errors, cls.__name__))
    findings = [finding.to_json() for finding in getattr(error, "findings", ())]
    return {"error": kind, "message": error.message, "param": error.param, "code": error.code, "findings": findings}


def _take_stdout() -> BinaryIO:
    """Keep the real stdout for the answer and send whatever else prints there to the log."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    code = main()
    # the lifeline's thread still reads stdin
    os._exit(code)
