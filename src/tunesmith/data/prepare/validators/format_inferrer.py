"""Advice for classification."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation
from tunesmith.data.prepare.task_type import infer_task_type


def validate(frame: Frame) -> Remediation:
    if infer_task_type(frame) != "classification":
        return Remediation("num_examples")
    return Remediation(
        "num_examples",
        immediate=(
            "\n- Based on your data it seems like you're trying to fine-tune a model for classification"
            "\n- For classification, we recommend you try one of the faster and cheaper models, such as `ada`"
            "\n- For classification, you can estimate the expected model performance by keeping a held out dataset, "
            "which is not used for training"
        ),
    )
