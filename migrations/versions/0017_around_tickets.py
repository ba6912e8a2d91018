"""Ways of shipping that have no tracking number, and when a number came late."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"

WITHOUT_PARCEL = (("NONE", "无需物流"), ("PICKUP", "自提"), ("LOCAL", "同城配送"))


def upgrade() -> None:
    op.add_column("logistics_company", sa.Column("needs_tracking", sa.Boolean(), server_default=sa.true(), nullable=False))
    for code, name in WITHOUT_PARCEL:
        op.execute(
            sa.text("""
                INSERT INTO logistics_company (code, name, needs_tracking) VALUES (:code, :name, false)
                ON CONFLICT (code) DO UPDATE SET needs_tracking = false
            """).bindparams(code=code, name=name)
        )
    op.add_column(
        "order_clock",
        sa.Column("tracked_time", sa.Integer(), nullable=True, comment="when a real tracking number took the place of none"),
    )
    op.alter_column("return_parcel", "tracking_number", nullable=True, comment="null only where the carrier has none")


def downgrade() -> None:
    op.execute("UPDATE return_parcel SET tracking_number = '-' WHERE tracking_number IS NULL")
    op.alter_column("return_parcel", "tracking_number", nullable=False, comment=None)
    op.drop_column("order_clock", "tracked_time")
    # Orders and returns that went by one of them keep it, as what they refer to cannot be removed.
    op.execute("""
        DELETE FROM logistics_company c WHERE NOT needs_tracking
        AND NOT EXISTS (SELECT 1 FROM "order" o WHERE o.logistic_id = c.id)
        AND NOT EXISTS (SELECT 1 FROM return_parcel p WHERE p.logistics_id = c.id)
        AND NOT EXISTS (SELECT 1 FROM except_order t WHERE t.logistics_id = c.id)
    """)
    op.drop_column("logistics_company", "needs_tracking")
