"""By how much the deadlines of an order fall later, because a ticket was open or the merchant granted days."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "order_clock",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "paused_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="how long tickets were open"
        ),
        sa.Column("paused_in", sa.Integer(), nullable=True, comment="the status in which they were asked for"),
        sa.Column(
            "extended_days", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="granted by the merchant"
        ),
        sa.CheckConstraint("paused_seconds >= 0", name=op.f("ck_order_clock_paused_seconds_not_negative")),
        sa.CheckConstraint("extended_days >= 0", name=op.f("ck_order_clock_extended_days_not_negative")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_clock_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_clock")),
    )


def downgrade() -> None:
    op.drop_table("order_clock")
