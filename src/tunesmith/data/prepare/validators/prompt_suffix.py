"""A separator at the end of every prompt."""

from __future__ import annotations

from tunesmith.data.prepare.affixes import common_suffix, first_unused
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import GUIDE, Remediation, escaped
from tunesmith.data.prepare.task_type import infer_task_type

CANDIDATES = (" ->", "\n\n###\n\n", "\n\n===\n\n", "\n\n---\n\n", "\n\n===>\n\n", "\n\n--->\n\n")
OTHERWISE = "\n\n### =>\n\n"
LONG = 10


def validate(frame: Frame) -> Remediation:
    if infer_task_type(frame) == "open-ended generation":
        return Remediation("common_suffix")
    suffix = common_suffix(frame.prompts)
    if all(prompt == suffix for prompt in frame.prompts):
        error = (
            f"All prompts are identical: `{suffix}`\nConsider leaving the prompts blank if you want to do open-ended "
            "generation, otherwise ensure prompts are different"
        )
        return Remediation("common_suffix", error=error)
    suggested = _suggest(frame.prompts)
    if suffix:
        return Remediation("common_completion_suffix", immediate=_about(suffix, suggested, frame.prompts))
    return Remediation(
        "common_completion_suffix",
        immediate=(
            "\n- Your data does not contain a common separator at the end of your prompts. Having a separator string "
            "appended to the end of the prompt makes it clearer to the fine-tuned model where the completion should "
            f"begin. See {GUIDE} for more detail and examples. If you intend to do open-ended generation, then you "
            "should leave the prompts empty"
        ),
        optional=f"Add a suffix separator `{escaped(suggested)}` to all prompts",
        apply_optional=lambda rows: rows.map("prompt", lambda prompt: prompt + suggested),
    )


def _suggest(prompts: list[str]) -> str:
    """The arrow is for prompts of one line."""
    candidates = CANDIDATES[1:] if any("\n" in prompt for prompt in prompts) else CANDIDATES
    return first_unused(candidates, prompts, otherwise=OTHERWISE)


def _about(suffix: str, suggested: str, prompts: list[str]) -> str:
    text = f"\n- All prompts end with suffix `{escaped(suffix)}`"
    if len(suffix) > LONG:
        text += (
            f". This suffix seems very long. Consider replacing with a shorter suffix, such as `{escaped(suggested)}`"
        )
    if any(suffix in prompt[: -len(suffix)] for prompt in prompts):
        text += (
            f"\n  WARNING: Some of your prompts contain the suffix `{suffix}` more than once. We strongly suggest that "
            "you review your prompts and add a unique suffix"
        )
    return text
