"""Migrations of tables that are in use: they stop nobody, and take turns."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg2
import pytest

from app.db import migration
from tests.conftest import ROOT
from tests.support.documents import documented
from tests.support.processes import service
from tests.support.waiting import eventually

SHIP = 'UPDATE "order" SET logistic_name = NULL WHERE false'
CHANGE = "def upgrade() -> None:\n    op.execute('ALTER TABLE \"order\" ADD CONSTRAINT ck_new CHECK (num > 0) NOT VALID')\n"


@pytest.fixture
def write(tmp_path: Path):
    """Puts one more migration behind ours; gives the command that runs it."""

    def write(upgrade: str) -> list[str]:
        head = migration.expected_revision()
        (tmp_path / "new.py").write_text(
            f'"""Another one."""\n\nfrom alembic import op\n\nrevision = "new"\ndown_revision = "{head}"\n\n\n{upgrade}'
        )
        (tmp_path / "new.ini").write_text(
            f"[alembic]\nscript_location = {ROOT}/migrations\nprepend_sys_path = {ROOT}\npath_separator = newline\n"
            f"version_locations = {ROOT}/migrations/versions\n    {tmp_path}\n"
        )
        return [sys.executable, "-m", "alembic", "-c", str(tmp_path / "new.ini"), "upgrade", "head"]

    return write


@pytest.fixture
def busy(migrated: str) -> Iterator[psycopg2.extensions.connection]:
    """A transaction that has used the table of orders, and goes on."""
    connection = psycopg2.connect(migrated)
    connection.cursor().execute(SHIP)
    yield connection
    connection.close()


def test_an_index_is_made_while_orders_go_on_and_while_others_wait_for_their_turn(write, busy, environment, sql):
    command = write(documented("def upgrade"))
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(subprocess.run, command, env=environment, capture_output=True, text=True) for _ in range(2)]
        eventually(lambda: sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%%'"), 20)
        sql("SET lock_timeout = '1s'")
        sql(SHIP)
        busy.commit()
        for run in runs:
            assert run.result(20).returncode == 0, run.result().stderr
    assert sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_order_receiver_phone'::regclass") == [(True,)]
    assert sql("SELECT version_num FROM alembic_version") == [("new",)]


@pytest.mark.long
def test_a_change_of_a_table_in_use_lets_others_pass_and_is_made_in_the_end(write, busy, sql, monkeypatch):
    command = write(CHANGE)
    config = migration.alembic_config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{ROOT}/migrations/versions\n{Path(command[4]).parent}")
    monkeypatch.setattr(migration, "alembic_config", lambda: config)
    migrating = threading.Thread(target=migration.migrate)
    migrating.start()
    eventually(lambda: sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE%%' AND wait_event_type = 'Lock'"))
    asked = time.monotonic()
    sql(SHIP)
    assert time.monotonic() - asked < 10, "it waited behind the migration until that gave way"
    assert migrating.is_alive()
    busy.commit()
    migrating.join(20)
    assert sql("SELECT version_num FROM alembic_version") == [("new",)]
    assert sql("SELECT convalidated FROM pg_constraint WHERE conname = 'ck_new'") == [(False,)]


def test_a_release_goes_on_beside_the_schema_of_the_next_one(environment, sql):
    sql("UPDATE alembic_version SET version_num = 'next'")
    with service(environment) as process:  # which is up when it says that it is ready
        assert httpx.get(f"{process.url}/readyz").json() == {"status": "ok", "revision": "next"}
    assert sql("SELECT version_num FROM alembic_version") == [("next",)]


def test_a_schema_of_before_is_not_ready(api, sql):
    sql("UPDATE alembic_version SET version_num = '0001'")
    answer = api.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "pending_migration")
