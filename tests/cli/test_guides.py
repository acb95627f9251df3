"""The guides say only what exists: commands, options, settings, links, and the error messages they promise."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tunesmith.cli.main import app
from tunesmith.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = sorted((ROOT / "docs" / "guide").rglob("*.md"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def pasted_commands(text: str) -> Iterator[list[str]]:
    """The arguments of every `tunesmith ...` line in a shell block, and of every such span in the running text."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    spans = "\n".join(re.findall(r"`(tunesmith [^`\n]+)`", text))
    for line in f"{blocks}\n{spans}".splitlines():
        for part in re.split(r"&&|\|", line):
            words = shlex.split(part, comments=True)
            at = next((i for i, word in enumerate(words) if word == "tunesmith" or word.endswith("/tunesmith")), None)
            if at is not None and not any(word.startswith("<") for word in words) and words[0] not in ("git", "cd"):
                yield words[at + 1 :]


def check(command: Any, words: list[str]) -> None:
    """Walk from group to command; every option must be one of it."""
    for word in words:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
        elif word.startswith("-") and word != "-":
            known = {"--help"}.union(*((*parameter.opts, *parameter.secondary_opts) for parameter in command.params))
            assert word.split("=")[0] in known, f"{word} is not an option of {command.name}"
        else:
            assert not getattr(command, "commands", None), f"{word} is not a command of {command.name}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_in_the_documents_exists(page: Path) -> None:
    root = typer.main.get_command(app)
    for words in pasted_commands(page.read_text(encoding="utf-8")):
        check(root, words)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_settings_table_has_every_setting_and_no_other(language: str) -> None:
    text = (ROOT / "docs" / "guide" / language / "operations.md").read_text(encoding="utf-8")
    table = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `TUNESMITH_"))
    assert set(re.findall(r"TUNESMITH_\w+", table)) == {f"TUNESMITH_{field.upper()}" for field in Settings.model_fields}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_defaults_in_the_settings_table_are_the_settings_own(language: str) -> None:
    text = (ROOT / "docs" / "guide" / language / "operations.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("| `TUNESMITH_"):
            _, names, shown, _, _ = line.split("|")
            for variable, value in zip(re.findall(r"TUNESMITH_(\w+)", names), re.split("[,、] ?", shown), strict=False):
                default = Settings.model_fields[variable.lower()].default
                if isinstance(default, bool | int | float | str):
                    assert re.split("[:：]", value)[0].strip() == re.sub(r"\.0$", "", str(default)).replace("F", "f"), (
                        variable
                    )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_variable_in_the_documents_is_read_somewhere(page: Path) -> None:
    known = {f"TUNESMITH_{field.upper()}" for field in Settings.model_fields}
    known |= {"TUNESMITH_BASE_URL", "TUNESMITH_API_KEY"}
    assert set(re.findall(r"TUNESMITH_[A-Z_0-9]*[A-Z0-9]", page.read_text(encoding="utf-8"))) <= known


def test_both_languages_have_the_same_guides() -> None:
    english, chinese = ({page.name for page in GUIDES if page.parent.name == language} for language in ("en", "zh"))
    assert english == chinese
