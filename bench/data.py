"""Shops with any number of orders, made by SQL in our tables. The peers' schema.sql makes the same."""

import base64
import secrets
import time

from app.config import settings
from app.db import migration
from app.security import new_token
from bench.servers import execute, settle

# Triggers are off while loading, and with them the checks of foreign keys, which hold by construction.
_GOODS = """
SET session_replication_role = replica;
INSERT INTO "user" (id, name, storename, password_hash, status, create_time, update_time)
SELECT g, 'shop' || g, 'store' || g, '!', 0, 1600000000, 1600000000 FROM generate_series(1, %(merchants)s) g;
INSERT INTO customer (id, name, email_address, tel_phone, password_hash, create_time, update_time)
SELECT g, 'customer' || g, 'c@example.com', '138' || lpad(g::text, 8, '0'), '!', 1600000000, 1600000000
FROM generate_series(1, %(customers)s) g;
INSERT INTO admin (id, name, password_hash, create_time, update_time)
SELECT g, 'staff' || g, '!', 1600000000, 1600000000 FROM generate_series(1, 5) g;
INSERT INTO product (id, business_id, name, "desc", unit, meta_obj_id, create_time, last_update)
SELECT g, 1 + g %% %(merchants)s, 'product' || g, 'description ' || g, '个', g, 1600000000, 1600000000
FROM generate_series(1, 200) g;
INSERT INTO sku (id, product_id, sku_name, sku_attr, price, stock, status)
SELECT g, g, 'sku' || g, '{"colour":"blue"}', 9.9, 1000000, 1 FROM generate_series(1, 200) g;
INSERT INTO sku_code (sku_id, business_id, code) SELECT id, 1 + id %% %(merchants)s, 'CODE' || id FROM sku;
INSERT INTO unlisted_product (product_id, create_time) SELECT id, 1600000000 FROM product WHERE id %% 10 = id / 10 %% 10;
INSERT INTO stock_movement (sku_id, delta, stock_after, reason, actor_kind, create_time, business_id)
SELECT id, stock, stock, 'initial', 'merchant', 1600000000, 1 + id %% %(merchants)s FROM sku;
"""
_ORDERS = """
SET session_replication_role = replica;
INSERT INTO "order" (id, order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
    deliver_time, recv_time, close_time, receiver_name, receiver_phone, receiver_address,
    logistic_id, logistic_name, logistic_order_id, after_care_id, back_reason)
SELECT g, 'ON' || lpad(g::text, 12, '0'), s, 1 + g %% %(merchants)s, 1 + g %% %(customers)s, 1 + (g - 1) %% 200, 1,
    json_build_object('product_id', 1 + (g - 1) %% 200, 'product_name', 'product' || (1 + (g - 1) %% 200),
        'sku_name', 'sku' || (1 + (g - 1) %% 200), 'sku_attr', '{"colour":"blue"}', 'price', 9.9, 'unit', '个',
        'meta_obj_id', 7),
    10 + g %% 90, t, CASE WHEN s IN (1, 2, 4) THEN t + 3600 END, CASE WHEN s = 2 THEN t + 90000 END,
    CASE WHEN s IN (2, 3, 4) THEN t + 90000 END, 'name' || g,
    '139' || lpad((1 + g %% %(customers)s)::text, 8, '0'), 'receiver address ' || g,
    CASE WHEN s IN (1, 2, 4) THEN 1 END, CASE WHEN s IN (1, 2, 4) THEN '顺丰速运' END,
    CASE WHEN s IN (1, 2, 4) THEN 'SF' || g END, CASE WHEN s IN (3, 4) THEN g END, CASE WHEN s IN (3, 4) THEN '不想要了' END
FROM generate_series(1, %(orders)s) g,
    LATERAL (SELECT (ARRAY[0, 1, 2, 3, 4])[1 + (g / %(merchants)s) %% 5] AS s, 1600000000 + g * 60 AS t) AS of_order;
INSERT INTO except_order (id, order_id, business_id, except_type, status, create_time, close_time,
    back_reason, remark, back_cost)
SELECT id, id, business_id, CASE WHEN status = 3 THEN '仅退款' ELSE '退货退款' END, CASE WHEN status = 3 THEN 1 ELSE 2 END,
    create_time + 7200, close_time,
    back_reason, 'remark', pay_count
FROM "order" WHERE status IN (3, 4);
INSERT INTO refund_payment (ticket_id, order_id, amount, due_time, status)
SELECT id, order_id, back_cost, close_time, 'due' FROM except_order WHERE status = 1;
INSERT INTO stock_movement (sku_id, delta, stock_after, reason, reference, actor_kind, create_time, business_id)
SELECT sku_id, -1, 1000000, 'order', order_number, 'platform', create_time, business_id FROM "order" ORDER BY create_time;
INSERT INTO event (time, actor_kind, actor_id, verb, subject, subject_id, business_id, order_id, to_status, request_id)
SELECT create_time, 'platform', NULL::integer, 'place', 'order', id, business_id, id, 0, md5('place' || id) FROM "order"
UNION ALL
SELECT deliver_time, 'merchant', business_id, 'ship', 'order', id, business_id, id, 1, md5('ship' || id)
FROM "order" WHERE deliver_time IS NOT NULL
UNION ALL
SELECT create_time, 'platform', NULL, 'stock', 'sku', sku_id, business_id, NULL, NULL, md5('place' || id) FROM "order"
UNION ALL
SELECT ticket.create_time, 'customer', customer_id, 'apply', 'except_order', ticket.id, ticket.business_id, order_id, 0,
    md5('apply' || ticket.id)
FROM except_order ticket JOIN "order" ON "order".id = order_id
ORDER BY 1;
"""
_SEARCH = """
INSERT INTO order_search (order_id, grams)
SELECT id, order_grams(business_id, receiver_name, receiver_phone, order_number) FROM "order";
INSERT INTO parcel_search (order_id, grams)
SELECT id, parcel_grams(business_id, logistic_order_id) FROM "order" WHERE logistic_order_id IS NOT NULL;
INSERT INTO product_name (product_id, name) SELECT id, name FROM product ON CONFLICT DO NOTHING;
"""
# As many at any size: what a merchant has flagged, corrections of stock, open tickets of each step, tickets that came to
# nothing, what staff did, and the open orders that were put off.
_MARKED = """
SET session_replication_role = replica;
INSERT INTO stock_movement (sku_id, delta, stock_after, reason, actor_kind, actor_id, create_time, business_id)
SELECT 1 + n %% 200, 1, 1000000, '盘点', 'merchant', 1 + (1 + n %% 200) %% %(merchants)s,
    1600000000 + n * (%(orders)s / 1000) * 60, 1 + (1 + n %% 200) %% %(merchants)s
FROM generate_series(1, 1000) n;
INSERT INTO return_parcel (id, logistics_id, tracking_number, create_time)
SELECT n, 1, 'YT' || n, 1600000000 FROM generate_series(1, 1000) n;
UPDATE "order" SET status = -1, after_care_id = id WHERE status = 0 AND id / %(merchants)s %% %(step)s = 0;
INSERT INTO except_order (id, order_id, business_id, except_type, status, create_time, deliver_time, close_time,
    logistics_order_id, back_reason, back_cost)
SELECT id, id, business_id, CASE WHEN kind IN (1, 2, 5) THEN '退货退款' ELSE '仅退款' END, (kind IN (1, 2, 5))::integer,
    create_time + 7200, CASE WHEN kind = 2 THEN create_time + 9000 END, CASE WHEN kind > 3 THEN create_time + 9000 END,
    CASE WHEN kind = 2 THEN 1 + id %% 1000 END, '不想要了', pay_count
FROM (SELECT *, (id / %(merchants)s / %(step)s + id) %% 4 AS kind FROM "order" WHERE status = -1
    UNION ALL SELECT *, 4 + id / %(merchants)s / %(step)s %% 2 FROM "order"
    WHERE status = 2 AND id / %(merchants)s %% %(step)s = 2) each;
INSERT INTO refund_offer (ticket_id, back_cost, time)
SELECT id, 1, create_time + 60 FROM except_order
WHERE close_time IS NULL AND (id / %(merchants)s / %(step)s + id) %% 4 = 3;
INSERT INTO event (time, actor_kind, actor_id, verb, subject, subject_id, business_id, request_id)
SELECT create_time + 1, 'admin', 1 + n %% 5, CASE WHEN n %% 2 = 0 THEN 'disable' ELSE 'enable' END, 'user',
    1 + n %% %(merchants)s, 1 + n %% %(merchants)s, md5('admin' || n)
FROM generate_series(1, 500) n JOIN "order" ON id = n * (%(orders)s / 500);
INSERT INTO order_note (order_id, business_id, note, flag)
SELECT id, business_id, 'note', 1 + n %% 5
FROM generate_series(1, 500) n JOIN "order" ON id = (n - 1) * (%(orders)s / 500) + 1 + n / 5 %% 10;
INSERT INTO order_clock (order_id, paused_seconds, paused_in)
SELECT id, 3600, status FROM "order" WHERE status IN (0, 1) ORDER BY id DESC LIMIT 100;
INSERT INTO put_off_order (order_id, business_id) SELECT id, business_id FROM "order" JOIN order_clock ON order_id = id;
"""
_SEQUENCES = "SELECT setval(pg_get_serial_sequence(%(name)s, 'id'), (SELECT max(id) FROM {name}))"
_TALLY = """
DELETE FROM order_tally;
INSERT INTO order_tally (business_id, status, delta, folded)
SELECT business_id, status, count(*), true FROM "order" GROUP BY business_id, status;
DELETE FROM ticket_tally;
INSERT INTO ticket_tally (business_id, delta, folded) SELECT business_id, count(*), true FROM except_order GROUP BY business_id;
"""


