"""Linting a million chat rows (1 GB), and what TRL and LLaMA-Factory take to load the same file.

    python benchmarks/lint.py --dir /some/scratch/folder [--rows 1000000] [--processes 2]
        [--trl-python .../bin/python] [--lf-python .../bin/python]

The file is generated once (seeded; a run that was interrupted goes on). Every measurement is a process of its own; peak
memory is the largest sum of resident memory over it and its children, pages that they share counted for each.
Promised: at least 50,000 rows/s with two processes and no near-duplicates, 10,000 with, in at most 300 MB.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from lint_rows import write_rows

SAMPLE_S = 0.25
PROMISED = {"tunesmith lint": 50_000, "tunesmith lint, near-duplicates": 10_000}
PROMISED_MB = 300


@dataclass(frozen=True)
class Result:
    name: str
    rows_per_s: float
    cpu_us_per_row: float
    peak_mb: float
    note: str = ""


# What the peers run: reading the file and bringing its rows into the form in which they are trained, without tokens.
TRL = """
import json, resource, sys, time
start = time.perf_counter()
from datasets import load_dataset
from trl.data_utils import is_conversational, is_conversational_from_value, maybe_convert_to_chatml
imported = time.perf_counter()
data = load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
first = next(iter(data))
if is_conversational_from_value(first):
    data = data.map(maybe_convert_to_chatml, remove_columns="conversations" if "conversations" in first else None)
assert is_conversational(first)
end = time.perf_counter()
for row in data:  # as the map that tokenizes does
    pass
seen = time.perf_counter()
"""
LLAMA_FACTORY = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from llamafactory.data.converter import align_dataset
from llamafactory.data.parser import DatasetAttr
from llamafactory.hparams import DataArguments
from transformers import Seq2SeqTrainingArguments
from datasets import load_dataset
imported = time.perf_counter()
data = load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
attr = DatasetAttr("file", dataset_name="rows")
attr.formatting = "sharegpt"
attr.messages, attr.role_tag, attr.content_tag = "messages", "role", "content"
attr.user_tag, attr.assistant_tag, attr.system_tag = "user", "assistant", "system"
arguments = DataArguments(preprocessing_num_workers=int(sys.argv[3]))
data = align_dataset(data, attr, arguments, Seq2SeqTrainingArguments(output_dir=sys.argv[2]))
end = time.perf_counter()
for row in data:
    pass
seen = time.perf_counter()
"""
REPORT = """
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(u.ru_utime + u.ru_stime for u in usage)
print(json.dumps({"rows": len(data), "s": end - imported, "seen_s": seen - imported, "cpu_s": cpu}))
"""


