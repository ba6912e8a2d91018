"""Where merchants want to be told of events, and each event on its way there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(255)),
        sa.Column(
            "verbs", postgresql.ARRAY(sa.String(30)), comment="of the events that are wanted; null: of all", nullable=True
        ),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("disabled_reason", sa.String(10), comment="merchant, gone or failing"),
        sa.Column("failing_since", sa.Integer(), comment="no attempt has succeeded since then"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.Integer(), nullable=False),
        sa.Column("secret_seed", postgresql.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("previous_seed", postgresql.UUID(), comment="signs too, until previous_until"),
        sa.Column("previous_until", sa.Integer()),
        sa.Column(
            "txid", sa.BigInteger(), comment="events up to (txid, event_id) have been made into deliveries", nullable=False
        ),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("due_time", sa.Integer(), comment="when its next delivery is due; null: none is pending"),
        sa.Column(
            "leased_until", sa.Integer(), server_default="0", comment="one worker at a time delivers to it", nullable=False
        ),
        sa.Column(
            "turn", sa.Integer(), server_default="0", comment="counts leases: tells a holder from the next", nullable=False
        ),
        sa.CheckConstraint("status IN ('enabled', 'disabled', 'removed')", name=op.f("ck_webhook_status_known")),
        sa.CheckConstraint("(previous_seed IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhook_previous_seed_ends")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_webhook_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_newest", "webhook", ["business_id", "create_time", "id"])
    op.create_index("ix_webhook_due", "webhook", ["due_time"], postgresql_where="status = 'enabled' AND due_time IS NOT NULL")
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), comment="of an event, which nothing deletes", nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_time", sa.Integer()),
        sa.Column("last_attempt_time", sa.Integer()),
        sa.Column("response_status", sa.Integer()),
        sa.Column("response_body", sa.Text(), comment="its first 1,024 bytes"),
        sa.Column("error", sa.String(30)),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_status_known")),
        sa.CheckConstraint(
            "(status = 'pending') = (next_attempt_time IS NOT NULL)",
            name=op.f("ck_webhook_delivery_pending_has_next_attempt"),
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_delivery_webhook_id")),
    )
    op.create_index("ix_webhook_delivery_newest", "webhook_delivery", ["webhook_id", "create_time", "id"])
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["webhook_id", "next_attempt_time", "id"],
        postgresql_where="status = 'pending'",
    )
    op.create_index("ix_webhook_delivery_old", "webhook_delivery", ["create_time"])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
