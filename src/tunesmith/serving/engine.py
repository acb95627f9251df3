"""The embedded engine: continuous batching of the base model and all its adapters, in one thread of this process.

The scheduler decides who, the cache decides where, the runner decides how; a step is those three, a choice of tokens,
and the text they become.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog
from torch import Tensor

from tunesmith.data.render import Renderer
from tunesmith.errors import EngineUnavailable, InvalidModel, InvalidRequest, TunesmithError
from tunesmith.serving.adapters import AdapterCache, LoadedAdapter
from tunesmith.serving.attention import Span
from tunesmith.serving.chat import TextStream, Vocabulary, prompt_token_ids
from tunesmith.serving.kv_cache import KvCache, fit
from tunesmith.serving.limits import EngineLimits
from tunesmith.serving.protocol import GenerateRequest, PromptStart, TokenDelta, TokenLogprob
from tunesmith.serving.runner import ModelRunner, Rows
from tunesmith.serving.sampling import Chooser, Chosen, choose, likelihoods
from tunesmith.serving.scheduler import Choice, Scheduler, Work

STOPPED = "The engine has stopped in the middle of the request, please try again later"
OVERLOADED = "The engine is currently overloaded, please try again later"

log = structlog.get_logger(__name__)

Item = PromptStart | TokenDelta


@dataclass(slots=True)
class _Running:
    """A request inside the core: its choices still running, and the text each is becoming."""

    request: GenerateRequest
    n_prompt: int
    choices: list[Choice]
    streams: list[TextStream]
    prompt_logprobs: list[TokenLogprob] = field(default_factory=list)
    is_started: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something for the caller of a request; the last one is an error or has `is_last`."""

    request_id: str
    item: Item | TunesmithError
    is_last: bool = False


