"""The one Settings: the process, never the run. Every field is also an environment variable, TUNESMITH_<FIELD>."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED_MODEL = "tunesmith-nano"

# OpenAI's names, answered by the embedded model until settings say otherwise.
CHAT_ALIASES = (
    "gpt-4o-mini",
    "gpt-4o-mini-2024-07-18",
    "gpt-4o",
    "gpt-4o-2024-08-06",
    "gpt-4.1",
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano",
    "gpt-4.1-nano-2025-04-14",
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-1106",
    "gpt-3.5-turbo-0613",
)
TEXT_ALIASES = ("babbage-002", "davinci-002", "ada", "babbage", "curie", "davinci")


def default_aliases() -> dict[str, str]:
    return dict.fromkeys((*CHAT_ALIASES, *TEXT_ALIASES), EMBEDDED_MODEL)


class ChatEndpoint(BaseModel):
    """An OpenAI-compatible service whose models may write rows: its address up to and with /v1, and its key."""

    base_url: str
    api_key: SecretStr | None = None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TUNESMITH_", env_ignore_empty=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8790, ge=0, le=65535)
    allow_public_bind: bool = False
    """Without it a host other than loopback is refused: the service speaks plain HTTP."""
    data_dir: Path = Path("~/.tunesmith")
    admin_key: SecretStr | None = None
    organization_id: str = "org-tunesmith"
    organization_name: str = "personal"
    """The third part of a fine-tuned model's name."""

    base_models: dict[str, Path] = {}
    """Name -> local Hugging Face folder (JSON in the environment); the embedded model is always there."""
    model_aliases: dict[str, str] = Field(default_factory=default_aliases)
    """Name as asked -> base model's name."""
    text_models: frozenset[str] = frozenset(TEXT_ALIASES)
    """Names that complete plain text: no chat template in training or serving."""

    max_file_bytes: int = 512 * 1024 * 1024
    result_files_base64: bool = False
    min_examples: int = Field(10, ge=1)

    training_threads: int = Field(0, ge=0)
    """0: as many as the machine has cores. The same number gives the same bytes."""
    max_running_jobs: int = Field(1, ge=1)
    checkpoint_every_s: float = Field(120.0, gt=0)
    lease_s: float = Field(30.0, gt=1)
    max_lost_workers: int = Field(25, ge=1)
    """A job that loses this many workers in a row without a new step fails.

    Generous: starting again costs seconds, a job given up while somebody restarts the machine costs its run."""
    poll_s: float = Field(0.25, gt=0)

    engine_max_num_seqs: int = Field(32, ge=1)
    """Answers that one engine generates at once."""
    engine_max_adapters: int = Field(16, ge=1)
    """Adapters that one engine keeps in memory."""
    engine_threads: int = Field(0, ge=0)

    max_data_operations: int = Field(2, ge=1)
    """Files that are checked, converted or split at once."""
    data_operation_timeout_s: float = Field(600.0, gt=0)
    chat_endpoints: dict[str, ChatEndpoint] = {}
    """Name -> another service that augmentations may ask (JSON in the environment)."""
    price_per_million_tokens: float | None = Field(None, ge=0)
    """What an estimate charges for a million trained tokens; nothing by default: the machine is yours."""

    def folder(self) -> Path:
        """The data folder, absolute."""
        return self.data_dir.expanduser().resolve()
