"""Orders are counted once per statement: a file of 10,000 shipments writes two rows of the count, not 20,000."""

from alembic import op

revision = "0009"
down_revision = "0008"

_COME = "SELECT business_id, status, 1 AS delta FROM come"
_GONE = "SELECT business_id, status, -1 AS delta FROM gone"
_BY = {
    "tally_new": ("INSERT", "NEW TABLE AS come", _COME),
    "tally_gone": ("DELETE", "OLD TABLE AS gone", _GONE),
    "tally_moved": ("UPDATE", "OLD TABLE AS gone NEW TABLE AS come", f"{_GONE} UNION ALL {_COME}"),
}


def upgrade() -> None:
    op.execute('DROP TRIGGER tally_moved ON "order"')
    op.execute('DROP TRIGGER tally_new_or_gone ON "order"')
    op.execute("DROP FUNCTION tally_order")
    for name, (event, tables, changes) in _BY.items():
        op.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO order_tally (business_id, status, delta)
                SELECT business_id, status, sum(delta) FROM ({changes}) AS changed
                GROUP BY business_id, status HAVING sum(delta) <> 0;
                RETURN NULL;
            END $$
        """)  # noqa: S608
        op.execute(f"""
            CREATE TRIGGER {name} AFTER {event} ON "order" REFERENCING {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}()
        """)


def downgrade() -> None:
    for name in _BY:
        op.execute(f'DROP TRIGGER {name} ON "order"')
        op.execute(f"DROP FUNCTION {name}")
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
