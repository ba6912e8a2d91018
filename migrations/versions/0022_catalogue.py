"""What is not listed, the codes that merchants know their SKUs by, and when a SKU was last changed."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "unlisted_product",
        sa.Column("product_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_unlisted_product_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_unlisted_product")),
    )
    op.create_table(
        "sku_code",
        sa.Column("sku_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_sku_code_business_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_sku_code_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku_code")),
        sa.UniqueConstraint("business_id", "code", name=op.f("uq_sku_code_business_id")),
    )
    op.create_table(
        "sku_update",
        sa.Column("sku_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_sku_update_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku_update")),
    )


def downgrade() -> None:
    for table in ("sku_update", "sku_code", "unlisted_product"):
        op.drop_table(table)
