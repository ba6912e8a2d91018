-- What reads over all installations of the reading database: installation.sql runs this, and so does an operator after
-- `DROP SERVER north CASCADE; DROP SCHEMA north`. An id or an order number is unique within its installation alone: join by both.
\set ON_ERROR_STOP on

-- In order_counts each installation adds up its own orders, by merchant and status.
SELECT format('CREATE OR REPLACE VIEW public.%I AS %s', name, string_agg(format(rows, srvname), ' UNION ALL ' ORDER BY srvname))
FROM pg_foreign_server, (VALUES
    ('merchants', 'SELECT %1$L::text AS installation, * FROM %1$I.merchants'),
    ('orders', 'SELECT %1$L::text AS installation, * FROM %1$I.orders'),
    ('tickets', 'SELECT %1$L::text AS installation, * FROM %1$I.tickets'),
    ('refunds', 'SELECT %1$L::text AS installation, * FROM %1$I.refunds'),
    ('order_counts', 'SELECT %1$L::text AS installation, business_id, status, sum(delta) AS orders
        FROM %1$I.order_tally GROUP BY business_id, status')
) AS over_all (name, rows)
GROUP BY name
\gexec

-- What each installation sold and refunded from one day to another by the clock of this database (ALTER DATABASE … SET
-- timezone), in yuan. The days stand in subqueries so that an installation is sent moments, and adds up itself. Who may call it
-- needs no rights on the installations' own tables, as with a view.
SELECT format(
    'CREATE OR REPLACE FUNCTION public.sales(first date, last date)
    RETURNS TABLE (installation text, orders bigint, sales numeric, refunds bigint, refunded numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$ %s $body$',
    string_agg(format(
        'SELECT %1$L::text, paid.number, round(paid.cents / 100, 2), back.number, round(back.cents / 100, 2)
        FROM (
            SELECT count(*) AS number, coalesce(sum((pay_count * 100)::bigint), 0) AS cents FROM %1$I.orders
            WHERE create_time >= (SELECT extract(epoch FROM first::timestamptz)::integer)
            AND create_time < (SELECT extract(epoch FROM (last + 1)::timestamptz)::integer)
        ) AS paid, (
            SELECT count(*) AS number, coalesce(sum((amount * 100)::bigint), 0) AS cents FROM %1$I.refunds
            WHERE due_time >= (SELECT extract(epoch FROM first::timestamptz)::integer)
            AND due_time < (SELECT extract(epoch FROM (last + 1)::timestamptz)::integer)
        ) AS back', srvname
    ), ' UNION ALL ' ORDER BY srvname)
)
FROM pg_foreign_server
\gexec
REVOKE ALL ON FUNCTION public.sales FROM PUBLIC;
