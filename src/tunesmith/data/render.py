"""Examples become token ids and loss weights: the only renderer, for training and for serving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

from tunesmith.data.chat_template import CHATML, PLAIN, ChatTemplate, TemplateError
from tunesmith.data.examples import ChatExample, Message, Style
from tunesmith.data.template_messages import MessageShape, TemplateMessage
from tunesmith.data.token_bytes import TokenBytes
from tunesmith.data.tokenizer_folder import read_tokenizer_folder
from tunesmith.data.turns import assistant_spans
from tunesmith.errors import InvalidFile, InvalidModel, InvalidRequest
from tunesmith.findings import Finding

# Some tokenizers call these special, but they are part of what the assistant says.
_SPOKEN_TOKENS = frozenset(
    {"<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "<think>", "</think>", "[THINK]", "[/THINK]"}
)

_BATCH_ROWS = 256  # rows tokenised together: enough to keep every core busy, few enough to hold in memory
_MAX_LISTED = 50  # refused examples named in one error
_PROBE = "probe0words"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One example as tokens. `weights[t]` is the weight in the loss of predicting `input_ids[t]`; 0 means none.

    `full_length` is the length in tokens before cutting.
    """

    line: int
    input_ids: list[int]
    weights: list[float]
    was_cut: bool
    full_length: int

    @property
    def n_trained(self) -> int:
        """How many tokens are trained."""
        return sum(weight > 0 for weight in self.weights)


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """The examples that can be trained on, and findings about those that were cut or left out."""

    rendered: list[Rendered]
    findings: list[Finding]


