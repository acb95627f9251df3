"""The composition root: settings -> store -> services -> one of the processes. The only file that sees everything.

`serve` is the supervisor. It holds the data folder and the listening socket, and keeps two children alive:
`python -m tunesmith.app api` and `python -m tunesmith.app worker`. A child gets its settings as the first line of its
stdin, and the end of that pipe is its lifeline.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import uvicorn

from tunesmith import errors, ids
from tunesmith.api.server import create_app
from tunesmith.api.services import Engines
from tunesmith.control.accounts import Accounts, new_secret
from tunesmith.control.augmentations import LOCAL, AugmentationRecord, Augmentations
from tunesmith.control.desk import Desk
from tunesmith.control.files import Files
from tunesmith.control.job_fields import SEEDS
from tunesmith.control.jobs import Jobs
from tunesmith.control.registry import BaseModel, Registry
from tunesmith.control.runs import Runs
from tunesmith.data.augment.chat_endpoint import ChatEndpoint
from tunesmith.data.augment.plan import RECIPES
from tunesmith.data.reading import check_jsonl_upload
from tunesmith.logs import configure_logs
from tunesmith.models.folder import check_base_folder
from tunesmith.models.nano import nano_folder
from tunesmith.serving.pool import EnginePool
from tunesmith.settings import EMBEDDED_MODEL, Settings
from tunesmith.store.data_folder import DataFolder, write_secret
from tunesmith.supervisor import Child, Supervisor
from tunesmith.training.spec import RunRequest
from tunesmith.worker import lifeline
from tunesmith.worker.executors.operation import Operations
from tunesmith.worker.executors.process import RunProcess
from tunesmith.worker.loop import Worker, take_lock
from tunesmith.worker.runners.augmenting import Augmenting
from tunesmith.worker.runners.fine_tuning import FineTuning

ADMIN_KEY_FILE = "admin.key"
SERVICE_FILE = "service.json"
LOCK_FILE = "service.lock"
DRAIN_S = 3


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the doors."""

    settings: Settings
    accounts: Accounts
    files: Files
    jobs: Jobs
    registry: Registry
    desk: Desk
    augmentations: Augmentations
    runs: Runs
    engines: Engines
    data: DataFolder


def build_services(settings: Settings) -> Services:
    """Open the data folder, making it at first, and put the office together."""
    data = DataFolder(settings.folder(), new_id=ids.new_id)
    accounts = Accounts(
        data.keys,
        pepper=data.pepper(),
        organization_id=settings.organization_id,
        clock=ids.now,
        new_id=ids.new_id,
    )
    if settings.admin_key is not None:
        accounts.set_admin_key(settings.admin_key.get_secret_value())
    files = Files(
        data.files,
        data.blobs,
        check_fine_tune_upload=check_jsonl_upload,
        max_file_bytes=settings.max_file_bytes,
        clock=ids.now,
        new_id=ids.new_id,
    )
    registry = Registry(
        data.models, bases=base_models(settings), aliases=settings.model_aliases, text_names=settings.text_models
    )
    jobs = Jobs(
        data.jobs,
        files,
        registry,
        organization_name=settings.organization_name,
        clock=ids.now,
        new_id=ids.new_id,
        new_seed=lambda: secrets.randbelow(int(SEEDS.high) + 1),
    )
    runs = Runs(
        data.jobs,
        lease_s=settings.lease_s,
        max_lost_workers=settings.max_lost_workers,
        clock=ids.now,
        new_id=ids.new_id,
    )
    desk = Desk(
        files,
        registry,
        build_operations(settings).carry_out,
        temporary=data.temporary,
        price_per_million=settings.price_per_million_tokens,
    )
    augmentations = Augmentations(
        data.augmentations,
        files,
        registry,
        recipes=RECIPES,
        endpoints=settings.chat_endpoints,
        clock=ids.now,
        new_id=ids.new_id,
    )
    engines = build_engines(settings)
    return Services(settings, accounts, files, jobs, registry, desk, augmentations, runs, engines, data)


