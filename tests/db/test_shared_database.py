"""What one test leaves in the database that tests share, the next one does not find."""

from collections.abc import Iterator
from functools import partial

import psycopg2
import pytest

from tests import conftest
from tests.support.asking import run
from tests.support.shared_database import SharedDatabase

STATE = """
SELECT (SELECT count(*) FROM logistics_company), (SELECT count(*) FROM product), (SELECT count(*) FROM event),
    (SELECT last_value FROM product_id_seq), (SELECT is_called FROM product_id_seq)
"""
PRODUCT = """
INSERT INTO "user" (id, name, storename, password_hash, status, create_time, update_time) VALUES (1, 'a', 'a', '!', 0, 1, 1);
INSERT INTO product (business_id, name, "desc", unit, meta_obj_id, create_time, last_update)
VALUES (1, 'cup', 'a cup', 'piece', 7, 1, 1);
"""


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[SharedDatabase]:
    database = SharedDatabase(partial(conftest.create, postgres, template), partial(conftest.drop, postgres))
    yield database
    database.give_up()


def test_rows_and_numbers_are_as_before(database: SharedDatabase) -> None:
    before = run(database.uri(), STATE)
    uri = database.uri()
    run(uri, PRODUCT)
    run(uri, "DELETE FROM logistics_company WHERE id > 3")
    assert run(uri, STATE) != before
    assert database.take_back()
    assert database.uri() == uri
    assert run(uri, STATE) == before


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE other ()",
        'ALTER TABLE "order" DISABLE TRIGGER ALL',
        "DROP INDEX ix_event_order",
        "SET session_replication_role = replica; ALTER TABLE sku DROP CONSTRAINT ck_sku_stock_not_negative",
        "SELECT pg_advisory_lock(7)",
    ],
)
def test_it_is_given_up_once_it_is_not_what_it_was(database: SharedDatabase, change: str) -> None:
    uri = database.uri()
    left = psycopg2.connect(uri, application_name="meta_be")
    left.autocommit = True
    left.cursor().execute(change)
    assert not database.take_back()
    left.close()
    assert database.uri() != uri


@pytest.mark.parametrize("name", ["psql", "meta_be"])
def test_a_transaction_that_a_test_left_open_holds_nothing(database: SharedDatabase, name: str) -> None:
    uri = database.uri()
    left = psycopg2.connect(uri, application_name=name)
    left.cursor().execute('LOCK "order"')
    assert database.take_back()
    assert run(uri, 'SELECT count(*) FROM "order"') == [(0,)]
    with pytest.raises(psycopg2.OperationalError):
        left.cursor().execute("SELECT 1")