class Renderer:
    """A model folder's tokenizer and chat template.

    A folder without a template gets ChatML if the vocabulary has its tokens, otherwise plain "User:" and "Assistant:"
    turns closed by the end-of-text token; `has_own_template` tells which.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        template: str | None,
        tool_template: str | None = None,
        special_tokens: dict[str, str],
        eos_token_ids: Sequence[int],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.vocab_size: int = tokenizer.get_vocab_size(with_added_tokens=True)
        self.has_own_template = template is not None
        source = template or _default_template(tokenizer)
        self._template = ChatTemplate(source, special_tokens=special_tokens, now=now)
        self._tool_template = (
            ChatTemplate(tool_template, special_tokens=special_tokens, now=now) if tool_template else self._template
        )
        self._special_tokens = special_tokens
        self._added_tokens = tokenizer.get_added_tokens_decoder()
        self._bytes = TokenBytes(tokenizer)
        self._silent_ids = frozenset(
            token_id
            for token_id, token in self._added_tokens.items()
            if token.special and token.content not in _SPOKEN_TOKENS
        )
        self._shape = MessageShape(
            knows_system=self._probe_system(),
            knows_developer="developer" in source,
            wants_short_call_ids="length 9" in source or "length != 9" in source,
        )
        self.end_of_turn_id = self._probe_end_of_turn()
        ids = [*eos_token_ids, *([] if self.end_of_turn_id is None else [self.end_of_turn_id])]
        self.eos_token_ids: tuple[int, ...] = tuple(dict.fromkeys(ids))
        self._turn_ends = [text for i in self.eos_token_ids if (text := self.token_bytes(i).decode(errors="replace"))]

    @classmethod
    def from_folder(cls, folder: Path, *, now: Callable[[], datetime] = datetime.now) -> Renderer:
        """Read tokenizer.json, tokenizer_config.json, generation_config.json and the chat template of a model folder.

        `now` is the date that some templates write into the prompt; fix it where results must repeat.
        Raises InvalidModel when the folder has no tokenizer.json or a file is broken.
        """
        files = read_tokenizer_folder(folder)
        return cls(
            files.tokenizer,
            template=files.templates.get("default"),
            tool_template=files.templates.get("tool_use"),
            special_tokens=files.special_tokens,
            eos_token_ids=files.eos_token_ids,
            now=now,
        )

    def render(self, example: ChatExample, *, style: Style = "chat", max_length: int | None = None) -> Rendered:
        """Tokens and loss weights of one example, cut at the end to `max_length` tokens.

        "chat" applies the template and trains every assistant turn (but those of weight 0) through its end-of-turn
        token. "text" is prompt + completion + end of text, and trains the completion.
        Raises InvalidFile, with the line, for an example that the template or the style cannot express.
        """
        if style == "text":
            return self._render_text(example, max_length)
        text, spans = self._chat_text(example)
        return self._weigh(example.line, self.tokenizer.encode(text, add_special_tokens=False), spans, max_length)

    def render_all(
        self, examples: Iterable[ChatExample], *, style: Style = "chat", max_length: int | None = None
    ) -> RenderedFile:
        """`render` for a whole file, on all cores.

        Examples left without a trained token are left out, with a finding. Raises InvalidFile if that leaves none, or
        with every example that the template or the style cannot express.
        """
        refused: list[InvalidFile] = []
        rendered = list(self.render_each(examples, refused, style=style, max_length=max_length))
        if refused:
            others = f" ({len(refused) - 1} more examples are refused)" if len(refused) > 1 else ""
            findings = [finding for error in refused[:_MAX_LISTED] for finding in error.findings]
            raise InvalidFile(refused[0].message + others, findings=findings, code=refused[0].code)
        kept = [one for one in rendered if one.n_trained]
        findings = [*_cut_finding(rendered, max_length), *_untrained_finding(rendered)]
        if not kept:
            raise InvalidFile("no example has a trained token", findings=findings, code="no_trained_tokens")
        return RenderedFile(kept, findings)

    def render_each(
        self,
        examples: Iterable[ChatExample],
        refused: list[InvalidFile],
        *,
        style: Style = "chat",
        max_length: int | None = None,
    ) -> Iterator[Rendered]:
        """`render` for a stream of examples, on all cores; the errors of those refused are appended to `refused`.

        Within a style the order is kept. An example without a trained token is given like any other.
        """
        for batch in _batches(examples, _BATCH_ROWS):
            texts = []
            for example in batch:
                try:
                    if style == "text":
                        yield self._render_text(example, max_length)
                    else:
                        texts.append((example.line, *self._chat_text(example)))
                except InvalidFile as error:  # go on, so that all of them can be said at once
                    refused.append(error)
            encodings = self.tokenizer.encode_batch([text for _, text, _ in texts], add_special_tokens=False)
            for (line, _, spans), encoding in zip(texts, encodings, strict=True):
                yield self._weigh(line, encoding, spans, max_length)

    def prompt(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> list[int]:
        """Token ids of a conversation with the generation prompt; raises InvalidRequest if the template refuses it."""
        template = self._tool_template if tools else self._template
        try:
            text = template.render(self.template_messages(messages), tools, add_generation_prompt=True)
        except TemplateError as error:
            message = f"The model's chat template refuses these messages: {error}"
            raise InvalidRequest(message, param="messages", code="invalid_messages") from error
        return self._encode(text, add_special_tokens=False)

    def text_prompt(self, text: str) -> list[int]:
        """Token ids of a plain prompt, with the beginning-of-text token if the model has one. Never empty."""
        ids = self._encode(text, add_special_tokens=True)
        return ids or [self._start_id()]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, without control tokens (but with tool-call and thinking tags)."""
        spoken = [token_id for token_id in ids if token_id not in self._silent_ids]
        return str(self.tokenizer.decode(spoken, skip_special_tokens=False))

    def token_text(self, token_id: int) -> str:
        """The token's text; bytes that are only part of a character show as U+FFFD."""
        return self._bytes[token_id].decode(errors="replace")

    def token_bytes(self, token_id: int) -> bytes:
        return self._bytes[token_id]

    def template_messages(self, messages: Sequence[Message]) -> list[TemplateMessage]:
        """The messages as this model's chat template gets them."""
        return self._shape.shape(messages)

    def _chat_text(self, example: ChatExample) -> tuple[str, list[tuple[int, int, float]]]:
        """The rendered text, and its trained spans as (start, end, weight) in characters."""
        messages = self.template_messages(example.messages)
        template = self._tool_template if example.tools else self._template
        try:
            text, spans = assistant_spans(template, messages, example.tools, turn_ends=self._turn_ends)
        except TemplateError as error:
            message = f"line {example.line}: the model's chat template refuses these messages: {error}"
            finding = Finding("refused_by_template", "error", message, line=example.line, field="messages")
            raise InvalidFile(message, findings=[finding], code="refused_by_template") from error
        weights = [1.0 if m.weight is None else m.weight for m in example.messages if m.role == "assistant"]
        return text, [(*span, weight) for span, weight in zip(spans.values(), weights, strict=True) if weight]

    def _weigh(
        self, line: int, encoding: Encoding, spans: Sequence[tuple[int, int, float]], max_length: int | None
    ) -> Rendered:
        ids, offsets = encoding.ids, encoding.offsets
        weights = [0.0] * len(ids)
        position = 0
        for start, end, weight in spans:
            while position < len(ids) and self._is_before(ids[position], offsets[position], start):
                position += 1
            while position < len(ids) and offsets[position][0] < end:
                weights[position] = weight
                position += 1
        return _cut(line, ids, weights, max_length)

    def _is_before(self, token_id: int, offset: tuple[int, int], start: int) -> bool:
        """Whether a token belongs to the prompt.

        One that reaches across `start` is the answer's, unless it is a control token that swallowed the space after
        it (as Phi-3's do).
        """
        return offset[1] <= start or (offset[0] < start and token_id in self._added_tokens)

    def _render_text(self, example: ChatExample, max_length: int | None) -> Rendered:
        if [message.role for message in example.messages] != ["user", "assistant"] or example.messages[1].tool_calls:
            message = f"line {example.line}: a completion model trains on prompt/completion pairs, found chat messages"
            finding = Finding("not_a_pair", "error", message, line=example.line)
            raise InvalidFile(message, findings=[finding], code="not_a_pair")
        prompt, completion = (message.content or "" for message in example.messages)
        prompt_ids = self.text_prompt(prompt)
        completion_ids = [*self._continuation(completion), *self.eos_token_ids[:1]]
        weights = [0.0] * len(prompt_ids) + [1.0] * len(completion_ids)
        return _cut(example.line, prompt_ids + completion_ids, weights, max_length)

    def _continuation(self, text: str) -> list[int]:
        """Tokens of text that continues other text.

        It is tokenised after a line break, so that a tokenizer which puts a space before the first word of a text
        does not put one here. The prompt and its continuation are tokenised apart, as they are at inference.
        """
        lead = self._encode("\n", add_special_tokens=False)
        ids = self._encode("\n" + text, add_special_tokens=False)
        if ids[: len(lead)] == lead:
            return ids[len(lead) :]
        return self._encode(text, add_special_tokens=False)

    def _encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=add_special_tokens).ids)

    def _start_id(self) -> int:
        bos = self.tokenizer.token_to_id(self._special_tokens.get("bos_token", ""))
        if bos is not None:
            return int(bos)
        return self.eos_token_ids[0] if self.eos_token_ids else 0

    def _probe_system(self) -> bool:
        """Whether the template accepts a system message and writes it, in a prompt and in a finished conversation.

        Mistral's writes it in front of the last user message only if nothing follows: never in training.
        """
        prompt = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "question"}]
        finished = [*prompt, {"role": "assistant", "content": "answer"}]
        try:
            shown = self._template.render(prompt, (), add_generation_prompt=True)
            kept = self._template.render(finished, (), add_generation_prompt=False)
        except TemplateError:  # its way of saying no
            return False
        return _PROBE in shown and _PROBE in kept

    def _probe_end_of_turn(self) -> int | None:
        """The token that the template writes right after an answer."""
        messages = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _PROBE}]
        try:
            text = self._template.render(messages, (), add_generation_prompt=False)
        except TemplateError as error:
            raise InvalidModel(f"the chat template refuses a question and an answer: {error}", param="model") from error
        after = text.rpartition(_PROBE)[2].lstrip()
        ids = self._encode(after, add_special_tokens=False) if after else []
        return ids[0] if ids and ids[0] in self._added_tokens and after.startswith(self.token_text(ids[0])) else None


