from sqlalchemy import Column, Integer, String, UniqueConstraint

from app.models.base import Base, look_alike, time_column


class Admin(Base):
    """A member of the platform's staff."""

    __tablename__ = "admin"
    __table_args__ = (UniqueConstraint("name"), look_alike("admin", "name"))

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False)
    password_hash = Column(String(255), nullable=False)
    auth_token = Column(String(255))
    create_time = time_column(nullable=False)
    update_time = time_column(nullable=False)
    last_login = time_column()
