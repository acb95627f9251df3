"""What a column may stand for in each format."""

from __future__ import annotations

from tunesmith.data.formats import FormatName

FIELDS: dict[FormatName, tuple[str, ...]] = {
    "chat": ("messages", "tools", "functions", "label", "parallel_tool_calls"),
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "input", "output", "system", "history"),
    "sharegpt": ("conversations", "system", "tools", "label"),
    "preference": (
        *("prompt", "chosen", "rejected", "instruction", "input", "system", "history", "messages", "conversations"),
        *("tools", "preferred_output", "non_preferred_output", "preferred_completion", "non_preferred_completion"),
    ),
    "reinforcement": ("messages", "tools"),
}
