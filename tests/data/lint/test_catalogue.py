"""The catalogue of findings says what the checks are, no more and no less."""

from __future__ import annotations

import dataclasses

from tunesmith.data.lint.catalogue import CATALOGUE, all_codes
from tunesmith.data.lint.registry import CHECKED_CODES
from tunesmith.data.lint.settings import SOURCES, LintSettings


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
