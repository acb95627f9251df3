"""The catalogue of findings says what the checks are, no more and no less."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tunesmith.data.lint.catalogue import CATALOGUE, all_codes
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.registry import CHECKED_CODES
from tunesmith.data.lint.settings import SOURCES, LintSettings
from tunesmith.models.nano import nano_folder


def test_every_code_of_every_check_is_explained_in_both_languages() -> None:
    assert set(all_codes()) >= CHECKED_CODES
    assert len(set(all_codes())) == len(all_codes())
    for entry in CATALOGUE:
        assert entry.meaning.en.isascii() or '"' in entry.meaning.en, entry.code
        assert any("\u4e00" <= one <= "\u9fff" for one in entry.meaning.zh), entry.code


def test_every_threshold_belongs_to_a_check_and_has_a_source() -> None:
    names = {field.name for field in dataclasses.fields(LintSettings)}
    used = {name for entry in CATALOGUE for name in entry.thresholds}
    assert used == names
    assert set(SOURCES) == names


REAL_FILES = (
    "openai_format/cookbook/toy_chat_fine_tuning.jsonl",
    "openai_format/cookbook/labelled_transactions.csv",
    "openai_format/cookbook/helpcenter_articles.csv",
    "preference_rft_tools/tools/glaive_toolcall_zh_demo.json",
    "preference_rft_tools/tools/reason_tool_use_demo_50.jsonl",
    "preference_rft_tools/tm4_reward/reward_00.json",
    "preference_rft_tools/bfcl/BFCL_v4_live_simple.json",
    "preference_rft_tools/dpo/dpo_zh_demo.json",
    "ar_lsat/chat_dev.jsonl",
    "alpaca/identity.json",
    "messy/01-testing-example.tail.jsonl",
    "messy/25000_spend_dataset_current.csv",
    "zh_qa/egret_wenda/prompt_completion_valid.jsonl",
)


@pytest.mark.parametrize("name", REAL_FILES)
def test_what_lint_says_of_real_files_is_in_the_catalogue(shared_data: Path, name: str) -> None:
    entries = {entry.code: entry for entry in CATALOGUE}
    options = LintOptions(tokenizer_folder=nano_folder(), context_length=2048)
    for finding in lint(shared_data / name, options).findings:
        entry = entries[finding.code]
        assert finding.severity in entry.severities, finding
        assert finding.fix in (entry.fix, None), finding
        assert finding.message_zh, finding
