"""What took longer in a large shop: long texts are looked up by their end, and staff's withdrawn tickets have an index.

The first parts of a number are those of many orders, whose lists are long to read; the last two are those of few.
"""

from alembic import op

revision = "0032"
down_revision = "0031"

LENGTH = 4  # characters of an indexed part


def upgrade() -> None:
    """`order_query`, which asks for all parts, stays for texts whose end is that of many orders."""
    op.execute(f"""
        CREATE FUNCTION order_query_of_end(business_id integer, field text, part text)
        RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
        $$ SELECT order_query(business_id, field, right(lower(part), {2 * LENGTH})) $$
    """)
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_except_order_all_withdrawn")
        op.create_index(
            "ix_except_order_all_withdrawn",
            "except_order",
            ["create_time", "id"],
            postgresql_where="status = 0 AND close_time IS NOT NULL",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_except_order_all_withdrawn")
    op.execute("DROP FUNCTION order_query_of_end")
