"""What the bodies of this project's own routes have in common."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from tunesmith.errors import InvalidRequest


class Body(BaseModel):
    """A key that is not known is refused, with the nearest: a misspelt option would silently do something else."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, given: Any) -> Any:
        for name in given if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                near = difflib.get_close_matches(str(name), cls.model_fields, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else f" Known are: {', '.join(cls.model_fields)}."
                raise InvalidRequest(f"Unknown parameter: '{name}'.{hint}", param=str(name), code="unknown_parameter")
        return given
