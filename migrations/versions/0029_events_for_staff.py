"""Events are found by time, actor, subject, type and request, each by an index that has the newest first.

What is written with each order placed, shipped and received stays out of the indexes that it would fill: see decision 36.
"""

from collections.abc import Sequence

from alembic import op

revision = "0029"
down_revision = "0028"


Made = tuple[str, list[str], str | None, list[str]]

INDEXES: Sequence[Made] = (
    ("ix_event_newest", ["time", "id"], None, ["order_id"]),
    ("ix_event_newest_of_business", ["business_id", "time", "id"], None, ["order_id"]),
    ("ix_event_request", ["request_id"], "request_id IS NOT NULL", []),
    ("ix_event_actor", ["actor_kind", "actor_id", "time", "id"], "actor_id IS NOT NULL", []),
    ("ix_event_of_staff", ["time", "id"], "actor_kind = 'admin'", []),
    ("ix_event_subject", ["subject", "subject_id", "time", "id"], "order_id IS NULL", []),
    ("ix_event_newest_of_subject", ["subject", "time", "id"], "order_id IS NULL AND subject <> 'sku'", []),
    (
        "ix_event_type",
        ["subject", "verb", "time", "id"],
        "NOT (subject = 'order' AND verb IN ('place', 'ship', 'receive')) AND NOT (subject = 'sku' AND verb = 'stock')",
        [],
    ),
    ("ix_event_verb", ["verb", "time", "id"], "verb NOT IN ('place', 'ship', 'receive', 'stock')", []),
)
# The first two do their work.
BEFORE: Sequence[Made] = (
    ("ix_event_time", ["time", "order_id"], "order_id IS NOT NULL", []),
    ("ix_event_business_order", ["business_id", "time", "order_id"], "order_id IS NOT NULL", []),
)


def upgrade() -> None:
    _exchange(BEFORE, INDEXES)


def downgrade() -> None:
    _exchange(INDEXES, BEFORE)


def _exchange(old: Sequence[Made], new: Sequence[Made]) -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, columns, where, beside in new:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "event",
                columns,
                postgresql_where=where,
                postgresql_include=beside,
                postgresql_concurrently=True,
            )
        for name, *_ in old:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute("SET lock_timeout = '3s'")
