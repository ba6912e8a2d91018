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
SELECT g, 'customer' || g, 'c@example.com', '13800000000', '!', 1600000000, 1600000000 FROM generate_series(1, %(customers)s) g;
INSERT INTO product (id, business_id, name, "desc", unit, meta_obj_id, create_time, last_update)
SELECT g, 1 + g %% %(merchants)s, 'product' || g, 'description ' || g, '个', g, 1600000000, 1600000000
FROM generate_series(1, 200) g;
INSERT INTO sku (id, product_id, sku_name, sku_attr, price, stock, status)
SELECT g, g, 'sku' || g, '{"colour":"blue"}', 9.9, 1000000, 1 FROM generate_series(1, 200) g;
INSERT INTO stock_movement (sku_id, delta, stock_after, reason, actor_kind, create_time)
SELECT id, stock, stock, 'initial', 'merchant', 1600000000 FROM sku;
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
    CASE WHEN s IN (2, 3, 4) THEN t + 90000 END, 'name' || g, '13800000000', 'receiver address ' || g,
    CASE WHEN s IN (1, 2, 4) THEN 1 END, CASE WHEN s IN (1, 2, 4) THEN '顺丰速运' END,
    CASE WHEN s IN (1, 2, 4) THEN 'SF' || g END, CASE WHEN s IN (3, 4) THEN g END, CASE WHEN s IN (3, 4) THEN '不想要了' END
FROM generate_series(1, %(orders)s) g,
    LATERAL (SELECT (ARRAY[0, 1, 2, 3, 4])[1 + (g / %(merchants)s) %% 5] AS s, 1600000000 + g * 60 AS t) AS of_order;
INSERT INTO except_order (id, order_id, business_id, except_type, status, create_time, close_time,
    back_reason, remark, back_cost)
SELECT id, id, business_id, '仅退款', CASE WHEN status = 3 THEN 1 ELSE 2 END, create_time + 7200, close_time,
    back_reason, 'remark', pay_count
FROM "order" WHERE status IN (3, 4);
INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id, order_id, to_status)
SELECT create_time, 'platform', 'place', 'order', id, business_id, id, 0 FROM "order";
"""
_SEARCH = """
INSERT INTO order_search (order_id, grams)
SELECT id, order_grams(business_id, receiver_name, receiver_phone, order_number) FROM "order";
INSERT INTO parcel_search (order_id, grams)
SELECT id, parcel_grams(business_id, logistic_order_id) FROM "order" WHERE logistic_order_id IS NOT NULL;
INSERT INTO product_name (product_id, name) SELECT id, name FROM product ON CONFLICT DO NOTHING;
"""
# As many at any size: what a merchant has flagged, and the open orders that were put off.
_MARKED = """
SET session_replication_role = replica;
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
    values = {"orders": orders, "merchants": merchants, "customers": max(1000, orders // 10)}  # a buyer buys ten times at most
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


def tally(uri: str) -> None:
    """Recount the orders of each merchant and state, in one row each as the worker leaves them."""
    execute(uri, _TALLY)
