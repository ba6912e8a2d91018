"""What merchants note on their orders, for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "order_note",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("flag", sa.SmallInteger(), nullable=False, comment="0 is none"),
        sa.CheckConstraint("flag BETWEEN 0 AND 5", name=op.f("ck_order_note_flag_known")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_order_note_business_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_note_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_note")),
    )
    op.create_index("ix_order_note_flagged", "order_note", ["business_id", "flag"], postgresql_where="flag > 0")


def downgrade() -> None:
    op.drop_table("order_note")