class EngineCore:
    """The engine without threads: submit, cancel, step. Not safe to call from two threads, but `prepare` is."""

    def __init__(self, folder: Path, limits: EngineLimits | None = None) -> None:
        """Raises InvalidModel if the base model in `folder` cannot be loaded safely."""
        limits = limits or EngineLimits()
        self.renderer = Renderer.from_folder(folder)
        self.runner = ModelRunner(folder)
        size = fit(
            self.runner.layers,
            dtype=self.runner.dtype,
            max_num_seqs=limits.max_num_seqs,
            context_length=min(self.runner.context_length, limits.max_context_length or self.runner.context_length),
            budget_bytes=limits.cache_bytes,
        )
        self.cache = KvCache(self.runner.layers, size, dtype=self.runner.dtype, device=self.runner.device)
        self.adapters = AdapterCache(
            self.runner.linears,
            dtype=self.runner.dtype,
            limit_bytes=limits.adapter_bytes,
            limit_count=limits.max_adapters,
        )
        self.scheduler = Scheduler(self.cache, max_num_batched_tokens=limits.max_num_batched_tokens)
        self.tokens_generated = 0
        self._vocabulary = Vocabulary(self.renderer)
        self._running: dict[str, _Running] = {}

    @property
    def context_length(self) -> int:
        return self.cache.context_length

    @property
    def has_work(self) -> bool:
        return self.scheduler.has_work

    def prepare(self, request: GenerateRequest) -> Callable[[], None]:
        """Check a request and do all that needs no step: rendering, its adapter. The result, called, submits it."""
        prompt = prompt_token_ids(self.renderer, request)
        self._check(request, prompt)
        adapter = None if request.adapter is None else self.adapters.get(request.adapter)
        return lambda: self._submit(request, prompt, adapter)

    def cancel(self, request_id: str) -> None:
        """Forget a request; its slots are free at once. Does nothing if it has ended."""
        running = self._running.pop(request_id, None)
        for choice in running.choices if running else ():
            self.scheduler.remove(choice)

    def step(self) -> list[Event]:
        """Compute the next tokens and say what came of them."""
        plan = self.scheduler.plan()
        logits = self.runner.forward([_rows(work) for work in plan], self.cache)
        for work in plan:
            self.scheduler.note_computed(work)
        complete, rows = self._sort_logits(plan)
        chosen = choose(logits[rows], [work.choice.chooser for work in complete]) if complete else []
        events = self._read_prompts(plan, logits)
        for work, token in zip(complete, chosen, strict=True):
            events += self._advance(work.choice, token)
        return events

    def _submit(self, request: GenerateRequest, prompt: list[int], adapter: LoadedAdapter | None) -> None:
        sampling, room = request.sampling, self.context_length - len(prompt)
        max_new_tokens = room if sampling.max_tokens is None else min(sampling.max_tokens, room)
        wants_prompt_logits = request.echo and sampling.logprobs is not None
        choices: list[Choice] = []
        for index in range(request.n):
            choice = Choice(
                request_id=request.request_id,
                index=index,
                tokens=list(prompt),
                max_new_tokens=max_new_tokens,
                adapter=adapter,
                chooser=Chooser.of(sampling, index),
                wants_prompt_logits=wants_prompt_logits and index == 0,
                first=choices[0] if choices else None,
            )
            choices.append(choice)
            self.scheduler.add(choice)
        streams = [TextStream(self._vocabulary, request, index) for index in range(request.n)]
        self._running[request.request_id] = _Running(request, len(prompt), choices, streams)

    def _check(self, request: GenerateRequest, prompt: Sequence[int]) -> None:
        vocab_size = self.runner.vocab_size
        for token_id in request.sampling.logit_bias:
            if not 0 <= token_id < vocab_size:
                raise InvalidRequest(
                    f"Invalid key in 'logit_bias': {token_id}. The model's token ids go from 0 to {vocab_size - 1}.",
                    param="logit_bias",
                    code="invalid_value",
                )
        is_generating = request.sampling.max_tokens != 0
        if len(prompt) + is_generating <= self.context_length:
            return
        start = f"This model's maximum context length is {self.context_length} tokens. However, your "
        if request.messages is not None:
            raise InvalidRequest(
                f"{start}messages resulted in {len(prompt)} tokens. Please reduce the length of the messages.",
                param="messages",
                code="context_length_exceeded",
            )
        raise InvalidRequest(
            f"{start}prompt resulted in {len(prompt)} tokens. Please reduce your prompt.",
            param="prompt",
            code="context_length_exceeded",
        )

    def _sort_logits(self, plan: Sequence[Work]) -> tuple[list[Work], list[int]]:
        """The work that predicts a new token, and the row of the logits with that prediction."""
        complete, rows, row = [], [], 0
        for work in plan:
            row += work.end - _first_logit(work)
            if work.completes_tokens:
                complete.append(work)
                rows.append(row - 1)
        return complete, rows

    def _read_prompts(self, plan: Sequence[Work], logits: Tensor) -> list[Event]:
        """Note the log-probabilities of prompts that asked for them; announce prompts that are read to the end."""
        events: list[Event] = []
        row = 0
        for work in plan:
            count = work.end - _first_logit(work)
            running = self._running[work.choice.request_id]
            if work.choice.wants_prompt_logits and work.start < work.choice.n_prompt:
                self._note_prompt_logprobs(running, work, logits[row : row + count])
            if not running.is_started and work.choice.index == 0 and not work.choice.is_reading:
                running.is_started = True
                text = self._echoed_text(running, work.choice) if running.request.echo else None
                start = PromptStart(running.n_prompt, text, tuple(running.prompt_logprobs))
                events.append(Event(running.request.request_id, start))
            row += count
        return events

    def _note_prompt_logprobs(self, running: _Running, work: Work, logits: Tensor) -> None:
        tokens = work.choice.tokens
        if work.start == 0:
            running.prompt_logprobs.append(self._vocabulary.logprob(tokens[0], None))
        targets = tokens[work.start + 1 : min(work.end + 1, work.choice.n_prompt)]
        if targets:
            found = likelihoods(logits[: len(targets)], targets, running.request.sampling.logprobs or 0)
            running.prompt_logprobs += map(self._vocabulary.logprob, targets, found)

    def _echoed_text(self, running: _Running, choice: Choice) -> str:
        if running.request.prompt is not None:
            return running.request.prompt
        return self._vocabulary.text(choice.tokens[: choice.n_prompt])

    def _advance(self, choice: Choice, chosen: Chosen | None) -> list[Event]:
        """Take a choice one token further, or to its end."""
        running = self._running.get(choice.request_id)
        if running is None:  # another choice of the same request failed in this very step
            return []
        if chosen is None:
            return [self._fail(choice)]
        stream = running.streams[choice.index]
        if choice.max_new_tokens == 0:
            return self._deliver(running, choice, stream.finish("length"))
        if chosen.token_id in self.renderer.eos_token_ids:
            return self._deliver(running, choice, stream.finish("stop"))
        choice.tokens.append(chosen.token_id)
        self.tokens_generated += 1
        delta = stream.push(chosen.token_id, chosen.likelihood)
        if choice.n_generated == choice.max_new_tokens and (delta is None or delta.finish_reason is None):
            events = [] if delta is None else self._deliver(running, choice, delta)
            return events + self._deliver(running, choice, stream.finish("length"))
        return [] if delta is None else self._deliver(running, choice, delta)

    def _deliver(self, running: _Running, choice: Choice, delta: TokenDelta) -> list[Event]:
        if delta.finish_reason is not None:
            self.scheduler.remove(choice)
            running.choices.remove(choice)
            if not running.choices:
                del self._running[choice.request_id]
        return [Event(choice.request_id, delta, is_last=not running.choices)]

    def _fail(self, choice: Choice) -> Event:
        """The model gave numbers that are not finite: its request ends, and the slot is cleaned for the next user."""
        self.cache.wipe(choice.slot)
        self.cancel(choice.request_id)
        name = "The base model" if choice.adapter is None else f"The adapter {choice.adapter.name}"
        error = InvalidModel(f"{name} gives values that are not finite for this prompt; its weights are damaged.")
        return Event(choice.request_id, error, is_last=True)


