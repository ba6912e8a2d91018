"""A settled ticket is owed to its buyer: the database itself writes what has to be paid, in the ticket's own transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

SETTLED = "{0}.status = 1 AND {0}.close_time IS NOT NULL AND ({0}.except_type = '仅退款' OR {0}.recv_time IS NOT NULL)"
NEW, OLD = SETTLED.format("NEW"), SETTLED.format("OLD")


def upgrade() -> None:
    op.create_table(
        "refund_payment",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False, comment="the ticket's back_cost, in yuan"),
        sa.Column("due_time", sa.Integer(), nullable=False, comment="when the ticket was settled"),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("paid_time", sa.Integer()),
        sa.Column(
            "reference", sa.String(100), comment="the payment's number at the platform; null when nothing had to be paid"
        ),
        sa.Column("reason", sa.String(400), comment="why the last attempt to pay failed"),
        sa.CheckConstraint("amount >= 0 AND amount < 'Infinity'", name=op.f("ck_refund_payment_amount_not_negative")),
        sa.CheckConstraint("status IN ('due', 'paid', 'failed')", name=op.f("ck_refund_payment_status_known")),
        sa.CheckConstraint("(status = 'paid') = (paid_time IS NOT NULL)", name=op.f("ck_refund_payment_paid_has_time")),
        sa.CheckConstraint(
            "(status = 'paid' AND amount > 0) = (reference IS NOT NULL)", name=op.f("ck_refund_payment_paid_has_reference")
        ),
        sa.CheckConstraint("(status = 'failed') = (reason IS NOT NULL)", name=op.f("ck_refund_payment_failed_has_reason")),
        sa.ForeignKeyConstraint(["ticket_id"], ["except_order.id"], name=op.f("fk_refund_payment_ticket_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_refund_payment_order_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_refund_payment")),
    )
    op.create_index("ix_refund_payment_newest", "refund_payment", ["due_time", "ticket_id"])
    op.create_index("ix_refund_payment_newest_of_status", "refund_payment", ["status", "due_time", "ticket_id"])
    op.create_index("ix_refund_payment_order", "refund_payment", ["order_id"])
    op.create_index(
        "ix_refund_payment_unpaid", "refund_payment", ["due_time", "ticket_id"], postgresql_where="status <> 'paid'"
    )
    _create_triggers()
    # The triggers hold up writers from here on, so no ticket is settled between them and this.
    op.execute(f"""
        INSERT INTO refund_payment (ticket_id, order_id, amount, due_time, status, paid_time)
        SELECT id, order_id, back_cost, close_time,
            CASE WHEN back_cost > 0 THEN 'due' ELSE 'paid' END, CASE WHEN back_cost > 0 THEN NULL ELSE close_time END
        FROM except_order WHERE {SETTLED.format("except_order")}
    """)  # noqa: S608


def _create_triggers() -> None:
    # The order is locked so that two tickets of it are never settled at once, each below what was paid and both above it.
    op.execute("""
        CREATE FUNCTION owe_refund() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            paid double precision;
            reached text := CASE WHEN NEW.back_cost > 0 THEN 'due' ELSE 'paid' END;
        BEGIN
            SELECT pay_count INTO STRICT paid FROM "order" WHERE id = NEW.order_id FOR NO KEY UPDATE;
            INSERT INTO refund_payment (ticket_id, order_id, amount, due_time, status, paid_time)
            VALUES (NEW.id, NEW.order_id, NEW.back_cost, NEW.close_time, reached,
                CASE WHEN reached = 'paid' THEN NEW.close_time END);
            IF (SELECT sum(amount::numeric) FROM refund_payment WHERE order_id = NEW.order_id) > paid::numeric THEN
                RAISE EXCEPTION 'the refunds of order % exceed what was paid for it', NEW.order_id
                USING ERRCODE = 'check_violation', TABLE = 'refund_payment', CONSTRAINT = 'ck_refund_payment_at_most_paid';
            END IF;
            INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id, order_id, details)
            VALUES (NEW.close_time, 'system', reached, 'refund', NEW.id, NEW.business_id, NEW.order_id,
                jsonb_build_object('amount', NEW.back_cost));
            RETURN NULL;
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER owe_refund_at_once AFTER INSERT ON except_order
        FOR EACH ROW WHEN ({NEW}) EXECUTE FUNCTION owe_refund()
    """)
    op.execute(f"""
        CREATE TRIGGER owe_refund AFTER UPDATE ON except_order
        FOR EACH ROW WHEN ({NEW} AND NOT ({OLD})) EXECUTE FUNCTION owe_refund()
    """)
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'this row of % must not change any more', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
        END $$
    """)
    op.execute(f"""
        CREATE TRIGGER settled_stays BEFORE UPDATE ON except_order
        FOR EACH ROW WHEN ({OLD} AND NOT ({NEW} AND NEW.back_cost = OLD.back_cost AND NEW.order_id = OLD.order_id))
        EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER paid_stays BEFORE UPDATE ON refund_payment FOR EACH ROW
        WHEN (OLD.status = 'paid' OR (OLD.ticket_id, OLD.order_id, OLD.amount) <> (NEW.ticket_id, NEW.order_id, NEW.amount))
        EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER owed_stays BEFORE DELETE OR TRUNCATE ON refund_payment
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    for trigger in ("settled_stays", "owe_refund", "owe_refund_at_once"):
        op.execute(f"DROP TRIGGER {trigger} ON except_order")
    op.drop_table("refund_payment")
    op.execute("DROP FUNCTION owe_refund")
    op.execute("DROP FUNCTION refuse_change")
