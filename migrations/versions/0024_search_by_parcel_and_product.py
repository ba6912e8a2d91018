"""Orders are found by parts of their tracking number, and by every name that their product has had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "parcel_search",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_parcel_search")),
    )
    op.create_table(
        "product_name",
        sa.Column("product_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_name_product_id")),
        sa.PrimaryKeyConstraint("product_id", "name", name=op.f("pk_product_name")),
    )
    # As order_grams makes them, of the one field.
    op.execute("""
        CREATE FUNCTION parcel_grams(business_id integer, number text)
        RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            grams text[] := '{}';
        BEGIN
            number := lower(number);
            FOR i IN 1 .. length(number) LOOP grams := grams || (business_id || 't' || substr(number, i, 3)); END LOOP;
            RETURN array_to_tsvector(grams);
        END $$
    """)
    op.execute("""
        CREATE FUNCTION index_parcel() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.logistic_order_id IS NULL THEN
                DELETE FROM parcel_search WHERE order_id = NEW.id;
            ELSE
                INSERT INTO parcel_search (order_id, grams)
                VALUES (NEW.id, parcel_grams(NEW.business_id, NEW.logistic_order_id))
                ON CONFLICT (order_id) DO UPDATE SET grams = excluded.grams;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION keep_product_name() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO product_name (product_id, name) VALUES (NEW.id, NEW.name) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER index_new_parcel AFTER INSERT ON "order"
        FOR EACH ROW WHEN (NEW.logistic_order_id IS NOT NULL) EXECUTE FUNCTION index_parcel()
    """)
    op.execute("""
        CREATE TRIGGER index_parcel AFTER UPDATE OF logistic_order_id ON "order"
        FOR EACH ROW WHEN (NEW.logistic_order_id IS DISTINCT FROM OLD.logistic_order_id) EXECUTE FUNCTION index_parcel()
    """)
    op.execute("""
        CREATE TRIGGER keep_name AFTER INSERT OR UPDATE OF name ON product FOR EACH ROW EXECUTE FUNCTION keep_product_name()
    """)
    with op.get_context().autocommit_block():  # while others write, whose rows the triggers make
        op.execute("""
            INSERT INTO parcel_search (order_id, grams)
            SELECT id, parcel_grams(business_id, logistic_order_id) FROM "order" WHERE logistic_order_id IS NOT NULL
            ON CONFLICT DO NOTHING
        """)
        op.execute("INSERT INTO product_name (product_id, name) SELECT id, name FROM product ON CONFLICT DO NOTHING")
        op.execute("""
            INSERT INTO product_name (product_id, name)
            SELECT DISTINCT sku.product_id, left(sku_snapshot::json ->> 'product_name', 50)
            FROM (SELECT DISTINCT sku_id, sku_snapshot FROM "order") bought JOIN sku ON sku.id = bought.sku_id
            WHERE sku_snapshot::json ->> 'product_name' IS NOT NULL
            ON CONFLICT DO NOTHING
        """)
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_parcel_search_grams")
        op.create_index(
            "ix_parcel_search_grams", "parcel_search", ["grams"], postgresql_using="gin", postgresql_concurrently=True
        )
        op.execute("SET lock_timeout = '3s'")


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_name ON product")
    op.execute('DROP TRIGGER index_parcel ON "order"')
    op.execute('DROP TRIGGER index_new_parcel ON "order"')
    op.execute("DROP FUNCTION keep_product_name, index_parcel, parcel_grams")
    op.drop_table("product_name")
    op.drop_table("parcel_search")
