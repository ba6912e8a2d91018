"""Orders by the time that they were shipped, and by the deadline that falls first."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_INDEXES = {"ix_order_delivered": "deliver_time IS NOT NULL", "ix_order_to_receive_of_merchant": "status = 1"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, where in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "order",
                ["business_id", "deliver_time", "id"],
                postgresql_where=where,
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '3s'")
    op.create_table(
        "put_off_order",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_put_off_order_business_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_put_off_order_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_put_off_order")),
    )
    op.create_index("ix_put_off_order_of_merchant", "put_off_order", ["business_id"])
    op.execute("""
        CREATE FUNCTION keep_put_off() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO put_off_order (order_id, business_id) SELECT id, business_id FROM "order" WHERE id = NEW.order_id
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER put_off AFTER INSERT OR UPDATE ON order_clock FOR EACH ROW EXECUTE FUNCTION keep_put_off()
    """)
    op.execute("""
        INSERT INTO put_off_order (order_id, business_id)
        SELECT id, business_id FROM "order" JOIN order_clock ON order_id = id WHERE close_time IS NULL
    """)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "order")
    op.execute("DROP TRIGGER put_off ON order_clock")
    op.execute("DROP FUNCTION keep_put_off")
    op.drop_table("put_off_order")
