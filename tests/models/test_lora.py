"""Our adapters and PEFT's are the same files: each reads what the other wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from tunesmith.errors import InvalidModel
from tunesmith.models.lora import attach_lora, load_adapter, lora_layers, read_adapter, save_adapter

IDS = torch.tensor([[5, 17, 3, 29, 11]])


def llama(hidden_size: int = 32) -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = {"vocab_size": 40, "hidden_size": hidden_size, "intermediate_size": 48, "num_hidden_layers": 2}
    return LlamaForCausalLM(LlamaConfig(**shape, num_attention_heads=4, num_key_value_heads=2)).eval()


def with_adapter(*, rank: int = 4, alpha: float = 6.0) -> LlamaForCausalLM:
    model = llama()
    attach_lora(model, rank=rank, alpha=alpha, seed=3)
    for _, layer in lora_layers(model):
        torch.nn.init.normal_(layer.lora_B, std=0.3)
    return model


@torch.no_grad()
def logits(model: torch.nn.Module) -> torch.Tensor:
    return model(input_ids=IDS).logits


def test_peft_loads_our_adapter(tmp_path: Path) -> None:
    ours = with_adapter()
    save_adapter(ours, tmp_path, base_name="tiny")
    theirs = PeftModel.from_pretrained(llama(), str(tmp_path))
    torch.testing.assert_close(logits(theirs), logits(ours))
    assert (logits(ours) - logits(llama())).abs().max() > 0.01


@pytest.mark.parametrize("use_rslora", [False, True])
def test_we_load_pefts_adapter(tmp_path: Path, use_rslora: bool) -> None:
    config = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", init_lora_weights=False, use_rslora=use_rslora)
    theirs = get_peft_model(llama(), config)
    theirs.save_pretrained(str(tmp_path))
    stored = read_adapter(tmp_path)
    assert stored.scaling == pytest.approx(3.0 if use_rslora else 1.5)
    ours = llama()
    attach_lora(ours, rank=4, alpha=stored.scaling * 4, seed=0)
    load_adapter(ours, tmp_path)
    torch.testing.assert_close(logits(ours), logits(theirs))


def test_a_fresh_adapter_changes_nothing_and_covers_every_linear_layer_but_the_head() -> None:
    model = llama()
    trained = attach_lora(model, rank=4, alpha=8, seed=0)
    assert torch.equal(logits(model), logits(llama()))
    assert len(trained) == 2 * 2 * 7
    assert [p for p in model.parameters() if p.requires_grad] == trained
    assert type(model.lm_head) is torch.nn.Linear


def test_the_same_adapter_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        model = llama()
        attach_lora(model, rank=4, alpha=8, seed=5)
        save_adapter(model, tmp_path / name, base_name="tiny")
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern"),
        ({"peft_type": "IA3"}, "LoRA"),
        ({"r": 8}, "rank 8"),
        ({"r": "8"}, "whole number"),
    ],
)
def test_an_adapter_that_is_more_than_plain_lora_is_refused(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    save_adapter(with_adapter(), tmp_path, base_name="tiny")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(InvalidModel, match=reason):
        read_adapter(tmp_path)


def test_an_adapter_of_another_model_or_rank_is_refused(tmp_path: Path) -> None:
    save_adapter(with_adapter(), tmp_path, base_name="tiny")
    other_rank, wider = llama(), llama(hidden_size=64)
    attach_lora(other_rank, rank=8, alpha=8, seed=0)
    attach_lora(wider, rank=4, alpha=6, seed=0)
    for model in (other_rank, wider):
        with pytest.raises(InvalidModel, match="expected rank"):
            load_adapter(model, tmp_path)


def test_torn_or_missing_weights_are_refused_by_name(tmp_path: Path) -> None:
    save_adapter(with_adapter(), tmp_path, base_name="tiny")
    weights = tmp_path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(InvalidModel, match=r"adapter_model\.safetensors"):
        read_adapter(tmp_path)
    weights.unlink()
    with pytest.raises(InvalidModel, match=r"adapter_model\.safetensors"):
        read_adapter(tmp_path)
