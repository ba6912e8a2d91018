from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from app.models.base import Base, time_column


class ApiKey(Base):
    """A key with which a merchant's machine calls the API, beside the merchant's live session; only its digest is stored."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("digest"), Index("ix_api_key_newest", "business_id", "create_time", "id"))

    id = Column(Integer, primary_key=True)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
    name = Column(String(50), nullable=False)
    scopes = Column(ARRAY(String(10)), nullable=False, comment="read, orders, catalogue, files")
    digest = Column(String(64), nullable=False, comment="SHA-256 of its secret part")
    create_time = time_column(nullable=False)
    last_used = time_column("to the minute")
