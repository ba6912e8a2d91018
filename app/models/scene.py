from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String

from app.models.base import Base, one_of, time_column


class SceneBase(Base):
    """A template for scenes."""

    __tablename__ = "scenebase"

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False, comment="模版场景名称")
    thumbnail = Column(String(255), comment="缩略图")


class SceneBaseModel(Base):
    """The 3D model of a scene base, a file of the platform's, which cannot be removed while this refers to it."""

    __tablename__ = "scenebase_model"
    __table_args__ = (
        CheckConstraint("file LIKE '%.glb'", name="file_binary"),
        ForeignKeyConstraint(["file"], ["platform_file.name"], name="fk_scenebase_model_file"),
        Index("ix_scenebase_model_file", "file"),
    )

    base_id = Column(Integer, ForeignKey("scenebase.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    file = Column(String(80), nullable=False, comment="of the platform's, a .glb")


class Scene(Base):
    """A 3D scene that shows goods."""

    __tablename__ = "scene"
    __table_args__ = (one_of("tag", 1, 2), Index("ix_scene_newest", "creator", "create_time", "id"))

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False, comment="场景名称")
    base_id = Column(Integer, ForeignKey("scenebase.id"), nullable=False, comment="基础场景id, 1 博物馆, 2 教室, 3 家具")
    tag = Column(Integer, nullable=False, comment="场景标签, 1 直播, 2 商铺")
    thumbnail = Column(String(255), comment="缩略图")
    config = Column(String(255), comment="配置文件")
    creator = Column(String(255), nullable=False, comment="创建者")
    create_time = time_column(nullable=False)
