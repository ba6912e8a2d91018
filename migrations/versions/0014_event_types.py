"""Webhooks of the platform, for events of all merchants; and filters that name what happened to what (order.ship)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

SUBJECT, SUBJECT_BEFORE = "the table of the row it happened to, or refund", "the table of the row it happened to"
REASON, REASON_BEFORE = "merchant, platform, gone or failing", "merchant, gone or failing"

INDEXES = (
    ("ix_event_txid", ["txid", "id"], "business_id IS NOT NULL"),
    # Of orders alone: the events of stock, one for each order, stay out of it.
    ("ix_event_business_order", ["business_id", "time", "order_id"], "order_id IS NOT NULL"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, columns, where in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, "event", columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_event_business_time")  # the second of them does its work
        op.execute("SET lock_timeout = '3s'")
    op.alter_column("event", "subject", comment=SUBJECT, existing_comment=SUBJECT_BEFORE, existing_type=sa.String(20))
    op.alter_column("webhook", "business_id", nullable=True, comment="null: the platform's, for events of all merchants")
    op.alter_column("webhook", "disabled_reason", comment=REASON, existing_comment=REASON_BEFORE, existing_type=sa.String(10))
    op.add_column(
        "webhook", sa.Column("types", postgresql.ARRAY(sa.String(50)), comment="of the events that are wanted; null: of all")
    )
    op.add_column(
        "webhook",
        sa.Column(
            "verb_as_type",
            sa.Boolean(),
            server_default=sa.true(),
            comment="its deliveries name the verb alone as their type",
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.execute("DELETE FROM webhook_delivery WHERE webhook_id IN (SELECT id FROM webhook WHERE business_id IS NULL)")
    op.execute("DELETE FROM webhook WHERE business_id IS NULL")
    op.drop_column("webhook", "verb_as_type")
    op.drop_column("webhook", "types")
    op.alter_column("webhook", "disabled_reason", comment=REASON_BEFORE, existing_comment=REASON, existing_type=sa.String(10))
    op.alter_column("webhook", "business_id", nullable=False, comment=None)
    op.alter_column("event", "subject", comment=SUBJECT_BEFORE, existing_comment=SUBJECT, existing_type=sa.String(20))
    for name, _, _ in INDEXES:
        op.drop_index(name, "event")
    op.create_index("ix_event_business_time", "event", ["business_id", "time", "order_id"])
