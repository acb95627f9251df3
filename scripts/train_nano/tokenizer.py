"""Train the byte-level BPE tokenizer of tunesmith-nano and write its three files.

The merges are learnt on pieces cut finer than the shipped pre-tokenizer cuts them (each punctuation mark alone, Chinese
apart from Latin), so that no token joins a quote to a word. The shipped pre-tokenizer is Qwen2's, which llama.cpp and
vLLM know; since no merge crosses a finer border, both cut text into the same tokens.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from . import sources
from .chinese import common_chinese_characters

SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
VOCAB_SIZE = 8192
TEMPLATE_WORDS = [
    "assistant",
    "user",
    "system",
    "tool",
    "name",
    "arguments",
    "function",
    "parameters",
    "type",
    "properties",
    "object",
    "string",
    "description",
]
"""Words of the chat template and of JSON, which the sample shows too rarely: each becomes one token."""
QWEN2_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FINER_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|\p{Han}+| ?[^\P{L}\p{Han}]+|\p{N}| ?[^\s\p{L}\p{N}]|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEMPLATE_WORD_MERGES = 24
CHARACTERS_PER_SOURCE = 3_000_000
COMMON_CHARACTER_REPEATS = 250
"""Copies of GB 2312's 3,755 first-level characters in the sample: enough that nearly all become one token."""

INSTRUCTION_WORDS = Path(__file__).with_name("instruction_words.txt")
INSTRUCTION_WORD_REPEATS = 120


def sample(data: Path, *, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    for name in sources.LICENCES:
        taken = 0
        for row in sources.rows(data, name):
            texts = (
                [m["content"] for m in row["messages"]] if "messages" in row else [row["text"].replace("\r\n", "\n")]
            )
            if name == "en_classic_books_subset":
                texts = [text[start : start + 2_000] for text in texts for start in range(0, len(text), 40_000)]
            elif name == "zh_smile_clean" and rng.random() > 0.1:
                continue
            taken += sum(map(len, texts))
            yield from texts
            if taken > CHARACTERS_PER_SOURCE:
                break
    for _ in range(INSTRUCTION_WORD_REPEATS):
        yield INSTRUCTION_WORDS.read_text(encoding="utf-8")
    characters = common_chinese_characters()
    for _ in range(COMMON_CHARACTER_REPEATS):
        yield "\n".join(characters)


def train(data: Path, *, seed: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.pre_tokenizer = _byte_level(FINER_PIECES)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE - TEMPLATE_WORD_MERGES,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=12,
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample(data, seed=seed), trainer)
    tokenizer.pre_tokenizer = _byte_level(QWEN2_PIECES)
    return with_template_words(tokenizer)


def with_template_words(tokenizer: Tokenizer) -> Tokenizer:
    """Append the merges that make every template word one token."""
    content = json.loads(tokenizer.to_str())
    vocab, merges = content["model"]["vocab"], content["model"]["merges"]
    for word in TEMPLATE_WORDS:
        left, *rest = Tokenizer.from_str(json.dumps(content)).encode(word).tokens
        for right in rest:
            merges.append([left, right])
            left += right
            assert left not in vocab, f"{left} is made by another merge, which would win"
            vocab[left] = len(vocab)
    assert len(vocab) == VOCAB_SIZE, f"{len(vocab)} tokens; adjust TEMPLATE_WORD_MERGES"
    return Tokenizer.from_str(json.dumps(content))


def _byte_level(pieces: str) -> pre_tokenizers.Sequence:
    split = pre_tokenizers.Split(Regex(pieces), behavior="isolated", invert=False)
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def write(tokenizer: Tokenizer, folder: Path) -> None:
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    facts = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "model_max_length": 2048,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(facts, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the .jsonl.xz sources")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write tokenizer files into")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(train(arguments.data, seed=arguments.seed), arguments.out)


if __name__ == "__main__":
    main()
