"""Where in a rendered conversation the assistant speaks.

What is trained is what the model must produce at inference: everything after the generation prompt, through the token
that ends the turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunesmith.data.chat_template import ChatTemplate, TemplateError
from tunesmith.data.template_messages import TemplateMessage

# Characters from Unicode's private use area begin and end it, so that it shares no character with an answer.
_PLACEHOLDER = "\ue0f1placeholder\ue0f2"

Span = tuple[int, int]


def assistant_spans(
    template: ChatTemplate,
    messages: Sequence[TemplateMessage],
    tools: Sequence[dict[str, Any]],
    *,
    turn_ends: Sequence[str],
) -> tuple[str, dict[int, Span]]:
    """The rendered text, and for each assistant message (by index) the characters it must produce.

    Three ways, the first that fits: the template's own {% generation %} marks; the text after the generation prompt
    of the messages before; the text that changes when the answer is replaced by a placeholder. An answer that the
    template leaves out has an empty span. `turn_ends` are the texts of the tokens that may end a turn.
    Raises TemplateError when the template refuses the messages.
    """
    text, marked = template.render_with_spans(messages, tools, add_generation_prompt=False)
    answers = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    if marked and len(marked) == len(answers):
        return text, {
            index: (start, _include_turn_end(text, end, turn_ends))
            for index, (start, end) in zip(answers, marked, strict=True)
        }
    starts = {index: _start_after_prompt(template, messages, tools, text, index) for index in answers}
    spans: dict[int, Span] = {}
    for position, index in enumerate(answers):
        later = (start for next_index in answers[position + 1 :] if (start := starts[next_index]) is not None)
        limit = next(later, len(text))
        start = starts[index]
        end = None if start is None else _turn_end(text, start, limit, messages[index], turn_ends)
        if start is None or end is None:
            start, end = _changed_span(template, messages, tools, text, index, turn_ends)
        spans[index] = (start, end)
    return text, spans


def _start_after_prompt(
    template: ChatTemplate, messages: Sequence[TemplateMessage], tools: Sequence[dict[str, Any]], text: str, index: int
) -> int | None:
    """The length of the prompt that the model would have got, if the whole conversation begins with it."""
    if index == 0:
        return None
    try:
        prompt = template.render(messages[:index], tools, add_generation_prompt=True)
    except TemplateError:  # a beginning that this template refuses alone; the placeholder finds the place instead
        return None
    return len(prompt) if text.startswith(prompt) else None


def _turn_end(text: str, start: int, limit: int, message: TemplateMessage, turn_ends: Sequence[str]) -> int | None:
    """The end of the first turn-ending token after the answer's own words (which may contain such a token's text)."""
    words = (message.get("content") or "").rpartition("</think>")[2].strip()
    found = text.find(words, start, limit) if words else -1
    after = start if found < 0 else found + len(words)
    ends = [at + len(end) for end in turn_ends if (at := text.find(end, after, limit)) >= 0]
    return min(ends, default=None)


def _changed_span(
    template: ChatTemplate,
    messages: Sequence[TemplateMessage],
    tools: Sequence[dict[str, Any]],
    text: str,
    index: int,
    turn_ends: Sequence[str],
) -> Span:
    changed = [*messages]
    changed[index] = {"role": "assistant", "content": _PLACEHOLDER}
    other = template.render(changed, tools, add_generation_prompt=False)
    if _PLACEHOLDER not in other:
        return 0, 0
    start = _n_common(text, other)
    n_common = _n_common(text[start:][::-1], other[start:][::-1])
    return start, _include_turn_end(text, len(text) - n_common, turn_ends)


def _n_common(one: str, other: str) -> int:
    """The length of the longest common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _include_turn_end(text: str, end: int, turn_ends: Sequence[str]) -> int:
    following = next((turn_end for turn_end in turn_ends if text.startswith(turn_end, end)), "")
    return end + len(following)
