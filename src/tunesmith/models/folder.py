"""A base model's folder, checked before anything of it is loaded: JSON and file names only, no torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from tunesmith.errors import InvalidModel

# Decoder-only language models of transformers' own whose attention goes through its attention interface with sliding
# window and soft cap as arguments, so that packed batches are exact (tests/training/test_exactness.py).
PACKED_ARCHITECTURES = frozenset(
    {
        "ApertusForCausalLM",
        "ArceeForCausalLM",
        "CohereForCausalLM",
        "Cohere2ForCausalLM",
        "Ernie4_5ForCausalLM",
        "Exaone4ForCausalLM",
        "GPTNeoXForCausalLM",
        "GemmaForCausalLM",
        "Gemma2ForCausalLM",
        "Gemma3ForCausalLM",
        "GlmForCausalLM",
        "Glm4ForCausalLM",
        "GraniteForCausalLM",
        "HunYuanDenseV1ForCausalLM",
        "LlamaForCausalLM",
        "MinistralForCausalLM",
        "MistralForCausalLM",
        "OPTForCausalLM",
        "OlmoForCausalLM",
        "Olmo2ForCausalLM",
        "Olmo3ForCausalLM",
        "PhiForCausalLM",
        "Phi3ForCausalLM",
        "Qwen2ForCausalLM",
        "Qwen3ForCausalLM",
        "SeedOssForCausalLM",
        "SmolLM3ForCausalLM",
        "Starcoder2ForCausalLM",
    }
)
# Exact too, but their layers do not pass on what packing needs: trained on padded batches.
PADDED_ARCHITECTURES = frozenset(
    {
        "NemotronForCausalLM",
        "StableLmForCausalLM",
    }
)
UNSAFE_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".msgpack", ".joblib"})
SINGLE_WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class BaseModelFacts:
    """What a run needs to know about a base model before its weights are in memory. `dtype` is that of most weights."""

    folder: Path
    architecture: str
    model_type: str
    hidden_size: int
    n_layers: int
    vocab_size: int
    context_length: int
    n_parameters: int
    dtype: str
    weight_files: tuple[str, ...]

    @property
    def packs(self) -> bool:
        """Whether several sequences may share one row of a batch (see PACKED_ARCHITECTURES)."""
        return self.architecture in PACKED_ARCHITECTURES


@dataclass(frozen=True, slots=True)
class FoundBase:
    """A base model under the name people call it by."""

    name: str
    folder: Path
    facts: BaseModelFacts


def find_base(name_or_path: str, *, models: Mapping[str, Path]) -> FoundBase:
    """The base model called so in `models`, or the one in that local folder.

    Raises InvalidModel if there is neither, or if the folder cannot be loaded safely.
    """
    folder = models.get(name_or_path) or Path(name_or_path).expanduser()
    if name_or_path not in models and not folder.is_dir():
        known = ", ".join(sorted(models)) or "none"
        raise InvalidModel(
            f"There is no base model {name_or_path!r}: it is neither a known name ({known}) nor a folder here. "
            "Nothing is downloaded; give the path of a folder with config.json and *.safetensors.",
            param="model",
            code="model_not_found",
        )
    facts = check_base_folder(folder)
    return FoundBase(name=name_or_path, folder=folder.resolve(), facts=facts)


def check_base_folder(folder: Path) -> BaseModelFacts:
    """The facts of a base model. Raises InvalidModel, saying what to do, unless it can be loaded without its code."""
    config = _read_json(folder / "config.json", what="a Hugging Face model folder has one")
    _refuse_remote_code(folder, config)
    architecture = _known_architecture(folder, config)
    weight_files = _weight_files(folder)
    if (folder / "adapter_config.json").exists():  # transformers would follow it to the files of another folder
        raise _refusal(
            folder,
            "holds an adapter beside the model (adapter_config.json)",
            "move the adapter's files to a folder of their own",
        )
    if not (folder / "tokenizer.json").is_file():
        raise _refusal(
            folder,
            "has no tokenizer.json",
            "save the fast tokenizer there (AutoTokenizer.from_pretrained(...).save_pretrained)",
        )
    counts: dict[str, int] = {}
    for name in weight_files:
        for dtype, n_elements in _tensors_in(folder / name):
            counts[dtype] = counts.get(dtype, 0) + n_elements
    return BaseModelFacts(
        folder=folder.resolve(),
        architecture=architecture,
        model_type=str(config.get("model_type", "")),
        hidden_size=_positive(folder, config, "hidden_size"),
        n_layers=_positive(folder, config, "num_hidden_layers"),
        vocab_size=_positive(folder, config, "vocab_size"),
        context_length=_positive(folder, config, "max_position_embeddings"),
        n_parameters=sum(counts.values()),
        dtype=max(counts, key=lambda dtype: counts[dtype]),
        weight_files=weight_files,
    )


def _refuse_remote_code(folder: Path, config: dict[str, Any]) -> None:
    configs = {"config.json": config}
    for name in ("tokenizer_config.json", "generation_config.json"):
        if (folder / name).is_file():
            configs[name] = _read_json(folder / name, what="it is there but cannot be read")
    for name, content in configs.items():
        if content.get("auto_map"):
            raise _refusal(
                folder,
                f"asks for its own Python code to be run (auto_map in {name})",
                "remote code is never run here; use a version of the model that transformers supports by itself",
            )


def _known_architecture(folder: Path, config: dict[str, Any]) -> str:
    names = config.get("architectures")
    architecture = names[0] if isinstance(names, list) and names else None
    known = PACKED_ARCHITECTURES | PADDED_ARCHITECTURES
    if architecture not in known:
        raise _refusal(
            folder,
            f"has the architecture {architecture!r} in config.json",
            f"the supported ones are {', '.join(sorted(known))}",
        )
    if config.get("quantization_config"):
        raise _refusal(folder, "holds quantized weights", "use the unquantized version of the model")
    if config.get("use_bidirectional_attention"):
        raise _refusal(folder, "attends in both directions", "only causal language models can be fine-tuned here")
    return str(architecture)


def _weight_files(folder: Path) -> tuple[str, ...]:
    index = folder / WEIGHTS_INDEX
    if index.is_file():
        weight_map = _read_json(index, what="it is there but cannot be read").get("weight_map")
        names = sorted({str(name) for name in weight_map.values()}) if isinstance(weight_map, dict) else []
        outside = [name for name in names if Path(name).name != name or not name.endswith(".safetensors")]
        if outside or not names:
            raise _refusal(
                folder, f"has a {WEIGHTS_INDEX} that points to {outside or 'nothing'}", "copy the model again"
            )
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise _refusal(
                folder, f"lacks {', '.join(missing)}, named in {WEIGHTS_INDEX}", "copy the missing files too"
            )
        return tuple(names)
    if (folder / SINGLE_WEIGHTS).is_file():
        return (SINGLE_WEIGHTS,)
    unsafe = sorted(path.name for path in folder.iterdir() if path.suffix in UNSAFE_SUFFIXES)
    if unsafe:
        raise _refusal(
            folder,
            f"has weights only in {', '.join(unsafe)}, a format that can run code when it is read",
            "convert it once where you trust it, with model.save_pretrained(folder), and use the .safetensors",
        )
    gguf = sorted(path.name for path in folder.glob("*.gguf"))
    if gguf:
        raise _refusal(
            folder,
            f"has weights only in {', '.join(gguf)}",
            "GGUF cannot be trained; use the original .safetensors model",
        )
    raise _refusal(folder, f"has no {SINGLE_WEIGHTS}", "give the folder that holds config.json and *.safetensors")


def _tensors_in(path: Path) -> list[tuple[str, int]]:
    """(dtype, number of elements) of every tensor, from the header. Raises InvalidModel on a torn or foreign file."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        prefix = file.read(8)
        header_bytes = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else size_bytes
        if header_bytes > min(size_bytes - 8, 100_000_000):
            raise InvalidModel(
                f"{path} is not a whole safetensors file: its header does not fit. Copy it again.", param="model"
            )
        try:
            header = json.loads(file.read(header_bytes))
            tensors = [entry for name, entry in header.items() if name != "__metadata__"]
            end = max(int(entry["data_offsets"][1]) for entry in tensors)
            facts = [(str(entry["dtype"]), prod(int(n) for n in entry["shape"])) for entry in tensors]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidModel(
                f"{path} is not a safetensors file: its header cannot be read ({error}).", param="model"
            ) from error
    if 8 + header_bytes + end != size_bytes:
        raise InvalidModel(
            f"{path} is torn: it should have {8 + header_bytes + end:,} bytes and has {size_bytes:,}. Copy it again.",
            param="model",
        )
    return facts


def _read_json(path: Path, *, what: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidModel(f"{path} does not exist; {what}.", param="model") from error
    except (OSError, ValueError) as error:
        raise InvalidModel(f"{path} cannot be read as JSON: {error}.", param="model") from error
    if not isinstance(content, dict):
        raise InvalidModel(f"{path} holds a JSON {type(content).__name__}, not an object.", param="model")
    return content


def _positive(folder: Path, config: dict[str, Any], name: str) -> int:
    value = config.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _refusal(folder, f"has {name}={value!r} in config.json", "a positive whole number is needed there")
    return value


def _refusal(folder: Path, found: str, to_do: str) -> InvalidModel:
    return InvalidModel(f"The base model in {folder} {found}: {to_do}.", param="model")
