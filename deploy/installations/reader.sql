-- The role by which the reading database reads an installation: run in the installation's database, by a superuser, with
-- its password in READING_PASSWORD. It sees no passwords, no tokens, and no buyer's name, phone or address.
\set ON_ERROR_STOP on
\getenv password READING_PASSWORD
BEGIN;

CREATE ROLE reading LOGIN PASSWORD :'password' CONNECTION LIMIT 10;
ALTER ROLE reading SET default_transaction_read_only = on;
ALTER ROLE reading SET statement_timeout = '60s';

GRANT SELECT (id, name, storename, status, create_time) ON "user" TO reading;
GRANT SELECT (id, order_number, status, business_id, customer_id, sku_id, num, pay_count, create_time, deliver_time,
    recv_time, close_time) ON "order" TO reading;
GRANT SELECT (id, order_id, business_id, except_type, status, create_time, recv_time, close_time, back_cost)
    ON except_order TO reading;
GRANT SELECT (ticket_id, order_id, amount, due_time, status, paid_time) ON refund_payment TO reading;
GRANT SELECT (business_id, status, delta) ON order_tally TO reading;

COMMIT;
