"""What the API needs from the rest of the house, and how a route gets hold of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from tunesmith.control.accounts import Accounts
from tunesmith.control.augmentations import Augmentations
from tunesmith.control.desk import Desk
from tunesmith.control.files import Files
from tunesmith.control.jobs import Jobs
from tunesmith.control.registry import Registry
from tunesmith.serving.protocol import Engine


class Engines(Protocol):
    """Finds the running engine of a base model, starting it first when it is not running."""

    async def engine_for(self, folder: Path) -> Engine: ...


class ApiSettings(Protocol):
    """The few settings that the API looks at."""

    @property
    def max_file_bytes(self) -> int: ...

    @property
    def result_files_base64(self) -> bool: ...


class Services(Protocol):
    """Everything behind the doors."""

    @property
    def settings(self) -> ApiSettings: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def files(self) -> Files: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def registry(self) -> Registry: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def augmentations(self) -> Augmentations: ...

    @property
    def engines(self) -> Engines: ...


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]
