from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Base, time_column


class StoredFile(Base):
    """A file that a merchant uploaded: a picture, a scene's config or a 3D model. Its content is in the storage."""

    __tablename__ = "stored_file"
    __table_args__ = (
        UniqueConstraint("business_id", "name"),
        CheckConstraint("kind IN ('image', 'config', 'model')", name="kind_known"),
        CheckConstraint("size > 0", name="size_positive"),
        Index("ix_stored_file_newest", "business_id", "create_time", "id"),
    )

    id = Column(Integer, primary_key=True)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
    name = Column(String(80), nullable=False, index=True, comment="SHA-256 of the content, and an extension")
    kind = Column(String(10), nullable=False)
    media_type = Column(String(40), nullable=False)
    size = Column(Integer, nullable=False, comment="bytes")
    details = Column(
        JSONB(none_as_null=True), nullable=False, comment="of a picture width and height, of a model its bounding box"
    )
    uploaded_as = Column(String(255), comment="the name that its sender gave it")
    create_time = time_column(nullable=False)
