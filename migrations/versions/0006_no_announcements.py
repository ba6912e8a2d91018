"""Events are not announced: NOTIFY takes one lock for all commits, and holds it while a commit is written to disk."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("DROP TRIGGER announce ON event")
    op.execute("DROP FUNCTION announce_event")


def downgrade() -> None:
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
