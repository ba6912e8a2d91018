"""Uploaded files: whose they are, and what they turned out to be."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False, comment="SHA-256 of the content, and an extension"),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column(
            "details",
            postgresql.JSONB(none_as_null=True),
            nullable=False,
            comment="of a picture width and height, of a model its bounding box",
        ),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('image', 'config', 'model')", name=op.f("ck_stored_file_kind_known")),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_size_positive")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_stored_file_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_stored_file_business_id")),
    )
    op.create_index(op.f("ix_stored_file_name"), "stored_file", ["name"])


def downgrade() -> None:
    op.drop_index(op.f("ix_stored_file_name"), table_name="stored_file")
    op.drop_table("stored_file")
