"""What staff look for: the newest products, buyers and merchants, buyers by their phones, tickets that came to nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

INDEXES = (
    ("ix_product_all_newest", "product", ["create_time", "id"], None),
    ("ix_customer_newest", "customer", ["create_time", "id"], None),
    ("ix_user_newest", "user", ["create_time", "id"], None),
    ("ix_customer_phone", "customer", ["tel_phone"], None),
    ("ix_order_receiver", "order", [sa.text("replace(receiver_phone, '-', '')"), "customer_id"], None),
    ("ix_except_order_closed", "except_order", ["status", "business_id"], "close_time IS NOT NULL AND status <> 1"),
    (
        "ix_except_order_lapsed",
        "except_order",
        ["business_id"],
        "status = 1 AND close_time IS NOT NULL AND except_type = '退货退款' AND recv_time IS NULL",
    ),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, table, columns, where in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '3s'")


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
