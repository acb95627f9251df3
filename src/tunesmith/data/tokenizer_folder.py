"""The tokenizer's files in a model folder, read without transformers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer

from tunesmith.errors import InvalidModel

_SPECIAL_TOKENS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class TokenizerFolder:
    """`templates` by name: "default", and for some models "tool_use"; empty for a base model.

    `eos_token_ids` begin with the tokenizer's own end token, if it has one.
    """

    tokenizer: Tokenizer
    templates: dict[str, str]
    special_tokens: dict[str, str]
    eos_token_ids: list[int]


def read_tokenizer_folder(folder: Path) -> TokenizerFolder:
    """Raises InvalidModel when the folder has no tokenizer.json or a file is broken."""
    tokenizer = _load_tokenizer(folder)
    config = _read_json(folder / "tokenizer_config.json")
    _add_missing_tokens(tokenizer, config)
    eos_ids = _eos_ids(folder)
    special_tokens = _special_tokens(folder, config)
    if "eos_token" not in special_tokens and eos_ids and (text := tokenizer.id_to_token(eos_ids[0])):
        special_tokens["eos_token"] = text
    eos_id: int | None = tokenizer.token_to_id(special_tokens.get("eos_token", ""))
    eos_token_ids = eos_ids if eos_id is None else [eos_id, *eos_ids]
    return TokenizerFolder(tokenizer, _templates(folder, config), special_tokens, eos_token_ids)


def _load_tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file():
        message = (
            f"{folder} has no tokenizer.json; save one there with transformers:"
            " AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
        )
        raise InvalidModel(message, param="model")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more precise, whatever is wrong
        raise InvalidModel(f"{path} is not a tokenizer that can be read: {error}", param="model") from error


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is no such file."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(_read_text(path))
    except ValueError as error:
        raise InvalidModel(f"{path} is not valid JSON: {error}", param="model") from error
    if not isinstance(value, dict):
        raise InvalidModel(f"{path} holds no JSON object", param="model")
    return value


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidModel(f"{path} is not UTF-8 text: {error}", param="model") from error


def _special_tokens(folder: Path, config: dict[str, Any]) -> dict[str, str]:
    """The named special tokens; older folders keep them in special_tokens_map.json."""
    tokens: dict[str, str] = {}
    for source in (_read_json(folder / "special_tokens_map.json"), config):
        for key in _SPECIAL_TOKENS:
            value = source.get(key)
            content = value.get("content") if isinstance(value, dict) else value
            if isinstance(content, str):
                tokens[key] = content
    return tokens


def _add_missing_tokens(tokenizer: Tokenizer, config: dict[str, Any]) -> None:
    """Tokens that only tokenizer_config.json declares, in the order of their ids, as transformers adds them."""
    declared = config.get("added_tokens_decoder")
    if not isinstance(declared, dict):
        return
    for _, token in sorted(declared.items(), key=lambda item: int(item[0])):
        if isinstance(token, dict) and tokenizer.token_to_id(token["content"]) is None:
            flags = {
                key: token[key] for key in ("single_word", "lstrip", "rstrip", "normalized", "special") if key in token
            }
            tokenizer.add_tokens([AddedToken(token["content"], **flags)])


def _eos_ids(folder: Path) -> list[int]:
    """The ids that end a generation: generation_config.json's, or config.json's where that has none."""
    for name in ("generation_config.json", "config.json"):
        ids = _read_json(folder / name).get("eos_token_id")
        if isinstance(ids, int):
            return [ids]
        if isinstance(ids, list) and ids:
            return [int(token_id) for token_id in ids]
    return []


def _templates(folder: Path, config: dict[str, Any]) -> dict[str, str]:
    """Chat templates by name, from chat_template.jinja (and its extra folder) or tokenizer_config.json."""
    templates: dict[str, str] = {}
    declared = config.get("chat_template")
    if isinstance(declared, str):
        templates["default"] = declared
    elif isinstance(declared, list):
        templates.update({entry["name"]: entry["template"] for entry in declared if {"name", "template"} <= set(entry)})
    for path in sorted((folder / "additional_chat_templates").glob("*.jinja")):
        templates[path.stem] = _read_text(path)
    default = folder / "chat_template.jinja"
    if default.is_file():
        templates["default"] = _read_text(default)
    return templates
