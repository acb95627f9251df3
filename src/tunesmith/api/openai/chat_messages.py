"""The messages of a chat request, read into the turns that training and serving share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from tunesmith.api.openai.sampling import expected
from tunesmith.api.validation import json_type, problem
from tunesmith.data.examples import Message
from tunesmith.errors import InvalidRequest

CONTENT_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "text"],
                "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
            },
        },
        {"type": "null"},
    ]
}


def _part_text(part: Any) -> str:
    if not isinstance(part, dict):
        raise expected("an object", "content[]", part)
    kind = part.get("type")
    if kind == "refusal":
        kind, part = "text", {"text": part.get("refusal")}
    if kind != "text":
        raise problem(
            "invalid_value",
            f"Invalid value: '{kind}'. This model reads text only; content parts of type 'text' are supported.",
        )
    if not isinstance(part.get("text"), str):
        raise expected("a string", "content[].text", part.get("text"))
    return str(part["text"])


def _flatten(content: Any) -> Any:
    """A list of text parts -> their text."""
    if isinstance(content, list):
        return "".join(_part_text(part) for part in content)
    if content is not None and not isinstance(content, str):
        raise problem(
            "invalid_type",
            "Invalid type for 'content': expected one of a string or array of objects, "
            f"but got {json_type(content)} instead.",
        )
    return content


class FunctionCallParam(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    arguments: str


class ToolCallParam(BaseModel):
    model_config = ConfigDict(strict=True)

    id: str
    type: Literal["function"] = "function"
    function: FunctionCallParam


class ChatMessageParam(BaseModel):
    model_config = ConfigDict(strict=True)

    role: Literal["system", "assistant", "user", "function", "tool", "developer"]
    content: Annotated[str | None, BeforeValidator(_flatten), WithJsonSchema(CONTENT_SCHEMA)] = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCallParam] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCallParam | None = None


def _calls(message: ChatMessageParam) -> tuple[dict[str, Any], ...]:
    if message.function_call is not None:
        return ({"id": "call_0", "type": "function", "function": message.function_call.model_dump()},)
    return tuple(call.model_dump() for call in message.tool_calls or ())


def turns(messages: Sequence[ChatMessageParam]) -> tuple[Message, ...]:
    """Raises InvalidRequest for a turn without content that has no tool calls either."""
    read: list[Message] = []
    for number, message in enumerate(messages):
        calls = _calls(message)
        content = message.refusal if message.content is None else message.content
        if content is None and not calls:
            param = f"messages[{number}].content"
            raise InvalidRequest(
                f"Invalid value for '{param}': expected a string, got null.", param=param, code="invalid_type"
            )
        read.append(
            Message(
                role="tool" if message.role == "function" else message.role,
                content=content,
                name=message.name,
                tool_calls=calls,
                tool_call_id=message.tool_call_id,
            )
        )
    return tuple(read)


def plain_text(messages: Sequence[Message]) -> str:
    """What a model without a template reads: the contents of the turns, one below the other."""
    return "\n".join(message.content or "" for message in messages)
