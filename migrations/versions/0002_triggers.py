"""What the database does by itself: the ledgers only grow, orders of each state are counted, news is announced."""

from alembic import op

revision = "0002"
down_revision = "0001"

LEDGERS = ("event", "stock_movement")


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END $$
    """)
    for table in LEDGERS:
        op.execute(f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
        """)
    op.execute("""
        CREATE FUNCTION tally_order() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO order_tally (business_id, status, delta) VALUES (NEW.business_id, NEW.status, 1);
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO order_tally (business_id, status, delta) VALUES (OLD.business_id, OLD.status, -1);
            ELSE
                INSERT INTO order_tally (business_id, status, delta)
                VALUES (OLD.business_id, OLD.status, -1), (NEW.business_id, NEW.status, 1);
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER tally_new_or_gone AFTER INSERT OR DELETE ON "order"
        FOR EACH ROW EXECUTE FUNCTION tally_order()
    """)
    op.execute("""
        CREATE TRIGGER tally_moved AFTER UPDATE OF status, business_id ON "order"
        FOR EACH ROW WHEN ((OLD.status, OLD.business_id) IS DISTINCT FROM (NEW.status, NEW.business_id))
        EXECUTE FUNCTION tally_order()
    """)
    op.execute("""
        CREATE FUNCTION announce_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('event', NEW.business_id::text);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER announce AFTER INSERT ON event
        FOR EACH ROW WHEN (NEW.business_id IS NOT NULL) EXECUTE FUNCTION announce_event()
    """)
    # Room on a row's page for its next version: stock changes with every order, a status a few times.
    op.execute("ALTER TABLE sku SET (fillfactor = 50)")
    op.execute('ALTER TABLE "order" SET (fillfactor = 85)')


def downgrade() -> None:
    op.execute('ALTER TABLE "order" RESET (fillfactor)')
    op.execute("ALTER TABLE sku RESET (fillfactor)")
    op.execute("DROP TRIGGER announce ON event")
    op.execute("DROP FUNCTION announce_event")
    op.execute('DROP TRIGGER tally_moved ON "order"')
    op.execute('DROP TRIGGER tally_new_or_gone ON "order"')
    op.execute("DROP FUNCTION tally_order")
    for table in LEDGERS:
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.execute("DROP FUNCTION refuse_rewriting")
