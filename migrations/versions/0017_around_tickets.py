"""Ways of shipping that have no tracking number, evidence in tickets, and where goods are sent back to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

WITHOUT_PARCEL = (("NONE", "无需物流"), ("PICKUP", "自提"), ("LOCAL", "同城配送"))
ADDRESS = (("name", 50), ("phone", 50), ("address", 300))


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
    _create_addresses()
    _create_evidence()


def _create_addresses() -> None:
    for table, key, of in (
        ("return_address", "business_id", "user.id"),
        ("ticket_return_address", "ticket_id", "except_order.id"),
    ):
        op.create_table(
            table,
            sa.Column(key, sa.Integer(), autoincrement=False, nullable=False),
            *(sa.Column(name, sa.String(length), nullable=False) for name, length in ADDRESS),
            sa.ForeignKeyConstraint([key], [of], name=op.f(f"fk_{table}_{key}")),
            sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{table}")),
        )


def _create_evidence() -> None:
    op.create_table(
        "customer_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False, comment="SHA-256 of the content, and an extension"),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column("details", postgresql.JSONB(none_as_null=True), nullable=False, comment="width and height"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_customer_file_size_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_file_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_file")),
        sa.UniqueConstraint("customer_id", "name", name=op.f("uq_customer_file_customer_id")),
    )
    op.create_index("ix_customer_file_name", "customer_file", ["name"])
    op.create_table(
        "evidence",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="1 to 9 of the buyer, 10 to 18 of the merchant",
        ),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("business_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.CheckConstraint("num_nonnulls(customer_id, business_id) = 1", name=op.f("ck_evidence_of_one_side")),
        sa.CheckConstraint("position BETWEEN 1 AND 18", name=op.f("ck_evidence_not_too_many")),
        sa.CheckConstraint("(position <= 9) = (customer_id IS NOT NULL)", name=op.f("ck_evidence_buyers_first")),
        sa.ForeignKeyConstraint(
            ["customer_id", "name"],
            ["customer_file.customer_id", "customer_file.name"],
            name=op.f("fk_evidence_customer_file"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "name"], ["stored_file.business_id", "stored_file.name"], name=op.f("fk_evidence_stored_file")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["except_order.id"], name=op.f("fk_evidence_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "position", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_name", "evidence", ["name"])


def downgrade() -> None:
    for table in ("evidence", "customer_file", "ticket_return_address", "return_address"):
        op.drop_table(table)
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
