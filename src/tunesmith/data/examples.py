"""What every data format becomes: conversations that still know their line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Style = Literal["chat", "text"]
"""With the model's chat template, or plain text without one; in training and in serving."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `role` is system, developer, user, assistant or tool; list content is already joined to text.

    `content` is None only for an assistant turn that is all tool calls. `weight` (assistant only): 0 keeps the turn
    out of the loss, 1 or None trains it. A tool call is {"id", "type": "function", "function": {"name",
    "arguments"}} with `arguments` as the JSON text that OpenAI's format uses.
    """

    role: str
    content: str | None
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] = ()
    tool_call_id: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class ChatExample:
    """One row of a training or validation file; `line` is where it starts in the file, counted from 1.

    `label` False says that the last answer is an unwanted one, True that it is wanted (KTO rows); most rows have none.
    """

    line: int
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    parallel_tool_calls: bool | None = None
    label: bool | None = None


@dataclass(frozen=True, slots=True)
class PreferenceExample:
    """A prompt with a better and a worse answer, one assistant message each."""

    line: int
    messages: tuple[Message, ...]
    preferred: Message
    non_preferred: Message
    tools: tuple[dict[str, Any], ...] = ()
    parallel_tool_calls: bool | None = None


@dataclass(frozen=True, slots=True)
class ReinforcementExample:
    """A prompt that ends with the user's turn, and the row's other fields, which graders read as `item.*`."""

    line: int
    messages: tuple[Message, ...]
    item: dict[str, Any]
    tools: tuple[dict[str, Any], ...] = ()
    parallel_tool_calls: bool | None = None


Example = ChatExample | PreferenceExample | ReinforcementExample
