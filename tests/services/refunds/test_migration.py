"""A shop of an older release gets its refunds and keeps its webhooks."""

import psycopg2
from alembic import command
from alembic.script import ScriptDirectory

from app.db import migration

SHOP = """
INSERT INTO "user" (id, name, storename, password_hash, status, create_time, update_time) VALUES (1, 'm', 's', 'x', 0, 1, 1);
INSERT INTO customer (id, name, password_hash, create_time, update_time) VALUES (1, 'c', 'x', 1, 1);
INSERT INTO product (id, business_id, name, create_time, last_update) VALUES (1, 1, 'p', 1, 1);
INSERT INTO sku (id, product_id, sku_name, price, stock, status) VALUES (1, 1, 's', 9.9, 0, 0);
INSERT INTO "order" (id, order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
    deliver_time, close_time, receiver_name, receiver_phone, receiver_address)
SELECT n, 'ON' || n, 3, 1, 1, 1, 1, '{}', 10 * n, 1, 2, 3, 'r', '13800000000', 'a' FROM generate_series(1, 5) n;
INSERT INTO except_order (id, order_id, business_id, except_type, status, create_time, deliver_time, recv_time, close_time,
    logistics_id, logistics_order_id, back_reason, remark, back_cost)
VALUES (1, 1, 1, '仅退款', 1, 5, NULL, NULL, 100, NULL, NULL, 'r', NULL, 10),
    (2, 2, 1, '退货退款', 1, 5, NULL, 90, 200, NULL, NULL, 'r', NULL, 7.5),
    (3, 3, 1, '退货退款', 1, 5, NULL, NULL, 300, NULL, NULL, 'r', NULL, 30),
    (4, 4, 1, '仅退款', 2, 5, NULL, NULL, 400, NULL, NULL, 'r', 'no', 40),
    (5, 5, 1, '仅退款', 0, 5, NULL, NULL, NULL, NULL, NULL, 'r', NULL, 50);
INSERT INTO webhook (business_id, url, verbs, status, create_time, update_time, txid, event_id)
VALUES (1, 'https://a.example.com/', ARRAY['ship', 'place'], 'enabled', 1, 1, 0, 0),
    (1, 'https://b.example.com/', NULL, 'enabled', 1, 1, 0, 0);
"""


def test_what_was_settled_before_is_due_and_webhooks_go_on_as_they_were(empty_database):
    before = ScriptDirectory.from_config(migration.alembic_config()).get_revision("0013").down_revision
    migration.migrate(before)
    connection = psycopg2.connect(empty_database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SHOP)
        migration.migrate()
        cursor.execute("SELECT ticket_id, order_id, amount, due_time, status, paid_time FROM refund_payment ORDER BY 1")
        assert cursor.fetchall() == [(1, 1, 10.0, 100, "due", None), (2, 2, 7.5, 200, "due", None)]
        cursor.execute("SELECT verbs, types, verb_as_type FROM webhook ORDER BY id")
        assert cursor.fetchall() == [(["ship", "place"], None, True), (None, None, True)]
        cursor.execute("UPDATE except_order SET status = 1, close_time = 500 WHERE id = 5")  # as the older release does
        cursor.execute("SELECT amount, due_time, status FROM refund_payment WHERE ticket_id = 5")
        assert cursor.fetchall() == [(50.0, 500, "due")]
        command.downgrade(migration.alembic_config(), before)
        cursor.execute("UPDATE except_order SET back_cost = 1")
    connection.close()
