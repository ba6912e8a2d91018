"""Offers of less than was asked, and how many pieces come back; the returns of an order stay within it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_REFUNDED = "status = 1 AND close_time IS NOT NULL AND (except_type = '仅退款' OR recv_time IS NOT NULL)"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_except_order_settled")
        op.create_index(
            "ix_except_order_settled",
            "except_order",
            ["order_id"],
            postgresql_include=["back_cost"],
            postgresql_where=_REFUNDED,
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '3s'")
    op.create_table(
        "refund_offer",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("back_cost", sa.Float(), nullable=False),
        sa.Column("remark", sa.String(length=400), nullable=True),
        sa.Column("time", sa.Integer(), nullable=False),
        sa.CheckConstraint("back_cost > 0 AND back_cost < 'Infinity'", name=op.f("ck_refund_offer_back_cost_positive")),
        sa.ForeignKeyConstraint(["ticket_id"], ["except_order.id"], name=op.f("fk_refund_offer_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_refund_offer")),
    )
    op.create_table(
        "return_quantity",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=True, comment="given back for good, once the refund is settled"),
        sa.Column("restocked", sa.Integer(), nullable=True, comment="put back into stock"),
        sa.CheckConstraint("asked > 0", name=op.f("ck_return_quantity_asked_positive")),
        sa.CheckConstraint("sent > 0 AND sent <= asked", name=op.f("ck_return_quantity_sent_within_asked")),
        sa.CheckConstraint(
            "received > 0 AND received <= coalesce(sent, asked)", name=op.f("ck_return_quantity_received_within_sent")
        ),
        sa.CheckConstraint(
            "restocked >= 0 AND restocked <= received", name=op.f("ck_return_quantity_restocked_within_received")
        ),
        sa.CheckConstraint(
            "(received IS NULL) = (restocked IS NULL)", name=op.f("ck_return_quantity_received_is_restocked_or_not")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["except_order.id"], name=op.f("fk_return_quantity_ticket_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_return_quantity_order_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_return_quantity")),
    )
    op.create_index("ix_return_quantity_order", "return_quantity", ["order_id"])
    # It locks the order, so that of two that come back at the same time the second one sees the first. The refunds are held to
    # what was paid by `owe_refund` (0013).
    op.execute("""
        CREATE FUNCTION hold_returns_to_what_was_bought() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE bought integer;
        BEGIN
            SELECT num INTO bought FROM "order" WHERE id = NEW.order_id FOR NO KEY UPDATE;
            IF (SELECT sum(received) FROM return_quantity WHERE order_id = NEW.order_id) > bought THEN
                RAISE EXCEPTION 'more comes back of order % than was bought', NEW.order_id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_return_quantity_received_within_num';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER received_within_num AFTER INSERT OR UPDATE OF received ON return_quantity
        FOR EACH ROW WHEN (NEW.received IS NOT NULL) EXECUTE FUNCTION hold_returns_to_what_was_bought()
    """)


def downgrade() -> None:
    op.drop_table("return_quantity")
    op.execute("DROP FUNCTION hold_returns_to_what_was_bought")
    op.drop_table("refund_offer")
    op.drop_index("ix_except_order_settled", "except_order")
