from sqlalchemy import BigInteger, Column, Identity, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Base, time_column

# What nearly every order writes is found quickly among the newest events.
_RARE_TYPE = "NOT (subject = 'order' AND verb IN ('place', 'ship', 'receive')) AND NOT (subject = 'sku' AND verb = 'stock')"


class Event(Base):
    """An event, written in the transaction of the change; timelines, the live stream, webhooks and the audit read it.

    Append-only, but that details can be taken away when an account is deleted. Ids are assigned before the commit, so a reader
    that follows them would miss transactions that commit late. It follows (txid, id) instead, and stops before the oldest open
    transaction.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_order", "order_id", "id", postgresql_where="order_id IS NOT NULL"),
        Index("ix_event_business", "business_id", "txid", "id"),
        Index("ix_event_customer", "subject_id", postgresql_where="subject = 'customer'"),
        Index("ix_event_txid", "txid", "id", postgresql_where="business_id IS NOT NULL"),
        Index("ix_event_newest", "time", "id", postgresql_include=["order_id"]),
        Index("ix_event_newest_of_business", "business_id", "time", "id", postgresql_include=["order_id"]),
        Index("ix_event_request", "request_id", postgresql_where="request_id IS NOT NULL"),
        Index("ix_event_actor", "actor_kind", "actor_id", "time", "id", postgresql_where="actor_id IS NOT NULL"),
        Index("ix_event_of_staff", "time", "id", postgresql_where="actor_kind = 'admin'"),
        Index("ix_event_subject", "subject", "subject_id", "time", "id", postgresql_where="order_id IS NULL"),
        Index("ix_event_newest_of_subject", "subject", "time", "id", postgresql_where="order_id IS NULL AND subject <> 'sku'"),
        Index("ix_event_type", "subject", "verb", "time", "id", postgresql_where=_RARE_TYPE),
        Index("ix_event_verb", "verb", "time", "id", postgresql_where="verb NOT IN ('place', 'ship', 'receive', 'stock')"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    txid = Column(BigInteger, nullable=False, server_default=text("txid_current()"))
    time = time_column(nullable=False)
    actor_kind = Column(String(10), nullable=False, comment="merchant, customer, admin, platform or system")
    actor_id = Column(Integer)
    api_key_id = Column(Integer, comment="the key with which the actor acted, if it was one")
    verb = Column(String(30), nullable=False)
    subject = Column(String(20), nullable=False, comment="the table of the row it happened to, or refund")
    subject_id = Column(Integer, nullable=False)
    business_id = Column(Integer, comment="the merchant whose business it is")
    order_id = Column(Integer, comment="the order whose timeline it belongs to")
    from_status = Column(Integer)
    to_status = Column(Integer)
    details = Column(JSONB(none_as_null=True))
    request_id = Column(String(64))
