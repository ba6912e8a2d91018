"""The migrations of the search index, on orders that others go on to search and to write."""

from concurrent.futures import ThreadPoolExecutor

import psycopg2
from alembic import command

from app.db import migration
from tests.support.factories import made
from tests.support.waiting import WAITING, eventually


def test_orders_stay_found_while_their_parts_are_written_anew(api, world, merchant, customer, migrated, sql):
    def found(**asked):
        return [order["id"] for order in made(merchant.get("/orders", **asked))["items"]]

    def all_found():
        number, name, phone = first["order_number"], first["receiver_name"], first["receiver_phone"]
        # Of two parts at most: a later migration made the function that longer texts are looked up with.
        assert [found(order_number=number[at:]) for at in (-8, -5, -4)] == [[first["id"]]] * 3
        assert first["id"] in found(q=name)
        assert first["id"] in found(receiver=phone[-4:])
        assert [found(q=part) for part in ("SF777888", "7778", "888")] == [[first["id"]]] * 3
        assert found(q="YT90") == found(q="90909") == written

    first, second = (world.order(merchant, customer, status=1) for _ in range(2))
    sql('UPDATE "order" SET logistic_order_id = %s WHERE id = %s', "SF777888", first["id"])
    written = []
    command.downgrade(migration.alembic_config(), "0030")
    all_found()
    with psycopg2.connect(migrated) as before, psycopg2.connect(migrated) as other, ThreadPoolExecutor(1) as pool:
        before.cursor().execute('UPDATE "order" SET logistic_order_id = %s WHERE id = %s', ("YT90909", second["id"]))
        other.cursor().execute("SELECT FROM parcel_search WHERE order_id = %s FOR UPDATE", (first["id"],))
        run = pool.submit(migration.migrate)
        eventually(lambda: sql(f"{WAITING} AND query LIKE '%%LOCK TABLE order_search%%'"))
        all_found()
        before.commit()
        written.append(second["id"])
        eventually(lambda: sql(f"{WAITING} AND query LIKE '%%FROM parcel_search%%'"))
        all_found()
        other.commit()
        run.result()
    all_found()
