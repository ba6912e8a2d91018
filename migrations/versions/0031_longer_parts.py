"""Orders are searched by parts of four characters: of one of three, an index of a million orders has too many."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

SEARCHES = ("order_search", "parcel_search")
BATCH = 5_000  # rows, so that who writes one of them waits for about a second


def upgrade() -> None:
    _change(3, 4)


def downgrade() -> None:
    _change(4, 3)


def _change(old: int, new: int) -> None:
    """Write all rows anew while others search and write; meanwhile searches ask for both lengths."""
    _make_writing_functions(new)
    for length in (old, new):
        _make_query_function(f"order_query_of_{length}", length)
    op.execute(f"""
        CREATE OR REPLACE FUNCTION order_query(business_id integer, field text, part text)
        RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
        $$ SELECT order_query_of_{old}(business_id, field, part) || order_query_of_{new}(business_id, field, part) $$
    """)
    with op.get_context().autocommit_block():
        # From here on, what others write has the new length.
        op.execute(f"DO $$ BEGIN LOCK TABLE {', '.join(SEARCHES)} IN SHARE MODE; END $$")
        for table, write in zip(SEARCHES, (_WRITE_ORDERS, _WRITE_PARCELS), strict=True):
            newest = op.get_bind().scalar(sa.text(f"SELECT coalesce(max(order_id), -1) FROM {table}"))  # noqa: S608
            for first in range(0, newest + 1, BATCH):
                rows = f"{table}.order_id BETWEEN {first} AND {first + BATCH - 1}"
                # Locked first: the order is then read as the one who wrote the row last left it.
                op.execute(f"DO $$ BEGIN PERFORM FROM {table} WHERE {rows} FOR UPDATE; {write} AND {rows}; END $$")
    _make_query_function("order_query", new)
    op.execute(f"DROP FUNCTION order_query_of_{old}, order_query_of_{new}")


_WRITE_ORDERS = r"""
    UPDATE order_search SET grams = order_grams(
        "order".business_id, coalesce(whole.name, receiver_name), concat_ws(E'\n', whole.phone, receiver_phone), order_number
    )
    FROM "order" LEFT JOIN order_receiver whole ON whole.order_id = "order".id WHERE "order".id = order_search.order_id
"""
_WRITE_PARCELS = """
    UPDATE parcel_search SET grams = parcel_grams(business_id, logistic_order_id)
    FROM "order" WHERE "order".id = order_id
"""


def _make_writing_functions(length: int) -> None:
    def parts(field: str, mark: str) -> str:
        part = f"business_id || '{mark}' || substr({field}, i, {length})"
        return f"FOR i IN 1 .. length({field}) LOOP grams := grams || ({part}); END LOOP;"

    op.execute(f"""
        CREATE OR REPLACE FUNCTION order_grams(business_id integer, name text, phone text, number text)
        RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            grams text[] := '{{}}';
        BEGIN
            name := lower(name);
            number := lower(number);
            {parts("name", "n")}
            {parts("phone", "p")}
            {parts("number", "o")}
            RETURN array_to_tsvector(grams);
        END $$
    """)
    op.execute(f"""
        CREATE OR REPLACE FUNCTION parcel_grams(business_id integer, number text)
        RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            grams text[] := '{{}}';
        BEGIN
            number := lower(number);
            {parts("number", "t")}
            RETURN array_to_tsvector(grams);
        END $$
    """)


def _make_query_function(name: str, length: int) -> None:
    """Parts side by side, the last one overlapping; a text that is shorter than a part is asked for by prefix."""
    op.execute(rf"""
        CREATE OR REPLACE FUNCTION {name}(business_id integer, field text, part text)
        RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            quoted text[] := '{{}}';
            gram text;
        BEGIN
            part := lower(part);
            FOR i IN 0 .. greatest(length(part) - 1, 0) / {length} LOOP
                gram := business_id || field
                    || substr(part, greatest(least({length} * i + 1, length(part) - {length - 1}), 1), {length});
                quoted := quoted || ('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''');
            END LOOP;
            RETURN (array_to_string(quoted, ' & ') || CASE WHEN length(part) < {length} THEN ':*' ELSE '' END)::tsquery;
        END $$
    """)
