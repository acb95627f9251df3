"""An ending of every completion, where a model may stop."""

from __future__ import annotations

from tunesmith.data.prepare.affixes import common_suffix, first_unused
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import GUIDE, Remediation, escaped
from tunesmith.data.prepare.task_type import infer_task_type

CANDIDATES = ("\n", ".", " END", "***", "+++", "&&&", "$$$", "@@@", "%%%")
OTHERWISE = " [END]"
LONG = 10


def validate(frame: Frame) -> Remediation:
    if infer_task_type(frame) != "conditional generation":
        return Remediation("common_suffix")
    suffix = common_suffix(frame.completions)
    if all(completion == suffix for completion in frame.completions):
        error = (
            f"All completions are identical: `{suffix}`\nEnsure completions are different, otherwise the model will "
            f"just repeat `{suffix}`"
        )
        return Remediation("common_suffix", error=error)
    suggested = first_unused(CANDIDATES, frame.completions, otherwise=OTHERWISE)
    if suffix:
        return Remediation("common_completion_suffix", immediate=_about(suffix, suggested, frame.completions))
    return Remediation(
        "common_completion_suffix",
        immediate=(
            "\n- Your data does not contain a common ending at the end of your completions. Having a common ending "
            "string appended to the end of the completion makes it clearer to the fine-tuned model where the "
            f"completion should end. See {GUIDE} for more detail and examples."
        ),
        optional=f"Add a suffix ending `{escaped(suggested)}` to all completions",
        apply_optional=lambda rows: rows.map("completion", lambda completion: completion + suggested),
    )


def _about(suffix: str, suggested: str, completions: list[str]) -> str:
    text = f"\n- All completions end with suffix `{escaped(suffix)}`"
    if len(suffix) > LONG:
        text += (
            f". This suffix seems very long. Consider replacing with a shorter suffix, such as `{escaped(suggested)}`"
        )
    if any(suffix in completion[: -len(suffix)] for completion in completions):
        text += (
            f"\n  WARNING: Some of your completions contain the suffix `{suffix}` more than once. We suggest that you "
            "review your completions and add a unique ending"
        )
    return text
