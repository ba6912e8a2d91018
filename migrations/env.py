"""Runs the migrations on the app's own database, in one transaction, one process at a time."""

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from app.database import engine
from app.models import Base

LOCK = 0x6D657461  # "meta"


def run(connection: Connection) -> None:
    """Wait for our turn, then migrate; whoever comes second finds nothing left to do."""
    with connection.begin():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine().connect() as own:
        run(own)
