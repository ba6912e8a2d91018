"""The stock movements of a whole shop, by an index: each says whose it is, which those made before are told now."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

CHUNK = 10_000
REFUSE = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
ERASING = "TG_TABLE_NAME = 'event' AND TG_OP = 'UPDATE' AND current_setting('meta_be.erasing', true) = 'on'"
FILLING = "TG_TABLE_NAME = 'stock_movement' AND TG_OP = 'UPDATE' AND current_setting('meta_be.filling', true) = 'on'"
INDEXES = (
    ("ix_stock_movement_newest", ["business_id", "create_time", "id"], None),
    ("ix_stock_movement_reason", ["business_id", "reason", "create_time", "id"], "reason <> 'order'"),
)


def upgrade() -> None:
    op.execute("ALTER TABLE stock_movement ADD COLUMN IF NOT EXISTS business_id integer")
    op.execute("COMMENT ON COLUMN stock_movement.business_id IS 'the merchant whose SKU it is'")
    # The release before this does not say whose SKU it is.
    op.execute("""
        CREATE OR REPLACE FUNCTION own_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT product.business_id INTO NEW.business_id
            FROM sku JOIN product ON product.id = sku.product_id WHERE sku.id = NEW.sku_id;
            RETURN NEW;
        END $$
    """)
    op.execute("DROP TRIGGER IF EXISTS own_movement ON stock_movement")
    op.execute("""
        CREATE TRIGGER own_movement BEFORE INSERT ON stock_movement
        FOR EACH ROW WHEN (NEW.business_id IS NULL) EXECUTE FUNCTION own_movement()
    """)
    _guard(f"({ERASING}) OR ({FILLING})")
    with op.get_context().autocommit_block():
        _fill()
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for name, columns, where in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, "stock_movement", columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '3s'")
    _guard(ERASING)


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, "stock_movement")
    op.execute("DROP TRIGGER own_movement ON stock_movement")
    op.execute("DROP FUNCTION own_movement")
    op.drop_column("stock_movement", "business_id")


def _guard(unless: str) -> None:
    op.execute(f"""
        CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {unless} THEN
                RETURN NULL;
            END IF;
            {REFUSE}
        END $$
    """)


def _fill() -> None:
    """Fill the column in, some rows at a time, so that nobody waits for long."""
    last = op.get_bind().scalar(sa.text("SELECT coalesce(max(id), 0) FROM stock_movement"))
    op.execute("SET meta_be.filling = 'on'")
    for first in range(0, last + 1, CHUNK):
        op.execute(f"""
            UPDATE stock_movement SET business_id = product.business_id
            FROM sku JOIN product ON product.id = sku.product_id
            WHERE sku.id = stock_movement.sku_id AND stock_movement.business_id IS NULL
                AND stock_movement.id >= {first} AND stock_movement.id < {first + CHUNK}
        """)  # noqa: S608
    op.execute("RESET meta_be.filling")