def build_operations(settings: Settings) -> Operations:
    return Operations(max_running=settings.max_data_operations, timeout_s=settings.data_operation_timeout_s)


def build_engines(settings: Settings) -> EnginePool:
    return EnginePool(
        max_num_seqs=settings.engine_max_num_seqs,
        max_adapters=settings.engine_max_adapters,
        threads=settings.engine_threads,
    )


def build_worker(services: Services) -> Worker:
    settings = services.settings
    threads = settings.training_threads or os.cpu_count() or 1

    def start_run(request: RunRequest, run_dir: Path) -> RunProcess:
        return RunProcess(request.to_json(), run_dir, threads=threads)

    runner = FineTuning(
        services.runs,
        services.registry,
        services.data.blobs,
        services.data.weights,
        start_run=start_run,
        operate=build_operations(settings).carry_out,
        runs_folder=services.data.runs_folder,
        min_examples=settings.min_examples,
        lease_s=settings.lease_s,
        checkpoint_every_s=settings.checkpoint_every_s,
        clock=ids.now,
    )
    augmenter = Augmenting(
        services.augmentations,
        services.data.blobs,
        ask_model=ModelOfRecord(services).ask,
        folder=services.data.augmentations_folder,
    )
    return Worker(
        services.runs,
        runner,
        augmenter,
        worker_id=ids.new_id("worker"),
        data_dir=services.data.folder,
        max_running_jobs=settings.max_running_jobs,
        poll_s=settings.poll_s,
    )


class ModelOfRecord:
    """Finds who writes an augmentation's rows: this service itself, through its own door, or one that settings name."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @contextmanager
    def ask(self, record: AugmentationRecord) -> Iterator[ChatEndpoint]:
        model, temperature = record.request["model"], record.request["temperature"]
        endpoint = record.request["endpoint"]
        if endpoint == LOCAL:
            key, secret = self._services.accounts.create_key(f"augmentation {record.id}")
            try:
                with ChatEndpoint(self._own_url(), model, api_key=secret, temperature=temperature) as sampler:
                    yield sampler
            finally:
                self._services.accounts.revoke_key(key.id)
            return
        settings = self._services.settings.chat_endpoints.get(endpoint)
        if settings is None:
            raise errors.InvalidRequest(
                f"The endpoint '{endpoint}' is no longer among TUNESMITH_CHAT_ENDPOINTS.", param="endpoint"
            )
        api_key = settings.api_key.get_secret_value() if settings.api_key else None
        with ChatEndpoint(settings.base_url, model, api_key=api_key, temperature=temperature) as sampler:
            yield sampler

    def _own_url(self) -> str:
        path = self._services.data.folder / SERVICE_FILE
        if not path.is_file():
            raise errors.EngineUnavailable("The service's API is not up; resume the augmentation when it is.")
        return str(orjson.loads(path.read_bytes())["base_url"])


def base_models(settings: Settings) -> dict[str, BaseModel]:
    """The embedded model and the folders that settings name; raises InvalidModel for one that is not safe to load."""
    folders = {EMBEDDED_MODEL: nano_folder(), **settings.base_models}
    models = {}
    for name, folder in folders.items():
        place = folder.expanduser().resolve()
        check_base_folder(place)
        models[name] = BaseModel(name, place, created=int((place / "config.json").stat().st_mtime))
    for alias, base in settings.model_aliases.items():
        if base not in models:
            raise errors.InvalidModel(
                f"The alias '{alias}' stands for '{base}', which is not among the base models: {', '.join(models)}. "
                "Correct TUNESMITH_MODEL_ALIASES or add the folder to TUNESMITH_BASE_MODELS."
            )
    return models


def serve(settings: Settings) -> int:
    """Run the service until SIGTERM or Ctrl-C; answers the exit code."""
    configure_logs("supervisor")
    os.umask(0o077)  # whoever may look into the data folder may not look into its files; children inherit it
    try:
        refuse_public_bind(settings)
        with take_data_folder(settings), listen(settings) as listener:
            prepare(settings)
            return supervise(settings, listener)
    except errors.TunesmithError as error:
        print(f"tunesmith: {error.message}", file=sys.stderr)
        return 1


def refuse_public_bind(settings: Settings) -> None:
    if settings.allow_public_bind or settings.host == "localhost":
        return
    try:
        is_loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:  # a name, which may stand for any address
        is_loopback = False
    if not is_loopback:
        raise errors.PermissionDenied(
            f"The host {settings.host} can be reached from other machines, and the service speaks plain HTTP. "
            "Put a TLS proxy in front and pass --allow-public-bind, or use 127.0.0.1."
        )


def take_data_folder(settings: Settings) -> BinaryIO:
    """Two services must not share a data folder; raises Conflict when one has it."""
    try:
        settings.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise errors.InvalidRequest(
            f"Cannot make the data folder {settings.folder()}: {error.strerror}. Choose another with --data-dir."
        ) from error
    return take_lock(settings.folder() / LOCK_FILE)


def listen(settings: Settings) -> socket.socket:
    """The supervisor owns the socket: while the API restarts, connections wait instead of failing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise errors.InvalidRequest(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. Choose another with --port."
        ) from error


