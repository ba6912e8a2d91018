"""Runs the migrations on the app's own database, each in its transaction, one process at a time.

A change of a table that is in use waits 3 seconds for its lock at most, for all who come after it wait behind it;
`database.migrate` tries again. A migration may leave its transaction (`autocommit_block`) to run what works CONCURRENTLY:
nobody who waits for their turn holds a snapshot that it would have to wait for.
"""

import logging
import time

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from app.db.migration import is_newer
from app.db.pools import connect_to_migrate
from app.models import Base

LOCK = 0x6D657461  # "meta"
PATIENCE = "3s"

log = logging.getLogger("app.migrations")


def run(connection: Connection) -> None:
    """Wait for our turn, then migrate; whoever comes second finds nothing left to do."""
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    alone.execute(text(f"SET lock_timeout = '{PATIENCE}'"))
    alone.execute(text("SET statement_timeout = 0"))
    while not alone.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        time.sleep(0.1)
    connection.execution_options(isolation_level="READ COMMITTED")
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True)
    if is_newer(context.get_context().get_current_revision()):
        log.warning("the schema is of a later release, and stays as it is")
        return
    with context.begin_transaction():
        context.run_migrations()


# A connection of our own: with it go the settings, and our turn.
with create_engine("postgresql+psycopg2://", creator=connect_to_migrate, poolclass=NullPool).connect() as own:
    run(own)
