from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Sequence, String, text

from app.models.base import Base, time_column

FIRST_ID = 1_000_000_000  # the platform's own numbers of models are below


class Model(Base):
    """A 3D model of a merchant: a file with a name and a thumbnail, which products show by its id in `meta_obj_id`."""

    __tablename__ = "model"
    __table_args__ = (
        CheckConstraint(f"id >= {FIRST_ID}", name="id_own"),
        CheckConstraint("file LIKE '%.glb'", name="file_binary"),
        ForeignKeyConstraint(["business_id", "file"], ["stored_file.business_id", "stored_file.name"], name="fk_model_file"),
        ForeignKeyConstraint(
            ["business_id", "thumbnail"], ["stored_file.business_id", "stored_file.name"], name="fk_model_thumbnail"
        ),
        Index("ix_model_newest", "business_id", "create_time", "id"),
        Index("ix_model_file", "business_id", "file"),
        Index("ix_model_thumbnail", "business_id", "thumbnail"),
    )

    id = Column(
        Integer,
        Sequence("model_id_seq", start=FIRST_ID, minvalue=FIRST_ID, data_type=Integer),
        primary_key=True,
        server_default=text("nextval('model_id_seq')"),
    )
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
    name = Column(String(50), nullable=False)
    file = Column(String(80), nullable=False, comment="of the merchant's, a .glb")
    thumbnail = Column(String(80), comment="of the merchant's, a picture")
    create_time = time_column(nullable=False)
    last_update = time_column(nullable=False)
