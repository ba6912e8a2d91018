from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Base, time_column


class Upkeep:
    """What the worker knows of a file that somebody uploaded, to remove it once nothing has used it for long."""

    unused_since = Column(Integer, comment="since when nothing uses it; null while something does")
    looked_at = Column(
        Integer, nullable=False, server_default="0", comment="when the worker last looked whether something uses it"
    )


def upkeep_indexes(table: str) -> tuple[Index, Index]:
    """The indexes by which the worker finds what to look at."""
    return (
        Index(f"ix_{table}_unused", "unused_since", postgresql_where="unused_since IS NOT NULL"),
        Index(f"ix_{table}_used", "looked_at", postgresql_where="unused_since IS NULL"),
    )


class StoredFile(Upkeep, Base):
    """A file that a merchant uploaded: a picture, a scene's config or a 3D model. Its content is in the storage."""

    __tablename__ = "stored_file"
    __table_args__ = (
        UniqueConstraint("business_id", "name"),
        CheckConstraint("kind IN ('image', 'config', 'model')", name="kind_known"),
        CheckConstraint("size > 0", name="size_positive"),
        Index("ix_stored_file_newest", "business_id", "create_time", "id"),
        *upkeep_indexes("stored_file"),
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


class PlatformFile(Upkeep, Base):
    """A file that an admin uploaded for the platform: a picture or a model of a scene base. Its content is in the storage."""

    __tablename__ = "platform_file"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("kind IN ('image', 'config', 'model')", name="kind_known"),
        CheckConstraint("size > 0", name="size_positive"),
        *upkeep_indexes("platform_file"),
    )

    id = Column(Integer, primary_key=True)
    name = Column(String(80), nullable=False, comment="SHA-256 of the content, and an extension")
    kind = Column(String(10), nullable=False)
    media_type = Column(String(40), nullable=False)
    size = Column(Integer, nullable=False, comment="bytes")
    details = Column(
        JSONB(none_as_null=True), nullable=False, comment="of a picture width and height, of a model its bounding box"
    )
    uploaded_as = Column(String(255), comment="the name that its sender gave it")
    create_time = time_column(nullable=False)


class RemovedContent(Base):
    """The name of files of which one was removed; a trigger writes it. The worker removes the content that no file names."""

    __tablename__ = "removed_content"

    name = Column(String(80), primary_key=True)
    time = time_column("when the last file of this name was removed", nullable=False)
