from sqlalchemy import Column, String

from app.models.base import Base, time_column


class Heartbeat(Base):
    """When a background task last finished; the migrations make one row per task."""

    __tablename__ = "heartbeat"

    name = Column(String(20), primary_key=True)
    time = time_column(nullable=False)