def _cut(line: int, ids: list[int], weights: list[float], max_length: int | None) -> Rendered:
    length = len(ids)
    was_cut = max_length is not None and length > max_length
    ids, weights = ids[:max_length], weights[:max_length]
    if weights:
        weights[0] = 0.0  # nothing comes before the first token, so nothing predicts it
    return Rendered(line, ids, weights, was_cut, length)


def _cut_finding(rendered: Sequence[Rendered], max_length: int | None) -> list[Finding]:
    cut = [one for one in rendered if one.was_cut]
    if not cut:
        return []
    longest = max(one.full_length for one in cut)
    message = (
        f"{len(cut)} examples are longer than {max_length} tokens (the longest has {longest}) and were cut at the end"
        f": lines {_lines(cut)}"
    )
    facts = {"count": len(cut), "max_length": max_length, "longest": longest}
    return [Finding("example_cut", "warning", message, line=cut[0].line, facts=facts)]


def _untrained_finding(rendered: Sequence[Rendered]) -> list[Finding]:
    untrained = [one for one in rendered if not one.n_trained]
    if not untrained:
        return []
    message = (
        f"{len(untrained)} examples have no trained token (after cutting) and were left out: lines {_lines(untrained)}"
    )
    facts = {"count": len(untrained)}
    return [Finding("no_trained_tokens", "warning", message, line=untrained[0].line, facts=facts)]


def _lines(rendered: Sequence[Rendered], most: int = 10) -> str:
    return ", ".join(str(one.line) for one in rendered[:most]) + (", ..." if len(rendered) > most else "")


def _batches(examples: Iterable[ChatExample], size: int) -> Iterator[list[ChatExample]]:
    batch: list[ChatExample] = []
    for example in examples:
        batch.append(example)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _default_template(tokenizer: Tokenizer) -> str:
    has_chatml = all(tokenizer.token_to_id(token) is not None for token in ("<|im_start|>", "<|im_end|>"))
    return CHATML if has_chatml else PLAIN
