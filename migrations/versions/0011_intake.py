"""Paid orders always come in: what was paid may be 0, and a receiver who does not fit the order's columns is kept whole."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_AMOUNTS = (("order", "pay_count"), ("sku", "price"), ("except_order", "back_cost"))


def upgrade() -> None:
    op.create_table(
        "order_receiver",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.CheckConstraint("name <> '' AND phone <> '' AND address <> ''", name=op.f("ck_order_receiver_all_given")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_receiver_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_receiver")),
    )
    # People search for a phone as they know it: as the buyer wrote it, or as the order's column has it.
    op.execute(r"""
        CREATE FUNCTION index_receiver() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO order_search (order_id, grams)
            SELECT o.id, order_grams(o.business_id, NEW.name, NEW.phone || E'\n' || o.receiver_phone, o.order_number)
            FROM "order" o WHERE o.id = NEW.order_id
            ON CONFLICT (order_id) DO UPDATE SET grams = excluded.grams;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER index_whole AFTER INSERT OR UPDATE ON order_receiver FOR EACH ROW EXECUTE FUNCTION index_receiver()
    """)
    with op.get_context().autocommit_block():  # each lock is held for a moment; the rows are read while others write
        for table, column in _AMOUNTS:
            op.execute(f"""
                ALTER TABLE "{table}"
                DROP CONSTRAINT IF EXISTS ck_{table}_{column}_positive,
                DROP CONSTRAINT IF EXISTS ck_{table}_{column}_not_negative,
                ADD CONSTRAINT ck_{table}_{column}_not_negative CHECK ({column} >= 0 AND {column} < 'Infinity') NOT VALID
            """)
            op.execute(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT ck_{table}_{column}_not_negative')


def downgrade() -> None:
    for table, column in _AMOUNTS:  # not valid: rows of free orders stay
        op.execute(f"""
            ALTER TABLE "{table}"
            DROP CONSTRAINT ck_{table}_{column}_not_negative,
            ADD CONSTRAINT ck_{table}_{column}_positive CHECK ({column} > 0 AND {column} < 'Infinity') NOT VALID
        """)
    op.execute("DROP TRIGGER index_whole ON order_receiver")
    op.execute("DROP FUNCTION index_receiver")
    op.drop_table("order_receiver")
