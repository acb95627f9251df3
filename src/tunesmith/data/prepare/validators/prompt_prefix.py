"""The same words at the start of every prompt."""

from __future__ import annotations

from tunesmith.data.prepare.affixes import common_prefix
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation

MAX_CHARS = 12

_ADVICE = (
    ". Fine-tuning doesn't require the instruction specifying the task, or a few-shot example scenario. Most of the "
    "time you should only add the input data into the prompt, and the desired output into the completion"
)


def validate(frame: Frame) -> Remediation:
    prefix = common_prefix(frame.prompts)
    if not prefix or all(prompt == prefix for prompt in frame.prompts):
        return Remediation("common_prefix")
    immediate = f"\n- All prompts start with prefix `{prefix}`"
    if len(prefix) <= MAX_CHARS:
        return Remediation("common_prompt_prefix", immediate=immediate)
    return Remediation(
        "common_prompt_prefix",
        immediate=immediate + _ADVICE,
        optional=f"Remove prefix `{prefix}` from all prompts",
        apply_optional=lambda rows: rows.map("prompt", lambda prompt: prompt[len(prefix) :]),
    )
