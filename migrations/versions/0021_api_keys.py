"""Keys with which a merchant's machines call the API; an event says which of them was used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=10)), nullable=False, comment="read, orders, catalogue, files"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of its secret part"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("last_used", sa.Integer(), nullable=True, comment="to the minute"),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_api_key_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
    )
    op.create_index("ix_api_key_newest", "api_key", ["business_id", "create_time", "id"])
    comment = "the key with which the actor acted, if it was one"
    op.add_column("event", sa.Column("api_key_id", sa.Integer(), nullable=True, comment=comment))


def downgrade() -> None:
    op.drop_column("event", "api_key_id")
    op.drop_table("api_key")
