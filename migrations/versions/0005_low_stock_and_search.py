"""When stock is low, what orders are found by, and the indexes that statistics read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

REFUNDED = "status = 1 AND close_time IS NOT NULL AND (except_type = '仅退款' OR recv_time IS NOT NULL)"

VACUUMED = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")


def upgrade() -> None:
    for table, key, of in (("low_stock", "business_id", "user.id"), ("sku_low_stock", "sku_id", "sku.id")):
        op.create_table(
            table,
            sa.Column(key, sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("threshold", sa.Integer(), nullable=False),
            sa.CheckConstraint("threshold >= 0", name=op.f(f"ck_{table}_threshold_not_negative")),
            sa.ForeignKeyConstraint([key], [of], name=op.f(f"fk_{table}_{key}")),
            sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{table}")),
        )
    op.execute("""
        CREATE FUNCTION low_stock_threshold(sku integer, business integer)
        RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN coalesce(
                (SELECT threshold FROM sku_low_stock WHERE sku_id = sku),
                (SELECT threshold FROM low_stock WHERE business_id = business),
                10
            );
        END $$
    """)
    op.create_table(
        "order_search",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grams", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_search")),
    )
    _create_search()
    op.create_index("ix_order_search_grams", "order_search", ["grams"], postgresql_using="gin")
    op.drop_index("ix_order_newest", "order")
    op.drop_index("ix_order_all_newest", "order")
    op.create_index(
        "ix_order_newest", "order", ["business_id", "create_time", "id"], postgresql_include=["pay_count", "num", "sku_id"]
    )
    op.create_index("ix_order_all_newest", "order", ["create_time", "id"], postgresql_include=["pay_count"])
    op.create_index(
        "ix_except_order_refunded",
        "except_order",
        ["business_id", "close_time"],
        postgresql_include=["back_cost", "order_id"],
        postgresql_where=REFUNDED,
    )
    op.create_index(
        "ix_except_order_all_refunded",
        "except_order",
        ["close_time"],
        postgresql_include=["back_cost"],
        postgresql_where=REFUNDED,
    )
    op.create_index("ix_except_order_open_of_merchant", "except_order", ["business_id"], postgresql_where="close_time IS NULL")
    # Statistics read indexes alone, which takes pages that were vacuumed since they changed.
    for table in ("order", "except_order"):
        op.execute(f'ALTER TABLE "{table}" SET ({", ".join(f"{name} = 0.05" for name in VACUUMED)})')


def _create_search() -> None:
    # Plain loops: a query in a function costs more to start than all of this.
    op.execute("""
        CREATE FUNCTION order_grams(business_id integer, name text, phone text, number text)
        RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            grams text[] := '{}';
        BEGIN
            name := lower(name);
            number := lower(number);
            FOR i IN 1 .. length(name) LOOP grams := grams || (business_id || 'n' || substr(name, i, 3)); END LOOP;
            FOR i IN 1 .. length(phone) LOOP grams := grams || (business_id || 'p' || substr(phone, i, 3)); END LOOP;
            FOR i IN 1 .. length(number) LOOP grams := grams || (business_id || 'o' || substr(number, i, 3)); END LOOP;
            RETURN array_to_tsvector(grams);
        END $$
    """)
    # Side by side, the last one overlapping; what is shorter than three characters is asked for by prefix.
    op.execute(r"""
        CREATE FUNCTION order_query(business_id integer, field text, part text)
        RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            quoted text[] := '{}';
            gram text;
        BEGIN
            part := lower(part);
            FOR i IN 0 .. greatest(length(part) - 1, 0) / 3 LOOP
                gram := business_id || field || substr(part, greatest(least(3 * i + 1, length(part) - 2), 1), 3);
                quoted := quoted || ('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''');
            END LOOP;
            RETURN (array_to_string(quoted, ' & ') || CASE WHEN length(part) < 3 THEN ':*' ELSE '' END)::tsquery;
        END $$
    """)
    op.execute("""
        INSERT INTO order_search (order_id, grams)
        SELECT id, order_grams(business_id, receiver_name, receiver_phone, order_number) FROM "order"
    """)
    op.execute("""
        CREATE FUNCTION index_order() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO order_search (order_id, grams)
            VALUES (NEW.id, order_grams(NEW.business_id, NEW.receiver_name, NEW.receiver_phone, NEW.order_number));
            RETURN NULL;
        END $$
    """)
    op.execute('CREATE TRIGGER index_new AFTER INSERT ON "order" FOR EACH ROW EXECUTE FUNCTION index_order()')


def downgrade() -> None:
    for table in ("order", "except_order"):
        op.execute(f'ALTER TABLE "{table}" RESET ({", ".join(VACUUMED)})')
    for index in ("ix_except_order_open_of_merchant", "ix_except_order_all_refunded", "ix_except_order_refunded"):
        op.drop_index(index, "except_order")
    op.drop_index("ix_order_all_newest", "order")
    op.drop_index("ix_order_newest", "order")
    op.create_index("ix_order_all_newest", "order", ["create_time", "id"])
    op.create_index("ix_order_newest", "order", ["business_id", "create_time", "id"])
    op.execute('DROP TRIGGER index_new ON "order"')
    op.execute("DROP FUNCTION index_order, order_query, order_grams, low_stock_threshold")
    for table in ("order_search", "sku_low_stock", "low_stock"):
        op.drop_table(table)
