"""The declarative base, and the column shapes that several tables share."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, text
from sqlalchemy.orm import declarative_base

Base = declarative_base(
    metadata=MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
)


def time_column(comment: str | None = None, *, nullable: bool = True) -> Column:
    """A moment as INTEGER Unix seconds (spec.md)."""
    return Column(Integer, nullable=nullable, comment=comment)


def one_of(column: str, *values: int) -> CheckConstraint:
    """A CHECK that the column has one of these values."""
    return CheckConstraint(f"{column} IN ({', '.join(map(str, values))})", name=f"{column}_known")


def look_alike(table: str, column: str) -> Index:
    """A unique index that holds two names for one if they look the same; `db.sql.name_key` is what it indexes."""
    return Index(f"uq_{table}_{column}_key", text(f"left(lower(normalize({column}, NFKC)), 255)"), unique=True)
