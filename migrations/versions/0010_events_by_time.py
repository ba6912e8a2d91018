"""The orders of all merchants that changed after a time are found by an index, as those of one merchant are."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_event_time")
        op.create_index(
            "ix_event_time",
            "event",
            ["time", "order_id"],
            postgresql_where="order_id IS NOT NULL",
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '3s'")


def downgrade() -> None:
    op.drop_index("ix_event_time", "event")