def make_secrets() -> dict[str, str]:
    """New secrets for a service's environment; this process signs with them too."""
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PLATFORM_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    settings.secret_key, settings.platform_secret = made.values()
    return made


def fill(uri: str, *, orders: int, merchants: int) -> dict[int, str]:
    """Migrate a database and fill it; returns a token for each merchant's id."""
    settings.database_url = uri
    with migration.running():
        pass
    customers = max(1000, orders // 10)  # a buyer buys ten times at most
    step = 5 * max(1, orders // merchants // 250)  # of orders of a merchant, each fifth of which is in the same state
    values = {"orders": orders, "merchants": merchants, "customers": customers, "step": step}
    execute(uri, _GOODS, values)
    execute(uri, _ORDERS, values)
    execute(uri, _SEARCH)
    execute(uri, _MARKED, values)
    for name in ('"user"', "customer", "product", "sku", '"order"', "except_order"):
        execute(uri, _SEQUENCES.format(name=name), {"name": name})
    tally(uri)
    tokens = {}
    for merchant in range(1, merchants + 1):
        tokens[merchant], session = new_token("merchant", merchant, int(time.time()))
        execute(uri, 'UPDATE "user" SET auth_token = %s WHERE id = %s', (session, merchant))
    settle(uri)
    return tokens


def staff(uri: str) -> str:
    """A token of an admin's."""
    token, session = new_token("admin", 1, int(time.time()))
    execute(uri, "UPDATE admin SET auth_token = %s WHERE id = 1", (session,))
    return token


def tally(uri: str) -> None:
    """Recount the orders of each merchant and state, and the tickets, in one row each as the worker leaves them."""
    execute(uri, _TALLY)
