"""Which base model folders are taken, which are refused, and what the refusal tells to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, NemotronConfig, NemotronForCausalLM

from tunesmith.errors import InvalidModel
from tunesmith.models.base import load_base, save_model
from tunesmith.models.folder import check_base_folder, find_base
from tunesmith.models.nano import nano_folder

SHAPE = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE, max_position_embeddings=128))
    folder = tmp_path / "llama"
    folder.mkdir()
    save_model(model, folder, tokenizer_from=nano_folder(), dtype=torch.bfloat16)
    return folder


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def test_the_facts_come_from_config_and_headers(folder: Path) -> None:
    facts = check_base_folder(folder)
    model = load_base(folder, dtype=torch.bfloat16)
    assert facts.n_parameters == sum(p.numel() for p in model.parameters())
    assert (facts.hidden_size, facts.n_layers, facts.vocab_size, facts.context_length) == (32, 2, 64, 128)
    assert (facts.dtype, facts.packs) == ("BF16", True)
    assert model.dtype == torch.bfloat16
    assert not model.training


def test_the_embedded_model_is_found_by_name_and_by_folder(folder: Path) -> None:
    models = {"tunesmith-nano": nano_folder()}
    assert find_base("tunesmith-nano", models=models).folder == nano_folder().resolve()
    assert find_base(str(folder), models=models).facts.architecture == "LlamaForCausalLM"
    with pytest.raises(InvalidModel, match=r"tunesmith-nano.*Nothing is downloaded"):
        find_base("meta/other", models=models)


def test_weights_in_several_files_are_counted_together(folder: Path) -> None:
    whole = check_base_folder(folder)
    model = load_base(folder, dtype=torch.float32)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(str(folder), max_shard_size="10KB")
    facts = check_base_folder(folder)
    assert len(facts.weight_files) > 1
    assert facts.n_parameters == whole.n_parameters
    (folder / facts.weight_files[0]).unlink()
    with pytest.raises(InvalidModel, match=facts.weight_files[0]):
        check_base_folder(folder)


def test_a_family_without_packing_is_known_as_such(tmp_path: Path) -> None:
    model = NemotronForCausalLM(NemotronConfig(**SHAPE, num_key_value_heads=2))
    save_model(model, tmp_path, tokenizer_from=nano_folder(), dtype=torch.float32)
    assert not check_base_folder(tmp_path).packs


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json does not exist"),
    "broken config": (lambda f: (f / "config.json").write_text("{"), "cannot be read as JSON"),
    "remote code": (lambda f: edit(f / "config.json", auto_map={"AutoModel": "x.Y"}), "remote code is never run"),
    "tokenizer code": (lambda f: edit(f / "tokenizer_config.json", auto_map={"A": "b"}), "tokenizer_config.json"),
    "unknown architecture": (lambda f: edit(f / "config.json", architectures=["EvilForCausalLM"]), "supported ones"),
    "quantized": (lambda f: edit(f / "config.json", quantization_config={"bits": 4}), "unquantized"),
    "pickle only": (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "can run code"),
    "gguf only": (lambda f: (f / "model.safetensors").rename(f / "m.gguf"), "GGUF cannot be trained"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors"),
    "torn weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-1]),
        "is torn",
    ),
    "not safetensors": (lambda f: (f / "model.safetensors").write_bytes(b"PK" * 600), "not a whole safetensors"),
    "an adapter beside it": (lambda f: (f / "adapter_config.json").write_text("{}"), "folder of their own"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json"),
    "weights outside": (
        lambda f: (f / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../x.safetensors"}}'),
        "points to",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_unsafe_or_broken_folder_is_refused_with_what_to_do(folder: Path, case: str) -> None:
    damage, words = REFUSALS[case]
    damage(folder)
    with pytest.raises(InvalidModel, match=words):
        load_base(folder)


def test_pickle_beside_safetensors_is_never_opened(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    assert load_base(folder).config.hidden_size == 32


def test_a_saved_model_keeps_its_values_and_its_precision(folder: Path, tmp_path: Path) -> None:
    model = load_base(folder, dtype=torch.float32)
    again = tmp_path / "again"
    again.mkdir()
    save_model(model, again, tokenizer_from=folder, dtype=torch.bfloat16)
    assert json.loads((again / "config.json").read_text())["dtype"] == "bfloat16"
    reread = load_base(again, dtype=torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), reread.parameters(), strict=True))
    assert (again / "chat_template.jinja").read_bytes() == (folder / "chat_template.jinja").read_bytes()


def test_checking_a_folder_needs_no_torch() -> None:
    imports = "sys, tunesmith.models.folder, tunesmith.models.nano, tunesmith.training.auto, tunesmith.training.reports"
    code = f"import {imports}; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_a_file_with_odd_tensors_only_is_still_counted(folder: Path) -> None:
    save_file({"a": torch.zeros(3, 5), "scalar": torch.zeros(())}, folder / "model.safetensors")
    assert check_base_folder(folder).n_parameters == 16
