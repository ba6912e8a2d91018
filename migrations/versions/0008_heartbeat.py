"""When a worker last finished a sweep; counted from now on, so that a worker that never starts is missed too."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("time", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.execute("INSERT INTO heartbeat (name, time) VALUES ('sweep', extract(epoch FROM now())::integer)")


def downgrade() -> None:
    op.drop_table("heartbeat")
