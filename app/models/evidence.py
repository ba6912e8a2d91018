from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Base, time_column
from app.models.stored_file import Upkeep, upkeep_indexes

MOST = 9  # pictures that each side may show in one ticket


class CustomerFile(Upkeep, Base):
    """A picture that a buyer uploaded. Its content is in the storage, under the name that all uploads of it share."""

    __tablename__ = "customer_file"
    __table_args__ = (
        UniqueConstraint("customer_id", "name"),
        CheckConstraint("size > 0", name="size_positive"),
        Index("ix_customer_file_name", "name"),
        *upkeep_indexes("customer_file"),
    )

    id = Column(Integer, primary_key=True)
    customer_id = Column(Integer, ForeignKey("customer.id"), nullable=False)
    name = Column(String(80), nullable=False, comment="SHA-256 of the content, and an extension")
    media_type = Column(String(40), nullable=False)
    size = Column(Integer, nullable=False, comment="bytes")
    details = Column(JSONB(none_as_null=True), nullable=False, comment="width and height")
    create_time = time_column(nullable=False)


class Evidence(Base):
    """A picture that one side of a ticket shows. Its owner's row of the file cannot be removed while this refers to it."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("num_nonnulls(customer_id, business_id) = 1", name="of_one_side"),
        CheckConstraint(f"position BETWEEN 1 AND {2 * MOST}", name="not_too_many"),
        CheckConstraint(f"(position <= {MOST}) = (customer_id IS NOT NULL)", name="buyers_first"),
        ForeignKeyConstraint(
            ["customer_id", "name"], ["customer_file.customer_id", "customer_file.name"], name="fk_evidence_customer_file"
        ),
        ForeignKeyConstraint(
            ["business_id", "name"], ["stored_file.business_id", "stored_file.name"], name="fk_evidence_stored_file"
        ),
        Index("ix_evidence_name", "name"),
    )

    ticket_id = Column(Integer, ForeignKey("except_order.id"), primary_key=True, autoincrement=False)
    position = Column(Integer, primary_key=True, autoincrement=False, comment="1 to 9 of the buyer, 10 to 18 of the merchant")
    customer_id = Column(Integer)
    business_id = Column(Integer)
    name = Column(String(80), nullable=False)
