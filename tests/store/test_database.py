from __future__ import annotations

import functools
import multiprocessing
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from office import ALICE, Office
from tunesmith import errors, ids
from tunesmith.control import events
from tunesmith.control.jobs import Change
from tunesmith.store.db import FIRST_SAFE_WAL, Database, sqlite_module
from tunesmith.store.migrations import MIGRATIONS, migrate
from tunesmith.store.schema import METADATA


def test_the_tables_that_migrations_make_are_those_that_queries_see(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    migrate(database)
    migrate(database)
    with database.read() as connection:
        inspector = sa.inspect(connection)
        for table in METADATA.sorted_tables:
            made = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
            seen = {column.name: bool(column.nullable) for column in table.columns}
            made.pop("number", None), seen.pop("number", None)
            assert made == seen, table.name
    database.close()


def test_a_folder_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    migrate(database)
    with database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(errors.InvalidRequest, match="newer version"):
        migrate(database)
    database.close()


def test_commits_are_synced_and_foreign_keys_hold(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    with database.read() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    is_safe = sqlite_module().sqlite_version_info >= FIRST_SAFE_WAL
    assert pragma == {
        "journal_mode": "wal" if is_safe else "truncate",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    database.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db")
    migrate(database)

    def half_a_change() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            connection.exec_driver_sql("CREATE TABLE files (x)")  # there is one already

    with pytest.raises(sa.exc.OperationalError):
        half_a_change()
    with database.read() as connection:
        assert not sa.inspect(connection).has_table("half")
    database.close()


def test_a_damaged_database_is_found_at_start(tmp_path: Path) -> None:
    office = Office(tmp_path / "data")
    for _ in range(50):
        office.create_job()
    office.data.close()
    path = tmp_path / "data" / "tunesmith.db"
    sqlite3.connect(path).close()
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    path.write_bytes(content)
    database = Database(path)
    with pytest.raises((errors.InvalidRequest, sa.exc.DatabaseError)):
        database.check()
    database.close()


def _append(folder: str, job_id: str, worker: int) -> None:
    office = Office(Path(folder), new_id=ids.new_id)
    for number in range(25):
        drafts = (events.note(f"{worker}-{number}", "x"), events.note(f"shared-{number}", "y"))
        office.data.jobs.amend(job_id, functools.partial(Change, events=drafts), now=0.0)


def test_processes_that_append_at_once_lose_and_double_nothing(office: Office) -> None:
    job = office.create_job()
    before = len(office.messages(job))
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append, args=(str(office.data.folder), job.id, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    written = office.jobs.events_since(job.id, 0)
    assert len(written) == before + 3 * 25 + 25
    assert [event.seq for event in written] == list(range(1, len(written) + 1))
    assert office.jobs.get(ALICE, job.id).status == job.status


def test_an_older_sqlite_gets_a_journal_that_two_writers_cannot_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.store.db.sqlite_module", lambda: sqlite3.dbapi2)
    monkeypatch.setattr("tunesmith.store.db.FIRST_SAFE_WAL", (99, 0, 0))
    office = Office(tmp_path / "data")
    with office.data.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "truncate"
    job = office.running_job(metadata={"team": "a"})
    assert [one.id for one in office.jobs.list(ALICE, metadata={"team": "a"}).data] == [job.id]
    office.data.close()


def test_a_database_that_cannot_grow_refuses_the_write_and_keeps_what_it_had(tmp_path: Path) -> None:
    office = Office(tmp_path / "data")
    job = office.create_job()
    with office.data.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(
            f"PRAGMA max_page_count = {pages}"
        )  # of this connection, which the pool hands out next
    with pytest.raises(errors.StorageFull):
        office.create_job(metadata={str(n): "x" * 500 for n in range(16)})
    assert [one.id for one in office.jobs.list(ALICE).data] == [job.id]
    office.data.close()
