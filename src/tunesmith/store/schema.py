"""The tables as queries see them; `migrations` makes them."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()


def _json(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, unique=unique)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


FILES = sa.Table(
    "files",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("id", unique=True),
    _text("project_id"),
    _text("filename"),
    _text("purpose"),
    _integer("bytes"),
    _text("sha256"),
    _integer("created_at"),
    _text("status"),
    _integer("expires_at", nullable=True),
    _text("status_details", nullable=True),
)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("id", unique=True),
    _text("project_id"),
    _text("organization_id"),
    _integer("created_at"),
    _text("status"),
    _text("model"),
    _text("base"),
    _text("name_stem"),
    _text("name_tag"),
    _text("style"),
    _text("starts_from", nullable=True),
    _text("training_file"),
    _text("validation_file", nullable=True),
    _text("training_sha256"),
    _text("validation_sha256", nullable=True),
    _text("suffix", nullable=True),
    _integer("seed"),
    _json("hyperparameters", nullable=False),
    _json("metadata"),
    _json("integrations", nullable=False),
    _json("resolved"),
    _json("error"),
    _text("fine_tuned_model", nullable=True),
    _json("result_files", nullable=False),
    _integer("trained_tokens", nullable=True),
    _integer("started_at", nullable=True),
    _integer("finished_at", nullable=True),
    _integer("estimated_finish", nullable=True),
    sa.Column("is_paused", sa.Boolean, nullable=False),
    _integer("pause_requested_at", nullable=True),
    _integer("cancel_requested_at", nullable=True),
    _text("lease_owner", nullable=True),
    sa.Column("lease_until", sa.Float, nullable=False),
    _integer("fencing_token"),
    _integer("attempts"),
    _integer("lost_workers"),
    _integer("last_step"),
    _integer("claimed_at_step"),
    _integer("total_steps", nullable=True),
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    _text("id", unique=True),
    _text("key"),
    _integer("created_at"),
    _text("level"),
    _text("message"),
    _text("type"),
    _json("data"),
)

CHECKPOINTS = sa.Table(
    "checkpoints",
    METADATA,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("step_number", sa.Integer, primary_key=True),
    _text("id", unique=True),
    _integer("created_at"),
    _text("fine_tuned_model_checkpoint"),
    _json("metrics", nullable=False),
)

MODELS = sa.Table(
    "models",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("name", unique=True),
    _text("project_id"),
    _text("kind"),
    _integer("created"),
    _text("owned_by"),
    _text("base"),
    _text("asked_base"),
    _text("style"),
    _text("weights"),
    _text("folder"),
    _text("job_id", nullable=True),
    _integer("step", nullable=True),
)

KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    _text("name"),
    _text("project_id"),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    _text("hint"),
    _integer("created_at"),
    _integer("revoked_at", nullable=True),
)

AUGMENTATIONS = sa.Table(
    "augmentations",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("id", unique=True),
    _text("project_id"),
    _text("organization_id"),
    _integer("created_at"),
    _text("status"),
    _text("file_id"),
    _text("filename"),
    _text("sha256"),
    _json("request", nullable=False),
    _json("corrections", nullable=False),
    _json("progress", nullable=False),
    _json("rows", nullable=False),
    sa.Column("is_under_review", sa.Boolean, nullable=False),
    sa.Column("is_reviewed", sa.Boolean, nullable=False),
    sa.Column("is_pause_wanted", sa.Boolean, nullable=False),
    _text("result_file", nullable=True),
    _json("error"),
    _integer("started_at", nullable=True),
    _integer("finished_at", nullable=True),
)
