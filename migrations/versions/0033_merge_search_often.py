"""What the search indexes gather is merged in small parts: whose order filled 4 MB of it waited until all was merged."""

from alembic import op

revision = "0033"
down_revision = "0032"

INDEXES = ("ix_order_search_grams", "ix_parcel_search_grams")
LIMIT = 256  # kB


def upgrade() -> None:
    for index in INDEXES:
        op.execute(f"ALTER INDEX {index} SET (gin_pending_list_limit = {LIMIT})")


def downgrade() -> None:
    for index in INDEXES:
        op.execute(f"ALTER INDEX {index} RESET (gin_pending_list_limit)")