def _first_logit(work: Work) -> int:
    """From which position on a work's logits are wanted."""
    if work.choice.wants_prompt_logits and work.start < work.choice.n_prompt:
        return work.start
    return work.end - work.completes_tokens


def _rows(work: Work) -> Rows:
    choice = work.choice
    span = Span(choice.slot, work.start, work.end)
    return Rows(span, choice.tokens[work.start : work.end], choice.adapter, _first_logit(work))


class EmbeddedEngine:
    """The `Engine` protocol over an EngineCore that runs in a thread of its own; call it from any event loop."""

    def __init__(self, core: EngineCore, *, max_waiting: int = 256, on_crash: Callable[[], None] | None = None) -> None:
        self.core = core
        self._max_requests = core.cache.num_slots + max_waiting
        self._on_crash = on_crash
        self._streams: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Queue[Event]]] = {}
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._is_dead = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @classmethod
    def load(
        cls, folder: Path, limits: EngineLimits | None = None, *, on_crash: Callable[[], None] | None = None
    ) -> EmbeddedEngine:
        """Raises InvalidModel as EngineCore does. `on_crash` is called from the engine's thread if a step fails."""
        limits = limits or EngineLimits()
        return cls(EngineCore(folder, limits), max_waiting=limits.max_waiting, on_crash=on_crash)

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Item]:
        if self._is_dead:
            raise EngineUnavailable(STOPPED)
        if len(self._streams) >= self._max_requests:
            raise EngineUnavailable(OVERLOADED)
        # The caller's id may come from outside and come twice.
        request = replace(request, request_id=f"{request.request_id}/{next(self._numbers)}")
        events: asyncio.Queue[Event] = asyncio.Queue()
        self._streams[request.request_id] = (asyncio.get_running_loop(), events)
        try:
            submit = await asyncio.to_thread(self.core.prepare, request)
            self._commands.put(submit)
            is_last = False
            while not is_last:
                event = await events.get()
                is_last = event.is_last
                if isinstance(event.item, TunesmithError):
                    raise event.item
                yield event.item
        finally:
            del self._streams[request.request_id]
            self._commands.put(lambda: self.core.cancel(request.request_id))

    def close(self) -> None:
        """Stop after the step in progress; requests still running end with EngineUnavailable."""
        self._commands.put(None)
        self._thread.join()

    def health(self) -> dict[str, int]:
        scheduler = self.core.scheduler
        return {
            "running": len(scheduler.running),
            "waiting": len(scheduler.waiting),
            "tokens_generated": self.core.tokens_generated,
            "adapters_loaded": len(self.core.adapters),
            "max_num_seqs": self.core.cache.num_slots,
            "context_length": self.core.context_length,
        }

    def _run(self) -> None:
        try:
            while self._obey():
                for event in self.core.step():
                    self._post(event)
        except Exception:
            log.exception("engine stopped in the middle of a step")
            if self._on_crash is not None:
                self._on_crash()
        finally:
            self._is_dead = True
            gone = EngineUnavailable(STOPPED)
            for request_id in list(self._streams):
                self._post(Event(request_id, gone, is_last=True))

    def _obey(self) -> bool:
        """Do what was asked since the last step; wait for something to do. False when told to close."""
        while not self._commands.empty() or not self.core.has_work:
            command = self._commands.get()
            if command is None:
                return False
            command()
        return True

    def _post(self, event: Event) -> None:
        stream = self._streams.get(event.request_id)
        if stream is not None:
            loop, events = stream
            loop.call_soon_threadsafe(events.put_nowait, event)
