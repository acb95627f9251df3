"""One validator per file, in the order in which the tool of 2023 asked them."""

from __future__ import annotations

from collections.abc import Callable

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation
from tunesmith.data.prepare.validators import (
    additional_column,
    completion_prefix,
    completion_space_start,
    completion_suffix,
    duplicated_rows,
    format_inferrer,
    long_examples,
    lower_case,
    necessary_column,
    non_empty_completion,
    num_examples,
    prompt_prefix,
    prompt_suffix,
)

VALIDATORS: tuple[Callable[[Frame], Remediation | None], ...] = (
    num_examples.validate,
    necessary_column.validate_prompt,
    necessary_column.validate_completion,
    additional_column.validate,
    non_empty_completion.validate,
    format_inferrer.validate,
    duplicated_rows.validate,
    long_examples.validate,
    lower_case.validate_prompt,
    lower_case.validate_completion,
    prompt_suffix.validate,
    prompt_prefix.validate,
    completion_prefix.validate,
    completion_suffix.validate,
    completion_space_start.validate,
)
