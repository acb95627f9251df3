"""The parameters that chat completions and completions share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tunesmith.api.validation import json_type, problem

INT64 = 2**63


def _stop_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _bias_by_token(value: Any) -> Any:
    """{"50256": -100} -> {50256: -100}; JSON has no integer keys."""
    if not isinstance(value, dict):
        return value
    by_token: dict[int, Any] = {}
    for key, bias in value.items():
        if not (isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 10):
            raise problem("invalid_value", f"Invalid key in 'logit_bias': '{str(key)[:40]}'. Keys are token ids.")
        by_token[int(key)] = bias
    return by_token


class StreamOptions(BaseModel):
    model_config = ConfigDict(strict=True)

    include_usage: bool | None = None


class SamplingParams(BaseModel):
    """Null means the default everywhere; unknown keys are accepted, as vendors add their own."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    model: str
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    stop: Annotated[
        Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)] | None, BeforeValidator(_stop_list)
    ] = None
    seed: Annotated[int, Field(ge=-INT64, lt=INT64)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: Annotated[
        dict[int, Annotated[float, Field(ge=-100, le=100)]] | None, BeforeValidator(_bias_by_token)
    ] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def wants_usage_chunk(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def sampling_fields(self) -> dict[str, Any]:
        """The arguments of serving.protocol.Sampling that both kinds of request fill alike."""
        return {
            "temperature": 1.0 if self.temperature is None else self.temperature,
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "stop": tuple(self.stop or ()),
            "seed": self.seed,
            "frequency_penalty": self.frequency_penalty or 0.0,
            "presence_penalty": self.presence_penalty or 0.0,
            "logit_bias": self.logit_bias or {},
        }


def expected(what: str, param: str, value: Any) -> Any:
    """The error for a value of the wrong JSON type."""
    return problem("invalid_type", f"Invalid type for '{param}': expected {what}, but got {json_type(value)} instead.")
