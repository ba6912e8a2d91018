from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Text

from app.models.base import Base


class IdempotencyKey(Base):
    """The answer to a request with an `Idempotency-Key`, written in the transaction of the change."""

    __tablename__ = "idempotency_key"
    __table_args__ = (PrimaryKeyConstraint("scope", "key"),)

    scope = Column(String(80), comment="the account that the key belongs to")
    key = Column(String(255))
    fingerprint = Column(String(64), nullable=False, comment="HMAC-SHA256 of method, path and body")
    status = Column(Integer, nullable=False)
    body = Column(Text, nullable=False)
    create_time = Column(Integer, nullable=False, index=True)
