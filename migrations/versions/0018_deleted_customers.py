"""Buyers who had their account deleted, and events whose personal details may go with it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

EMPTY = "password_hash <> '!deleted' OR num_nonnulls(email_address, tel_phone, auth_token, last_login) = 0"
REFUSE = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
IS_ON = "current_setting('meta_be.erasing', true) = 'on'"
ERASING = f"TG_TABLE_NAME = 'event' AND TG_OP = 'UPDATE' AND {IS_ON}"


def upgrade() -> None:
    op.create_table(
        "deleted_customer",
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_deleted_customer_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_deleted_customer")),
    )
    op.create_index("ix_deleted_customer_newest", "deleted_customer", ["create_time"])
    op.execute(f"ALTER TABLE customer ADD CONSTRAINT ck_customer_deleted_is_empty CHECK ({EMPTY}) NOT VALID")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {ERASING} THEN
                RETURN NULL;
            END IF;
            {REFUSE}
        END $$
    """)
    # Who erases may take away from the details of an event, and change nothing else of it.
    op.execute(f"""
        CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF to_jsonb(NEW) - 'details' IS DISTINCT FROM to_jsonb(OLD) - 'details'
                OR NOT (NEW.details IS NULL OR OLD.details @> NEW.details)
            THEN
                {REFUSE}
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER erasing_only BEFORE UPDATE ON event
        FOR EACH ROW WHEN ({IS_ON}) EXECUTE FUNCTION refuse_all_but_erasing()
    """)
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("ALTER TABLE customer VALIDATE CONSTRAINT ck_customer_deleted_is_empty")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_event_customer")
        op.create_index(
            "ix_event_customer",
            "event",
            ["subject_id"],
            postgresql_where="subject = 'customer'",
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '3s'")


def downgrade() -> None:
    op.drop_index("ix_event_customer", "event")
    op.execute("DROP TRIGGER erasing_only ON event")
    op.execute("DROP FUNCTION refuse_all_but_erasing")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {REFUSE}
        END $$
    """)
    op.drop_constraint("ck_customer_deleted_is_empty", "customer")
    op.drop_table("deleted_customer")
