"""Augmentations: rows that a model makes from a file's rows."""

from __future__ import annotations

import sqlalchemy as sa

STATEMENTS = (
    """CREATE TABLE augmentations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        project_id TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        file_id TEXT NOT NULL,
        filename TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        request JSON NOT NULL,
        corrections JSON NOT NULL,
        progress JSON NOT NULL,
        rows JSON NOT NULL,
        is_under_review BOOLEAN NOT NULL,
        is_reviewed BOOLEAN NOT NULL,
        is_pause_wanted BOOLEAN NOT NULL,
        result_file TEXT,
        error JSON,
        started_at INTEGER,
        finished_at INTEGER
    )""",
    "CREATE INDEX augmentations_by_project ON augmentations (project_id, number)",
    "CREATE INDEX augmentations_by_status ON augmentations (status, number)",
)


def apply(connection: sa.Connection) -> None:
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
