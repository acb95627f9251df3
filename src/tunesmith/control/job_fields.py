"""The fields of a request for a job, checked; each refusal is worded and coded as OpenAI's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith import errors
from tunesmith.control import hyperparameters
from tunesmith.control.ranges import Range

SEEDS = Range(0, 2_147_483_647)
LONGEST_SUFFIX = 64
MOST_METADATA, LONGEST_METADATA_KEY, LONGEST_METADATA_VALUE = 16, 64, 512
MOST_INTEGRATIONS = 5
METHODS = ("supervised", "dpo", "reinforcement")


def checked_method(old: Mapping[str, Any] | None, method: Mapping[str, Any] | None) -> dict[str, Any]:
    """The merged hyperparameters; raises InvalidRequest for a method that is not supervised."""
    method = method or {}
    kind = method.get("type") or "supervised"
    if kind not in METHODS:
        supported = ", ".join(f"'{name}'" for name in METHODS)
        raise errors.InvalidRequest(
            f"Invalid value: '{kind}'. Supported values are: {supported}.", param="method.type", code="invalid_value"
        )
    if kind != "supervised":
        raise errors.InvalidRequest(
            f"The method '{kind}' is not supported by this service yet. Use method 'supervised'.",
            param="method.type",
            code="unsupported_value",
        )
    supervised = method.get("supervised") or {}
    return dict(hyperparameters.merged(old, supervised.get("hyperparameters")))


# A suffix becomes part of a model's name, which travels in URLs and is split at ":".
SUFFIX = re.compile(r"[^\s:/\\%?#\x00-\x1f\x7f]+")


def checked_suffix(suffix: str | None) -> str | None:
    if suffix is None:
        return None
    if not suffix:
        raise errors.InvalidRequest(
            "Invalid 'suffix': string too short. Expected a string with minimum length 1, "
            "but got an empty string instead.",
            param="suffix",
            code="string_below_min_length",
        )
    if len(suffix) > LONGEST_SUFFIX:
        raise errors.InvalidRequest(
            f"Invalid 'suffix': string too long. Expected a string with maximum length {LONGEST_SUFFIX}, "
            f"but got a string with length {len(suffix)} instead.",
            param="suffix",
            code="string_above_max_length",
        )
    if not SUFFIX.fullmatch(suffix):
        raise errors.InvalidRequest(
            f"Invalid 'suffix': {suffix!r} has a space, a control character or one of : / \\ % ? #. "
            "Use letters, digits, '-', '_' and '.'.",
            param="suffix",
            code="invalid_value",
        )
    return suffix


def checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str] | None:
    if metadata is None:
        return None
    if len(metadata) > MOST_METADATA:
        raise errors.InvalidRequest(
            f"Invalid 'metadata': too many properties. Expected an object with at most {MOST_METADATA} properties, "
            f"but got an object with {len(metadata)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in metadata.items():
        for what, text, most in (
            ("key", key, LONGEST_METADATA_KEY),
            (f"metadata.{key}", value, LONGEST_METADATA_VALUE),
        ):
            if not isinstance(text, str):
                raise errors.InvalidRequest(
                    f"Invalid type for '{what}': expected a string, but got {text!r} instead.",
                    param="metadata",
                    code="invalid_type",
                )
            if len(text) > most:
                raise errors.InvalidRequest(
                    f"Invalid 'metadata': {what[:80]!r} is too long. "
                    f"Expected at most {most} characters, but got {len(text)}.",
                    param="metadata",
                    code="string_above_max_length",
                )
    return dict(metadata)


def checked_integrations(integrations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if len(integrations) > MOST_INTEGRATIONS:
        raise errors.InvalidRequest(
            f"Invalid 'integrations': array too long. "
            f"Expected at most {MOST_INTEGRATIONS}, but got {len(integrations)}.",
            param="integrations",
            code="array_above_max_length",
        )
    return [dict(one) for one in integrations]
