"""What staff look for: the newest products, buyers and merchants, buyers by their phones, tickets that came to nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

LAPSED = "status = 1 AND close_time IS NOT NULL AND except_type = '退货退款' AND recv_time IS NULL"
INDEXES = (
    ("ix_product_all_newest", "product", ["create_time", "id"], None),
    ("ix_customer_newest", "customer", ["create_time", "id"], None),
    ("ix_user_newest", "user", ["create_time", "id"], None),
    ("ix_customer_phone", "customer", ["tel_phone"], None),
    ("ix_order_receiver", "order", [sa.text("replace(receiver_phone, '-', '')"), "customer_id"], None),
    ("ix_except_order_closed", "except_order", ["status", "business_id"], "close_time IS NOT NULL AND status <> 1"),
    ("ix_except_order_all_open", "except_order", ["create_time", "id"], "close_time IS NULL"),
    ("ix_except_order_lapsed", "except_order", ["business_id", "create_time", "id"], LAPSED),
    ("ix_except_order_all_lapsed", "except_order", ["create_time", "id"], LAPSED),
)


TRIGGERS = {"tally_new_ticket": ("INSERT", "NEW", "count(*)"), "tally_gone_ticket": ("DELETE", "OLD", "-count(*)")}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, table, columns, where in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '3s'")
    _count_tickets()


def _count_tickets() -> None:
    """Count the tickets of each merchant from now on, and those that there are, before the next one comes."""
    op.create_table(
        "ticket_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_tally")),
    )
    for name, (event, rows, delta) in TRIGGERS.items():
        op.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO ticket_tally (business_id, delta) SELECT business_id, {delta} FROM changed GROUP BY business_id;
                RETURN NULL;
            END $$
        """)  # noqa: S608
        op.execute(f"""
            CREATE TRIGGER {name} AFTER {event} ON except_order REFERENCING {rows} TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION {name}()
        """)
    op.execute("""
        INSERT INTO ticket_tally (business_id, delta, folded)
        SELECT business_id, count(*), true FROM except_order GROUP BY business_id
    """)
    op.create_index("ix_ticket_tally_business", "ticket_tally", ["business_id"], postgresql_include=["delta"])
    op.create_index("ix_ticket_tally_unfolded", "ticket_tally", ["business_id"], postgresql_where="NOT folded")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON except_order")
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("ticket_tally")
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