def prepare(settings: Settings) -> None:
    """Check and tidy the data folder, and make the first key when there is none."""
    services = build_services(settings)
    services.data.check_and_tidy(int(ids.now()))
    (services.data.folder / SERVICE_FILE).unlink(missing_ok=True)  # left by a service that was killed
    path = services.data.folder / ADMIN_KEY_FILE
    if settings.admin_key is not None:
        write_secret(path, settings.admin_key.get_secret_value().encode())
    elif not path.exists():
        secret = new_secret()
        services.accounts.set_admin_key(secret)
        write_secret(path, secret.encode())
        print(f"Admin key (kept in {path}, shown only now): {secret}", flush=True)
    else:
        services.accounts.set_admin_key(path.read_text(encoding="utf-8").strip())
    services.data.close()


def supervise(settings: Settings, listener: socket.socket) -> int:
    """Keep an API and a worker alive; `service.json` tells local clients where the API is while it is there."""
    service_file = settings.folder() / SERVICE_FILE
    children = [Child("api", settings, pass_fds=[listener.fileno()]), Child("worker", settings)]
    supervisor = Supervisor(children, *listener.getsockname()[:2])

    def announce(url: str) -> None:
        write_secret(service_file, orjson.dumps({"base_url": f"{url}/v1", "pid": os.getpid()}))
        print(f"Tunesmith listens on {url}/v1", flush=True)

    try:
        return supervisor.run(announce)
    finally:
        service_file.unlink(missing_ok=True)


def run_api(settings: Settings, listener_fd: int) -> None:
    services = build_services(settings)
    config = uvicorn.Config(
        create_app(services),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    asyncio.run(_serve_api(uvicorn.Server(config), services, socket.socket(fileno=listener_fd)))


async def _serve_api(server: uvicorn.Server, services: Services, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        await cast(EnginePool, services.engines).close()


def run_worker(settings: Settings) -> None:
    worker = build_worker(build_services(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    worker.work()


def main(kind: str, *rest: str) -> None:
    """The entry of a child: settings come as the first line of stdin."""
    configure_logs(kind)
    settings = Settings.model_validate_json(sys.stdin.readline())
    lifeline.hold()
    if kind == "api":
        run_api(settings, int(rest[0]))
    elif kind == "worker":
        run_worker(settings)
    else:
        raise SystemExit(f"unknown process {kind!r}; expected api or worker")


if __name__ == "__main__":
    main(*sys.argv[1:])
