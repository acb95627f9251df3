"""Messages in the shape that Hugging Face chat templates want."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.data.examples import Message

TemplateMessage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageShape:
    """What one template takes.

    A developer message is a system message to templates that do not know the role; a system message goes in front of
    the next user message for templates that would refuse or drop it (Gemma, Mistral). Tool call ids become nine
    characters for templates that insist on that (Mistral).
    """

    knows_system: bool
    knows_developer: bool
    wants_short_call_ids: bool

    def shape(self, messages: Sequence[Message]) -> list[TemplateMessage]:
        """Absent keys instead of None, tool arguments as objects; assistant messages keep their order and number."""
        shaped = [self._message(message) for message in messages]
        if self.wants_short_call_ids:
            shaped = _shorten_call_ids(shaped)
        return shaped if self.knows_system else _fold_system(shaped)

    def _message(self, message: Message) -> TemplateMessage:
        role = message.role
        if role == "developer" and not self.knows_developer:
            role = "system"
        shaped: TemplateMessage = {"role": role}
        if message.content is not None:
            shaped["content"] = message.content
        if message.name is not None:
            shaped["name"] = message.name
        if message.tool_calls:
            shaped["tool_calls"] = [_call(call) for call in message.tool_calls]
        if message.tool_call_id is not None:
            shaped["tool_call_id"] = message.tool_call_id
        return shaped


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = function["arguments"]
    # a model's own broken call, sent back in a conversation, is shown to it as it was
    with contextlib.suppress(ValueError):
        arguments = json.loads(arguments)
    return {**call, "function": {**function, "arguments": arguments}}


def _shorten_call_ids(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    shortened: list[TemplateMessage] = []
    for message in messages:
        changed = dict(message)
        if "tool_calls" in message:
            changed["tool_calls"] = [{**call, "id": _short_call_id(call["id"])} for call in message["tool_calls"]]
        if "tool_call_id" in message:
            changed["tool_call_id"] = _short_call_id(message["tool_call_id"])
        shortened.append(changed)
    return shortened


def _short_call_id(call_id: str) -> str:
    is_fine = len(call_id) == 9 and call_id.isascii() and call_id.isalnum()
    return call_id if is_fine else hashlib.blake2b(call_id.encode(), digest_size=5).hexdigest()[:9]


def _fold_system(messages: Sequence[TemplateMessage]) -> list[TemplateMessage]:
    folded: list[TemplateMessage] = []
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "system":
            waiting.append(message.get("content", ""))
        elif waiting and message["role"] == "user":
            folded.append({**message, "content": "\n\n".join([*waiting, message.get("content", "")])})
            waiting = []
        else:
            folded.append(message)
    return [*folded, {"role": "user", "content": "\n\n".join(waiting)}] if waiting else folded