def main() -> None:
    arguments = _arguments()
    if arguments.inside:
        _lint_here(arguments)
        return
    arguments.dir.mkdir(parents=True, exist_ok=True)
    path = arguments.dir / f"{arguments.kind}-{arguments.rows}.jsonl"
    write_rows(path, arguments.rows, kind=arguments.kind, report=lambda n: print(f"\r{n:,} rows", end="", flush=True))
    size_mb = path.stat().st_size / 1e6
    print(f"\r{arguments.rows:,} rows of kind {arguments.kind}, {size_mb:,.0f} MB; {arguments.processes} processes")
    with path.open("rb") as file:  # into the page cache, for everybody
        while file.read(2**24):
            pass
    results = _ours(path, arguments, near=False) + _ours(path, arguments, near=True)
    results += _peers(path, arguments)
    _print(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=("mixed", "english", "chinese", "digits", "long"), default="mixed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--trl-python", type=Path)
    parser.add_argument("--lf-python", type=Path)
    parser.add_argument("--inside", choices=("lint", "near"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _lint_here(arguments: argparse.Namespace) -> None:
    from tunesmith.data.lint.engine import LintOptions, lint

    options = LintOptions(near_duplicates=arguments.inside == "near", processes=arguments.processes)
    start = time.perf_counter()
    report = lint(arguments.file, options)
    seconds = time.perf_counter() - start
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(one.ru_utime + one.ru_stime for one in usage)
    found = {finding.code: finding.count for finding in report.findings}
    print(orjson.dumps({"rows": report.n_rows, "s": seconds, "cpu_s": cpu_s, "found": found}).decode())


def _ours(path: Path, arguments: argparse.Namespace, *, near: bool) -> list[Result]:
    command = [sys.executable, __file__, "--dir", arguments.dir, "--file", path, "--inside", "near" if near else "lint"]
    command += ["--processes", str(arguments.processes)]
    name = "tunesmith lint" + (", near-duplicates" if near else "")
    return _measured(name, list(map(str, command)))


def _peers(path: Path, arguments: argparse.Namespace) -> list[Result]:
    results = []
    peers = (("TRL: load, format", arguments.trl_python, TRL, "--trl-python"),)
    peers += (("LLaMA-Factory: load, align", arguments.lf_python, LLAMA_FACTORY, "--lf-python"),)
    for name, python, code, option in peers:
        if python is None:
            print(f"{name}: skipped, {option} was not given")
            continue
        cache = arguments.dir / f"cache-{option.strip('-')}"
        subprocess.run(["rm", "-rf", str(cache)], check=True)  # or a second run would measure its cache
        command = [str(python), "-c", code + REPORT, str(path), str(cache), str(arguments.processes)]
        results += _measured(name, command)
    return results


def _measured(name: str, command: list[str]) -> list[Result]:
    # LLaMA-Factory refuses versions of its libraries that are newer than itself, also where they read files alike
    environment = os.environ | {"DISABLE_VERSION_CHECK": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        peak = _Peak(process.pid)
        out, err = process.communicate()
        peak.stop()
    if process.returncode:
        reason = err.decode().strip().splitlines()[-1:] or ["no message"]
        return [Result(name, 0, 0, peak.bytes / 1e6, f"failed: {reason[0][:160]}")]
    said: dict[str, Any] = orjson.loads(out.splitlines()[-1])
    rows = said["rows"]
    if "found" in said:
        print(f"{name}: {orjson.dumps(said['found']).decode()}")
    cpu_us, peak_mb = said["cpu_s"] / rows * 1e6, peak.bytes / 1e6
    results = [Result(name, rows / said["s"], cpu_us, peak_mb)]
    if "seen_s" in said:
        results.append(Result(f"{name}, one pass", rows / said["seen_s"], cpu_us, peak_mb))
    return results


class _Peak:
    """The largest sum of resident memory of a process and those below it, looked at four times a second."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(SAMPLE_S):
            self.bytes = max(self.bytes, _resident_bytes(self._pid))

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def _resident_bytes(root: int) -> int:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for line in listed.splitlines():
        pid, parent, kilobytes = map(int, line.split())
        children.setdefault(parent, []).append(pid)
        resident[pid] = kilobytes * 1024
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return sum(resident.get(pid, 0) for pid in found)


def _print(results: list[Result]) -> None:
    base = results[0].rows_per_s
    print(f"\n{'':<34}{'rows/s':>10}{'CPU us/row':>12}{'peak MB':>10}{'ratio':>8}")
    for one in results:
        ratio = f"{base / one.rows_per_s:.1f}x" if one.rows_per_s else "-"
        figures = f"{one.rows_per_s:>10,.0f}{one.cpu_us_per_row:>12.1f}{one.peak_mb:>10,.0f}{ratio:>8}"
        print(f"{one.name:<34}{figures} {one.note}")
        if least := PROMISED.get(one.name):
            is_kept = one.rows_per_s >= least and one.peak_mb <= PROMISED_MB
            print(f"{'':<4}promised: {least:,} rows/s in {PROMISED_MB} MB: {'kept' if is_kept else 'NOT KEPT'}")
    print("ratio: how many times faster the first line is")


if __name__ == "__main__":
    main()
