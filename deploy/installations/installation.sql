-- Adds an installation to the reading database: run there, once for each, by a superuser, with `psql -v installation=north
-- -v host=… -v port=… -v dbname=…` and the password of its role `reading` (reader.sql) in READING_PASSWORD. Several hosts
-- may be named, as in DATABASE_URL; a standby will do.
\set ON_ERROR_STOP on
\getenv password READING_PASSWORD
BEGIN;

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER :"installation" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
    host :'host', port :'port', dbname :'dbname', connect_timeout '3',
    async_capable 'true', use_remote_estimate 'true', fetch_size '1000'
);
CREATE USER MAPPING FOR CURRENT_USER SERVER :"installation" OPTIONS (user 'reading', password :'password');
CREATE SCHEMA :"installation";
SET LOCAL search_path = :"installation";

CREATE FOREIGN TABLE merchants (
    id integer, name varchar(255), storename varchar(50), status integer, create_time integer
) SERVER :"installation" OPTIONS (schema_name 'public', table_name 'user');
CREATE FOREIGN TABLE orders (
    id integer, order_number varchar(30), status integer, business_id integer, customer_id integer, sku_id integer,
    num integer, pay_count double precision, create_time integer, deliver_time integer, recv_time integer,
    close_time integer
) SERVER :"installation" OPTIONS (schema_name 'public', table_name 'order');
CREATE FOREIGN TABLE tickets (
    id integer, order_id integer, business_id integer, except_type varchar(30), status integer, create_time integer,
    recv_time integer, close_time integer, back_cost double precision
) SERVER :"installation" OPTIONS (schema_name 'public', table_name 'except_order');
CREATE FOREIGN TABLE refunds (
    ticket_id integer, order_id integer, amount double precision, due_time integer, status varchar(10), paid_time integer
) SERVER :"installation" OPTIONS (schema_name 'public', table_name 'refund_payment');
CREATE FOREIGN TABLE order_tally (
    business_id integer, status integer, delta integer
) SERVER :"installation" OPTIONS (schema_name 'public', table_name 'order_tally');

\ir over_all.sql
COMMIT;
