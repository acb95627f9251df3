"""Tiny model folders (tokenizer and template only) in the shape of the five families that people fine-tune."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEMPLATES = Path(__file__).parent / "templates"
_TEXT = [
    "The quick brown fox jumps over the lazy dog. What is the capital of France? Paris, of course!",
    "You are a helpful assistant. system user assistant model tool Today Date: def hello(): return 42",
    "你好，世界！今天天气怎么样？北京今天晴，气温二十度。请把下面的句子翻译成英文。",
    '{"name": "get_weather", "arguments": {"city": "Beijing"}}\n\n  indented\n\ttabs 😀 naïve café',
] * 5
_SPLIT = Regex(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Family:
    special: tuple[str, ...]
    plain_added: tuple[str, ...]
    config: dict[str, object]
    eos: tuple[str, ...]
    sentencepiece: bool = False
    strips_space: bool = False
    prefix_space: bool = False


FAMILIES = {
    "qwen3": Family(
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        ("<tool_call>", "</tool_call>", "<think>", "</think>"),
        {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
        ("<|im_end|>", "<|endoftext|>"),
    ),
    "llama3": Family(
        (
            "<|begin_of_text|>",
            "<|end_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eot_id|>",
            "<|eom_id|>",
        ),
        (),
        {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
        ("<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"),
    ),
    "mistral": Family(
        (
            *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
            *("[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
        ),
        (),
        {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
        ("</s>",),
        sentencepiece=True,
        prefix_space=True,
    ),
    "gemma": Family(
        ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"),
        (),
        {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"},
        ("<eos>", "<end_of_turn>"),
        sentencepiece=True,
    ),
    "phi3": Family(
        ("<unk>", "<s>", "<|endoftext|>", "<|assistant|>", "<|system|>", "<|user|>", "<|end|>"),
        (),
        {"bos_token": "<s>", "eos_token": "<|endoftext|>", "unk_token": "<unk>"},
        ("<|endoftext|>", "<|end|>"),
        sentencepiece=True,
        strips_space=True,
        prefix_space=True,
    ),
}


def build_folder(folder: Path, name: str, *, template: str | None = "own") -> Path:
    """Write the tokenizer files of family `name`; `template` is "own", None, or the name of another template."""
    family = FAMILIES[name]
    tokenizer = _sentencepiece(family) if family.sentencepiece else _byte_level(family)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 4096, **family.config}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    eos_ids = [tokenizer.token_to_id(token) for token in family.eos]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos_ids}))
    if template is not None:
        source = (TEMPLATES / f"{name if template == 'own' else template}.jinja").read_text()
        (folder / "chat_template.jinja").write_text(source)
    return folder


def _added(family: Family) -> list[AddedToken]:
    """Phi-3's tokens swallow the space after them; Qwen's tags are added but not special."""
    special = [
        AddedToken(token, special=True, normalized=False, rstrip=family.strips_space and token.startswith("<|"))
        for token in family.special
    ]
    return special + [AddedToken(token, special=False, normalized=False) for token in family.plain_added]


def _byte_level(family: Family) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(_SPLIT, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_TEXT, trainer)
    tokenizer.add_tokens(_added(family))
    byte_level = processors.ByteLevel(trim_offsets=True)
    bos = family.config.get("bos_token")
    if bos:
        template = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(str(bos), tokenizer.token_to_id(str(bos)))]
        )
        tokenizer.post_processor = processors.Sequence([byte_level, template])
    else:
        tokenizer.post_processor = byte_level
    return tokenizer


def _sentencepiece(family: Family) -> Tokenizer:
    """BPE with byte fallback over spaces shown as \u2581, as Mistral, Gemma and Phi-3 have it."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Replace(" ", "\u2581")
    trainer = trainers.BpeTrainer(vocab_size=300, show_progress=False, limit_alphabet=80)
    learner.train_from_iterator([line for text in _TEXT for line in text.split()], trainer)
    learned = json.loads(learner.to_str())["model"]
    pieces = [*family.special, *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581"]
    pieces += [piece for piece in learned["vocab"] if piece not in pieces]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in learned["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    replace = normalizers.Replace(" ", "\u2581")
    tokenizer.normalizer = (
        normalizers.Sequence([normalizers.Prepend("\u2581"), replace]) if family.prefix_space else replace
    )
    strip = [decoders.Strip(" ", 1, 0)] if family.prefix_space else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    tokenizer.add_tokens(_added(family))
    bos = str(family.config["bos_token"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return tokenizer
