from sqlalchemy import Column, String

from app.models.base import Base, time_column


class Heartbeat(Base):
    """When something that goes on by itself was last seen to; its rows are made by the migrations."""

    __tablename__ = "heartbeat"

    name = Column(String(20), primary_key=True)
    time = time_column(nullable=False)
