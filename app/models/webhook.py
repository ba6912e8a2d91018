from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from app.models.base import Base, time_column

ENABLED, DISABLED, REMOVED = "enabled", "disabled", "removed"
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
MOST_KEPT = 1024  # bytes of the body of a response


class Webhook(Base):
    """A subscription to events, a merchant's or the platform's: where they go, what has been sent, which worker sends it now.

    Its secret is not stored but derived from SECRET_KEY and `secret_seed`. If the receiver asks for a pause, the webhook stays
    leased until then, to no worker. A removed one is hidden until the worker has deleted its deliveries.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("status IN ('enabled', 'disabled', 'removed')", name="status_known"),
        CheckConstraint("(previous_seed IS NULL) = (previous_until IS NULL)", name="previous_seed_ends"),
        Index("ix_webhook_newest", "business_id", "create_time", "id"),
        Index("ix_webhook_due", "due_time", postgresql_where="status = 'enabled' AND due_time IS NOT NULL"),
    )

    id = Column(Integer, primary_key=True)
    business_id = Column(Integer, ForeignKey("user.id"), comment="null: the platform's, for events of all merchants")
    url = Column(String(2048), nullable=False)
    description = Column(String(255))
    verbs = Column(ARRAY(String(30)), comment="of the events that are wanted; null: of all")
    types = Column(ARRAY(String(50)), comment="of the events that are wanted; null: of all")
    verb_as_type = Column(
        Boolean, nullable=False, server_default=true(), comment="its deliveries name the verb alone as their type"
    )
    status = Column(String(10), nullable=False)
    disabled_reason = Column(String(10), comment="merchant, platform, gone or failing")
    failing_since = time_column("no attempt has succeeded since then")
    create_time = time_column(nullable=False)
    update_time = time_column(nullable=False)
    secret_seed = Column(UUID, nullable=False, server_default=text("gen_random_uuid()"))
    previous_seed = Column(UUID, comment="signs too, until previous_until")
    previous_until = time_column()
    txid = Column(BigInteger, nullable=False, comment="events up to (txid, event_id) have been made into deliveries")
    event_id = Column(BigInteger, nullable=False)
    due_time = time_column("when its next delivery is due; null: none is pending")
    leased_until = Column(Integer, nullable=False, server_default="0", comment="one worker at a time delivers to it")
    turn = Column(Integer, nullable=False, server_default="0", comment="counts leases: tells a holder from the next")


class WebhookDelivery(Base):
    """One event for one webhook, and the result of the last attempt to send it."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status_known"),
        CheckConstraint("(status = 'pending') = (next_attempt_time IS NOT NULL)", name="pending_has_next_attempt"),
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_delivery_newest", "webhook_id", "create_time", "id"),
        Index("ix_webhook_delivery_due", "webhook_id", "next_attempt_time", "id", postgresql_where="status = 'pending'"),
        Index("ix_webhook_delivery_old", "create_time"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    webhook_id = Column(Integer, ForeignKey("webhook.id"), nullable=False)
    event_id = Column(BigInteger, nullable=False, comment="of an event, which nothing deletes")
    status = Column(String(10), nullable=False)
    attempts = Column(Integer, nullable=False, server_default="0")
    next_attempt_time = time_column()
    last_attempt_time = time_column()
    response_status = Column(Integer)
    response_body = Column(Text, comment="its first 1,024 bytes")
    error = Column(String(30))
    duration_ms = Column(Integer)
    create_time = time_column(nullable=False)
