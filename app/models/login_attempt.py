from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, String

from app.models.base import Base, time_column


class LoginAttempt(Base):
    """One attempt to log in; all processes count these to limit further attempts."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_account", "account", "create_time"),
        Index("ix_login_attempt_address", "address", "create_time"),
        Index("ix_login_attempt_time", "create_time"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    account = Column(String(64), nullable=False, comment="SHA-256 of audience and name")
    address = Column(String(64), nullable=False)
    succeeded = Column(Boolean, nullable=False)
    create_time = time_column(nullable=False)
