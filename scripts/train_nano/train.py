"""One phase of pretraining tunesmith-nano on windows of token ids.

The phases of the recipe are calls of this script that continue each other's state: weights, Muon and AdamW moments, the
position in every domain, and the curve of validation losses. It stops at the token budget or, after saving, on SIGTERM.
"""

import argparse
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from transformers import AttentionInterface, Qwen3ForCausalLM

from .architecture import random_model, write_folder
from .corpus import END_OF_TEXT

TURN_START, ASSISTANT = 1, 8169
GENERATED, ANSWER_WEIGHT, PROMPT_WEIGHT = ("instruct", "long", "bi_tatoeba_en_zh"), 3.0, 0.1
LOSS_ROWS = 2048
"""Positions whose logits exist at the same time."""


def grouped_attention(module, query, key, value, attention_mask, scaling=None, **_):  # type: ignore[no-untyped-def]
    """Plain matrix-product attention; several times faster on a CPU than torch's fused one at these lengths."""
    B, H, T, D = query.shape
    groups = key.shape[1]
    grouped = (query * scaling).reshape(B, groups, H // groups * T, D)
    scores = (grouped @ key.transpose(-1, -2)).view(B, H, T, T)
    weights = scores.float().masked_fill(~attention_mask, -1e30).softmax(-1).to(value.dtype)
    mixed = weights.view(B, groups, H // groups * T, T) @ value
    return mixed.view(B, H, T, D).transpose(1, 2).contiguous(), None


AttentionInterface.register("grouped", grouped_attention)


class Domain:
    """The windows of one domain, read in a new random order each epoch."""

    def __init__(self, path: Path, length: int, seed: int) -> None:
        self.windows = np.memmap(path, dtype=np.uint16, mode="r").reshape(-1, length)
        self.seed = seed
        self.taken = 0

    def take(self, count: int) -> np.ndarray:
        rows = []
        for place in range(self.taken, self.taken + count):
            epoch, index = divmod(place, len(self.windows))
            if index == 0 or not rows:
                order = np.random.default_rng((self.seed, epoch)).permutation(len(self.windows))
            rows.append(self.windows[order[index]])
        self.taken += int(count)
        return np.stack(rows) if rows else np.empty((0, self.windows.shape[1]), dtype=np.uint16)


def label_weights(ids: np.ndarray, domain: str = "") -> np.ndarray:
    """Weight of predicting each id after the first, (B, T - 1); 1 for plain text and dialogues.

    0 for the first id of a document and the filling at a window's end. In generated rows the assistant's turns count
    more and the others little, since these hold random values that nobody can predict. Of random repeated ids only
    those count that stood in the window before.
    """
    places = np.arange(ids.shape[1])
    weights = np.ones(ids.shape, dtype=np.float32)
    if domain in GENERATED:
        last_start = np.maximum.accumulate(np.where(ids == TURN_START, places, -1), axis=1)
        role = np.take_along_axis(ids, np.clip(last_start + 1, 0, ids.shape[1] - 1), axis=1)
        weights[:] = np.where((last_start >= 0) & (role != ASSISTANT), PROMPT_WEIGHT, ANSWER_WEIGHT)
    elif domain == "repeats":
        for row, weight in zip(ids, weights, strict=True):
            weight[np.unique(row, return_index=True)[1]] = 0.0
    weights = weights[:, 1:]
    weights[ids[:, :-1] == END_OF_TEXT] = 0.0
    return weights


def summed_loss(model: Qwen3ForCausalLM, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of negative log-likelihoods of ids (B, T); documents in a window do not see each other."""
    inputs, labels = ids[:, :-1], ids[:, 1:]
    document = (inputs == END_OF_TEXT).cumsum(1) - (inputs == END_OF_TEXT).long()
    places = torch.arange(inputs.shape[1])
    mask = (document[:, None, :, None] == document[:, None, None, :]) & (places[:, None] >= places[None, :])
    labels = labels.flatten()
    hidden = model.model(
        input_ids=inputs, position_ids=places[None], attention_mask={"full_attention": mask}, use_cache=False
    ).last_hidden_state.flatten(0, 1)
    total = torch.zeros((), dtype=torch.float32)
    parts = [part.split(LOSS_ROWS) for part in (hidden, labels, weights.flatten())]
    for rows, wanted, weight in zip(*parts, strict=True):
        total = total + F.cross_entropy(model.lm_head(rows).float(), wanted, reduction="none") @ weight
    return total


def optimizers(model: Qwen3ForCausalLM, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the embedding and the norms."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=0.0, weight_decay=weight_decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0, fused=True),
    ]


def save_state(folder: Path, model: Qwen3ForCausalLM, optimizer_list: list[torch.optim.Optimizer], facts: dict) -> None:
    """Weights, moments and counters, as safetensors and JSON; the old state stays whole until the new one is."""
    tensors = {f"model.{name}": parameter.detach() for name, parameter in model.named_parameters()}
    for place, optimizer in enumerate(optimizer_list):
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                tensors[f"optimizer.{place}.{index}.{key}"] = torch.as_tensor(value).clone()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "state.safetensors.new", metadata={"facts": json.dumps(facts)})
    os.replace(folder / "state.safetensors.new", folder / "state.safetensors")
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def load_state(folder: Path, model: Qwen3ForCausalLM, optimizer_list: list[torch.optim.Optimizer]) -> dict:
    from safetensors import safe_open

    with safe_open(folder / "state.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["facts"])
    tensors = load_file(folder / "state.safetensors")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"model.{name}"])
    for place, optimizer in enumerate(optimizer_list):
        whole = optimizer.state_dict()
        for name, value in tensors.items():
            if name.startswith(f"optimizer.{place}."):
                _, _, index, key = name.split(".")
                whole["state"].setdefault(int(index), {})[key] = value
        optimizer.load_state_dict(whole)
    return facts


def validate(step_loss, windows: Path, domains: list[str], length: int, batch: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Mean weighted loss in nats per token of each domain's held-out windows (one batch of them)."""
    losses = {}
    for name in domains:
        table = np.fromfile(windows / f"{name}.valid.bin", dtype=np.uint16).reshape(-1, length)
        if len(table) < batch:
            continue
        ids = table[:batch].astype(np.int64)
        weights = label_weights(ids, name)
        with torch.no_grad():
            loss = step_loss(torch.from_numpy(ids), torch.from_numpy(weights))
        losses[name] = round(float(loss / weights.sum()), 4)
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=Path, required=True, help="folder written by corpus.py")
    parser.add_argument("--mixture", type=Path, required=True, help="JSON: domain -> share of the tokens")
    parser.add_argument("--state", type=Path, required=True, help="folder to continue from, and to save into")
    parser.add_argument("--tokens", type=float, required=True, help="tokens seen, over all phases, at which to stop")
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--final-learning-rate", type=float, help="reached linearly at the end of this phase")
    parser.add_argument("--warmup-steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=32, help="windows per optimizer step")
    parser.add_argument("--micro-batch", type=int, default=16)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--validate-every", type=float, default=1e6, help="tokens")
    parser.add_argument("--save-every-s", type=float, default=180)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


def train(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))

    facts_of_domains = json.loads((arguments.windows / "domains.json").read_text())
    mixture = json.loads(arguments.mixture.read_text())
    length = next(iter(facts_of_domains.values()))["length"]
    names = list(mixture)
    shares = np.array([mixture[name] for name in names], dtype=np.float64)
    shares /= shares.sum()
    domains = [Domain(arguments.windows / f"{name}.train.bin", length, arguments.seed) for name in names]

    model = random_model(arguments.seed)
    model.config._attn_implementation = "grouped"
    optimizer_list = optimizers(model, arguments.weight_decay)
    facts: dict = {"tokens": 0, "steps": 0, "seconds": 0.0, "taken": {}, "curve": []}
    if (arguments.state / "state.safetensors").exists():
        facts = load_state(arguments.state, model, optimizer_list)
    for name, domain in zip(names, domains, strict=True):
        domain.taken = facts["taken"].get(f"{arguments.windows.name}/{name}", 0)

    compiled = torch.compile(lambda ids, weights: summed_loss(model, ids, weights), dynamic=False)

    def step_loss(ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return compiled(ids, weights)

    rng = np.random.default_rng((arguments.seed, facts["steps"]))
    first_tokens, first_step = facts["tokens"], facts["steps"]
    final_rate = arguments.learning_rate if arguments.final_learning_rate is None else arguments.final_learning_rate
    carried = np.zeros(len(names))
    running, next_validation, last_save, last_print = [], facts["tokens"], time.monotonic(), time.monotonic()
    tokens_at_print = facts["tokens"]
    while facts["tokens"] < arguments.tokens and not stopping:
        began = time.monotonic()
        done = (facts["tokens"] - first_tokens) / (arguments.tokens - first_tokens)
        rate = arguments.learning_rate + (final_rate - arguments.learning_rate) * done
        if arguments.warmup_steps:
            rate *= min(1.0, (facts["steps"] - first_step + 1) / arguments.warmup_steps)

        carried += shares * arguments.batch
        counts = np.floor(carried).astype(int)
        while counts.sum() < arguments.batch:
            counts[np.argmax(carried - counts)] += 1
        carried -= counts
        drawn = [domain.take(count).astype(np.int64) for domain, count in zip(domains, counts, strict=True)]
        weighed = [label_weights(ids, name) for ids, name in zip(drawn, names, strict=True)]
        order = rng.permutation(sum(map(len, drawn)))
        ids, weights = torch.from_numpy(np.concatenate(drawn)[order]), torch.from_numpy(np.concatenate(weighed)[order])

        positions, whole_weight = int((ids[:, :-1] != END_OF_TEXT).sum()), float(weights.sum())
        total = 0.0
        for micro, micro_weights in zip(*(x.split(arguments.micro_batch) for x in (ids, weights)), strict=True):
            loss = step_loss(micro, micro_weights)
            (loss / whole_weight).backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizer_list:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

        facts["tokens"] += positions
        facts["steps"] += 1
        facts["seconds"] += time.monotonic() - began
        running.append(total / whole_weight)
        for name, domain in zip(names, domains, strict=True):
            facts["taken"][f"{arguments.windows.name}/{name}"] = domain.taken
        now = time.monotonic()
        if now - last_print > 20:
            speed = (facts["tokens"] - tokens_at_print) / (now - last_print)
            print(f"step {facts['steps']} tokens {facts['tokens'] / 1e6:.2f}M loss {np.mean(running[-50:]):.3f} "
                  f"rate {rate:.2e} {speed:.0f} tokens/s", flush=True)  # fmt: skip
            last_print, tokens_at_print = now, facts["tokens"]
        if facts["tokens"] >= next_validation + arguments.validate_every:
            next_validation = facts["tokens"]
            losses = validate(step_loss, arguments.windows, names, length, arguments.micro_batch)
            point = {"tokens": facts["tokens"], "train": round(float(np.mean(running[-50:])), 4), "valid": losses}
            facts["curve"].append(point)
            print(json.dumps(point), flush=True)
        if now - last_save > arguments.save_every_s:
            save_state(arguments.state, model, optimizer_list, facts)
            last_save = time.monotonic()

    losses = validate(step_loss, arguments.windows, names, length, arguments.micro_batch)
    facts["curve"].append(
        {"tokens": facts["tokens"], "train": round(float(np.mean(running[-50:])), 4), "valid": losses}
    )
    print(json.dumps(facts["curve"][-1]), flush=True)
    save_state(arguments.state, model, optimizer_list, facts)
    write_folder(model, arguments.state)


if __name__ == "__main__":
    main()
