"""Files, jobs with their events and checkpoints, models, keys."""

from __future__ import annotations

import sqlalchemy as sa

STATEMENTS = (
    """CREATE TABLE files (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        project_id TEXT NOT NULL,
        filename TEXT NOT NULL,
        purpose TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        expires_at INTEGER,
        status_details TEXT
    )""",
    "CREATE INDEX files_by_project ON files (project_id, number)",
    "CREATE INDEX files_by_content ON files (sha256)",
    """CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        project_id TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        model TEXT NOT NULL,
        base TEXT NOT NULL,
        name_stem TEXT NOT NULL,
        name_tag TEXT NOT NULL,
        style TEXT NOT NULL,
        starts_from TEXT,
        training_file TEXT NOT NULL,
        validation_file TEXT,
        training_sha256 TEXT NOT NULL,
        validation_sha256 TEXT,
        suffix TEXT,
        seed INTEGER NOT NULL,
        hyperparameters JSON NOT NULL,
        metadata JSON,
        integrations JSON NOT NULL,
        resolved JSON,
        error JSON,
        fine_tuned_model TEXT,
        result_files JSON NOT NULL,
        trained_tokens INTEGER,
        started_at INTEGER,
        finished_at INTEGER,
        estimated_finish INTEGER,
        is_paused BOOLEAN NOT NULL,
        pause_requested_at INTEGER,
        cancel_requested_at INTEGER,
        lease_owner TEXT,
        lease_until FLOAT NOT NULL,
        fencing_token INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        lost_workers INTEGER NOT NULL,
        last_step INTEGER NOT NULL,
        claimed_at_step INTEGER NOT NULL,
        total_steps INTEGER
    )""",
    "CREATE INDEX jobs_by_project ON jobs (project_id, number)",
    "CREATE INDEX jobs_by_status ON jobs (status, number)",
    """CREATE TABLE events (
        job_id TEXT NOT NULL REFERENCES jobs (id),
        seq INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        level TEXT NOT NULL,
        message TEXT NOT NULL,
        type TEXT NOT NULL,
        data JSON,
        PRIMARY KEY (job_id, seq),
        UNIQUE (job_id, key)
    )""",
    """CREATE TABLE checkpoints (
        job_id TEXT NOT NULL REFERENCES jobs (id),
        step_number INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        fine_tuned_model_checkpoint TEXT NOT NULL,
        metrics JSON NOT NULL,
        PRIMARY KEY (job_id, step_number)
    )""",
    """CREATE TABLE models (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        project_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        created INTEGER NOT NULL,
        owned_by TEXT NOT NULL,
        base TEXT NOT NULL,
        asked_base TEXT NOT NULL,
        style TEXT NOT NULL,
        weights TEXT NOT NULL,
        folder TEXT NOT NULL,
        job_id TEXT REFERENCES jobs (id),
        step INTEGER
    )""",
    "CREATE INDEX models_by_project ON models (project_id, number)",
    """CREATE TABLE keys (
        id TEXT NOT NULL PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        project_id TEXT NOT NULL,
        is_admin BOOLEAN NOT NULL,
        hint TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER
    )""",
)


def apply(connection: sa.Connection) -> None:
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
