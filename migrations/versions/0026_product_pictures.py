"""The pictures of products, in the order in which they are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "product_picture",
        sa.Column("product_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "position", sa.Integer(), autoincrement=False, nullable=False, comment="from 1: the first stands for the product"
        ),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False, comment="of a file of the merchant's, a picture"),
        sa.CheckConstraint("position BETWEEN 1 AND 9", name=op.f("ck_product_picture_not_too_many")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_picture_product_id")),
        sa.ForeignKeyConstraint(
            ["business_id", "name"], ["stored_file.business_id", "stored_file.name"], name="fk_product_picture_file"
        ),
        sa.PrimaryKeyConstraint("product_id", "position", name=op.f("pk_product_picture")),
    )
    op.create_index("ix_product_picture_file", "product_picture", ["business_id", "name"])


def downgrade() -> None:
    op.drop_table("product_picture")
