from sqlalchemy import CheckConstraint, Column, Index, Integer, String, UniqueConstraint

from app.models.base import Base, look_alike, time_column


class Customer(Base):
    """A buyer (买家)."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("name"),
        look_alike("customer", "name"),
        Index("ix_customer_newest", "create_time", "id"),
        Index("ix_customer_phone", "tel_phone"),
        CheckConstraint("tel_phone ~ '^[0-9]{11}$'", name="tel_phone_11_digits"),
        CheckConstraint(
            "password_hash <> '!deleted' OR num_nonnulls(email_address, tel_phone, auth_token, last_login) = 0",
            name="deleted_is_empty",
        ),
    )

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False)
    email_address = Column(String(255))
    tel_phone = Column(String(11), comment="11位手机号")
    password_hash = Column(String(255), nullable=False)
    auth_token = Column(String(255))
    create_time = time_column(nullable=False)
    update_time = time_column(nullable=False)
    last_login = time_column()
