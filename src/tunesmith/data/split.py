"""One file becomes training and validation rows: seeded, labels in proportion, no row's twin on the other side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.answer_labels import AnswerLabels
from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.new_jsonl import new_jsonl
from tunesmith.data.origin import is_augmented
from tunesmith.data.readable_rows import ReadableRows, rows_of
from tunesmith.data.row_groups import RowGroups
from tunesmith.data.sources import Source
from tunesmith.errors import InvalidFile, InvalidRequest
from tunesmith.findings import Finding

DEFAULT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Split:
    """`facts` say how the rows were divided: seed, labels of each side, groups and what made them."""

    train_path: Path
    valid_path: Path
    n_train: int
    n_valid: int
    n_skipped: int
    facts: dict[str, Any]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "train_path": str(self.train_path),
            "valid_path": str(self.valid_path),
            "n_train": self.n_train,
            "n_valid": self.n_valid,
            "n_skipped": self.n_skipped,
            "facts": self.facts,
            "findings": [finding.to_json() for finding in self.findings],
        }


def split(
    source: Source,
    *,
    train_path: Path,
    valid_path: Path,
    valid_share: float | None = None,
    n_valid: int | None = None,
    seed: int = 0,
    near_duplicates: bool = True,
    settings: LintSettings | None = None,
) -> Split:
    """Write the rows that can be read to two JSONL files in the source's format, in the order of the source.

    `n_valid` rows, or `valid_share` of them (a tenth), go to validation, as nearly as whole groups allow: rows with the
    same prompt, the same long passage or nearly the same words stay together. Labels, if the answers are labels, come
    in the same proportions on both sides. Rows that a model made (data/origin.py) train, and so do their twins. Rows
    that cannot be read are left out and named.

    Raises InvalidRequest for impossible numbers or paths, InvalidFile when all rows belong to one group or were made.
    """
    source.require_format()
    if train_path.absolute() == valid_path.absolute():
        raise InvalidRequest("training and validation rows need two files", param="valid_path")
    settings = settings or LintSettings()
    readable = ReadableRows(source)
    groups, labels = RowGroups(source, settings, with_near_duplicates=near_duplicates), AnswerLabels(settings)
    made: list[int] = []
    for index, row in enumerate(readable.rows()):
        if is_augmented(row.value):
            made.append(index)
        groups.add(row)
        labels.add(main_answer(row))
    n_rows = len(groups.positions)
    wanted = _n_wanted(n_rows, valid_share, n_valid)
    group_of_row, tied = groups.of_rows()
    label_of_row, label_counts, words = labels.counted()
    is_stratified = labels.are_labels()
    if not is_stratified:
        label_of_row, label_counts = np.zeros(n_rows, np.int64), np.array([n_rows])
    may_measure = ~np.isin(group_of_row, group_of_row[made])
    if not may_measure.any():
        raise _all_made(source, n_rows)
    is_valid = np.zeros(n_rows, bool)
    is_valid[may_measure] = _divided(
        group_of_row[may_measure],
        label_of_row[may_measure],
        np.bincount(label_of_row[may_measure], minlength=len(label_counts)),
        min(wanted, int(may_measure.sum())),
        seed,
    )
    n_chosen = int(is_valid.sum())
    if n_chosen in (0, n_rows):
        raise _one_group(source, n_rows, wanted)
    _write(source, groups.positions, is_valid, train_path, valid_path)
    facts: dict[str, Any] = {"seed": seed, "n_rows": n_rows, "n_valid_asked": wanted, "is_stratified": is_stratified}
    if is_stratified:
        facts["labels"] = _label_facts(words, label_of_row, is_valid)
    facts["groups"] = _group_facts(group_of_row, is_valid) | {"tied_by": tied}
    facts["made"] = {"n_rows": len(made), "with_twins": n_rows - int(may_measure.sum())}
    findings = (*readable.findings(), *_told(facts, n_chosen, wanted))
    return Split(train_path, valid_path, n_rows - n_chosen, n_chosen, readable.n_skipped, facts, findings)


def _n_wanted(n_rows: int, share: float | None, n_valid: int | None) -> int:
    if n_rows < 2:
        raise InvalidRequest(f"the file has {n_rows} readable row(s); splitting takes at least 2", param="file")
    if n_valid is not None and share is not None:
        raise InvalidRequest("give a number of validation rows or a share, not both", param="n_valid")
    if n_valid is not None:
        if not 0 < n_valid < n_rows:
            raise InvalidRequest(
                f"{n_valid} validation rows were asked for; expected 1 to {n_rows - 1}, because the file has {n_rows}",
                param="n_valid",
            )
        return n_valid
    share = DEFAULT_SHARE if share is None else share
    if not 0 < share < 1:
        raise InvalidRequest(
            f"valid_share is {share}; expected a number between 0 and 1, such as 0.1",
            param="valid_share",
        )
    return min(max(1, round(share * n_rows)), n_rows - 1)


def _divided(
    group_of_row: NDArray[np.int64],
    label_of_row: NDArray[np.int64],
    label_counts: NDArray[np.int64],
    wanted: int,
    seed: int,
) -> NDArray[np.bool_]:
    """Which rows are for validation: a fair part of the groups first, then single rows, label by label."""
    random = np.random.default_rng(seed)
    sizes = np.bincount(group_of_row, minlength=len(group_of_row))
    is_single = sizes[group_of_row] == 1
    is_valid = np.zeros(len(group_of_row), bool)
    targets = _shares(label_counts, wanted)
    in_groups = np.bincount(label_of_row[~is_single], minlength=len(label_counts))
    fair = in_groups * (wanted / len(group_of_row))
    taken = np.zeros(len(label_counts), np.int64)
    members = _members(group_of_row, ~is_single)
    for place in random.permutation(len(members)):
        rows = members[place]
        added = np.bincount(label_of_row[rows], minlength=len(label_counts))
        if np.abs(fair - taken - added).sum() < np.abs(fair - taken).sum() and taken.sum() + len(rows) <= wanted:
            is_valid[rows] = True
            taken += added
    singles = random.permutation(np.flatnonzero(is_single))
    for label in range(len(label_counts)):
        of_label = singles[label_of_row[singles] == label]
        chosen = of_label[: max(0, targets[label] - taken[label])]
        is_valid[chosen] = True
        taken[label] += len(chosen)
    _fill_up(is_valid, members, random, wanted)
    return is_valid


def _fill_up(
    is_valid: NDArray[np.bool_], members: list[NDArray[np.int64]], random: np.random.Generator, wanted: int
) -> None:
    """Where single rows are too few, more groups, the ones that fit best."""
    left = wanted - int(is_valid.sum())
    waiting = [members[place] for place in random.permutation(len(members)) if not is_valid[members[place][0]]]
    for rows in sorted(waiting, key=len, reverse=True):
        if len(rows) <= left:
            is_valid[rows] = True
            left -= len(rows)
    if not is_valid.any() and waiting:  # every group is larger than asked: the smallest is better than none
        is_valid[min(waiting, key=len)] = True


def _members(group_of_row: NDArray[np.int64], is_grouped: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    rows = np.flatnonzero(is_grouped)
    if not len(rows):
        return []
    order = rows[np.argsort(group_of_row[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(group_of_row[order])) + 1
    return np.split(order, ends)


def _shares(counts: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """`wanted` divided like `counts`, by largest remainder."""
    exact = counts * (wanted / counts.sum())
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    most_left = np.argsort(shares - exact, kind="stable")
    shares[most_left[: wanted - int(shares.sum())]] += 1
    return shares


def _one_group(source: Source, n_rows: int, wanted: int) -> InvalidFile:
    message = (
        f"{source.name}: the {n_rows} rows belong to one group (the same prompt or passage, or nearly the same words), "
        f"so no {wanted} of them can be validation rows without their twins in training; remove duplicates first, "
        "or split without looking for near-duplicates"
    )
    zh = (
        f"{source.name}：{n_rows} 行都属于同一组（提示词或文章相同，或内容几乎相同），"
        f"无法从中取出 {wanted} 行作为验证文件；"
        "请先去重，或在拆分时不检查近似重复"
    )
    return InvalidFile(message, findings=[Finding("one_group", "error", message, message_zh=zh)])


def _all_made(source: Source, n_rows: int) -> InvalidFile:
    message = (
        f"{source.name}: all {n_rows} rows were made by a model, or are twins of such rows; a validation file needs "
        "rows of people. Split the file they were made from, before adding them"
    )
    zh = (
        f"{source.name}：{n_rows} 行都是模型生成的，或与生成的行几乎相同；验证文件需要人写的样本。"
        "请先拆分原来的文件，再加入生成的样本"
    )
    return InvalidFile(message, findings=[Finding("only_made_rows", "error", message, message_zh=zh)])


def _write(
    source: Source, positions: Sequence[int], is_valid: NDArray[np.bool_], train_path: Path, valid_path: Path
) -> None:
    with ExitStack() as files:
        train = files.enter_context(new_jsonl(train_path, read=(source.path,)))
        valid = files.enter_context(new_jsonl(valid_path, read=(source.path,)))
        for index, row in enumerate(rows_of(source, positions)):
            (valid if is_valid[index] else train)(row.value)


def _label_facts(
    words: list[str], label_of_row: NDArray[np.int64], is_valid: NDArray[np.bool_]
) -> dict[str, dict[str, int]]:
    train = np.bincount(label_of_row[~is_valid], minlength=len(words))
    valid = np.bincount(label_of_row[is_valid], minlength=len(words))
    by_count = np.argsort(-(train + valid), kind="stable")
    return {words[label]: {"train": int(train[label]), "valid": int(valid[label])} for label in by_count}


def _group_facts(group_of_row: NDArray[np.int64], is_valid: NDArray[np.bool_]) -> dict[str, Any]:
    sizes = np.bincount(group_of_row, minlength=len(group_of_row))
    sizes = sizes[sizes > 1]
    return {"n_groups": len(sizes), "n_rows": int(sizes.sum()), "largest": int(sizes.max(initial=1))}


def _told(facts: dict[str, Any], n_chosen: int, wanted: int) -> Iterator[Finding]:
    groups = facts["groups"]
    if groups["n_groups"]:
        yield Finding(
            "grouped_rows",
            "info",
            f"{groups['n_rows']} rows in {groups['n_groups']} groups share a prompt, a passage or nearly all words; "
            "each group is on one side, so that validation does not ask what training has told",
            facts=groups,
            message_zh=f"有 {groups['n_rows']} 行分属 {groups['n_groups']} 组，组内提示词或文章相同，或内容几乎相同；"
            "同一组都放在同一侧，避免验证文件考训练时见过的内容",
        )
    if facts["made"]["n_rows"]:
        made = facts["made"]
        yield Finding(
            "made_rows_train",
            "info",
            f"{made['n_rows']} rows were made by a model: they, and {made['with_twins'] - made['n_rows']} rows like "
            "them, are training rows, so that validation measures on what people wrote",
            facts=made,
            message_zh=f"有 {made['n_rows']} 行是模型生成的：它们和与之相近的 {made['with_twins'] - made['n_rows']} 行"
            "都放在训练文件里，验证文件只用人写的样本",
        )
    if n_chosen != wanted:
        yield Finding(
            "other_number",
            "info",
            f"{n_chosen} validation rows instead of {wanted}: whole groups do not add up to it",
            facts={"n_valid": n_chosen, "asked": wanted},
            message_zh=f"验证文件有 {n_chosen} 行，而不是 {wanted} 行：整组的行数凑不出这个数",
        )
