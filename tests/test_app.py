"""The supervisor and its children, as real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tunesmith import errors
from tunesmith.app import base_models, build_services, prepare, refuse_public_bind, serve
from tunesmith.settings import Settings

SERVE = (
    "import sys; from tunesmith.app import serve; from tunesmith.settings import Settings; sys.exit(serve(Settings()))"
)


def wait_for(is_so: Callable[[], bool], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Service:
    def __init__(self, data_dir: Path) -> None:
        environment = os.environ | {"TUNESMITH_DATA_DIR": str(data_dir), "TUNESMITH_PORT": "0"}
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, env=environment, text=True
        )
        service_file = data_dir / "service.json"
        wait_for(lambda: service_file.exists() or self.process.poll() is not None)
        self.facts = json.loads(service_file.read_text())

    def children(self) -> dict[str, int]:
        listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
        ours = [(pid, args) for pid, ppid, args in rows if int(ppid) == self.process.pid and "tunesmith.app" in args]
        return {("api" if " api" in args else "worker"): int(pid) for pid, args in ours}

    def is_healthy(self) -> bool:
        url = self.facts["base_url"].removesuffix("/v1") + "/healthz"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Service]]:
    services: list[Service] = []

    def start() -> Service:
        services.append(Service(tmp_path / "data"))
        return services[-1]

    yield start
    for service in services:
        service.process.kill()
        service.process.communicate()


def test_the_first_start_prints_its_key_once_and_a_terminate_ends_everything_soon(start: Callable[[], Service]) -> None:
    service = start()
    assert service.is_healthy()
    assert service.facts["pid"] == service.process.pid
    children = service.children()
    assert set(children) == {"api", "worker"}
    began = time.monotonic()
    service.process.terminate()
    out, _ = service.process.communicate(timeout=15)
    assert service.process.returncode == 0
    assert time.monotonic() - began < 10
    assert not any(is_alive(pid) for pid in children.values())
    assert not (service.data_dir / "service.json").exists()
    key_file = service.data_dir / "admin.key"
    assert key_file.read_text() in out
    open_to_others = [path.name for path in service.data_dir.rglob("*") if path.stat().st_mode & 0o077]
    assert (key_file.exists(), open_to_others) == (True, [])

    again = start()
    again.process.terminate()
    out, _ = again.process.communicate(timeout=15)
    assert key_file.read_text() not in out


def test_a_killed_api_comes_back_on_the_same_port_and_a_killed_supervisor_takes_all_with_it(
    start: Callable[[], Service],
) -> None:
    service = start()
    before = service.children()
    os.kill(before["api"], signal.SIGKILL)
    os.kill(before["worker"], signal.SIGKILL)
    wait_for(lambda: set(service.children()) == {"api", "worker"} and service.children()["api"] != before["api"])
    wait_for(service.is_healthy)
    children = service.children()
    service.process.kill()
    wait_for(lambda: not any(is_alive(pid) for pid in children.values()), timeout_s=10)


def test_two_services_cannot_share_a_data_folder(
    start: Callable[[], Service], capfd: pytest.CaptureFixture[str]
) -> None:
    service = start()
    assert serve(Settings(data_dir=service.data_dir, port=0)) == 1
    assert "the data folder is in use" in capfd.readouterr().err
    assert service.is_healthy()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_a_public_address_is_refused_without_the_flag(host: str) -> None:
    with pytest.raises(errors.PermissionDenied, match="allow-public-bind"):
        refuse_public_bind(Settings(host=host))
    refuse_public_bind(Settings(host=host, allow_public_bind=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_flag(host: str) -> None:
    refuse_public_bind(Settings(host=host))


def test_a_key_from_the_environment_is_the_first_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, admin_key=SecretStr("sk-my-own-key-123"))
    prepare(settings)
    assert (tmp_path / "admin.key").read_text() == "sk-my-own-key-123"
    services = build_services(settings.model_copy(update={"admin_key": None}))
    assert services.accounts.authenticate("sk-my-own-key-123").is_admin
    services.data.close()


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_ADMIN_KEY", "")
    monkeypatch.setenv("TUNESMITH_PORT", "")
    settings = Settings()
    assert (settings.admin_key, settings.port) == (None, 8790)


def test_a_base_model_that_is_not_safe_to_load_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(errors.InvalidModel):
        base_models(Settings(base_models={"bad": tmp_path}))


def test_an_alias_for_an_unknown_base_is_refused() -> None:
    with pytest.raises(errors.InvalidModel, match="'gpt-4o' stands for 'nobody'"):
        base_models(Settings(model_aliases={"gpt-4o": "nobody"}))
