from sqlalchemy import Column, Index, Integer, String, UniqueConstraint

from app.models.base import Base, look_alike, one_of, time_column

NORMAL, DISABLED = 0, 1


class User(Base):
    """A merchant (商家)."""

    __tablename__ = "user"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("storename"),
        look_alike("user", "name"),
        look_alike("user", "storename"),
        Index("ix_user_newest", "create_time", "id"),
        one_of("status", NORMAL, DISABLED),
        {"comment": "商家"},
    )

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False, comment="用户名")
    storename = Column(String(50), nullable=False, comment="店铺名称")
    password_hash = Column(String(255), nullable=False)
    auth_token = Column(String(255), comment="登录token")
    status = Column(Integer, nullable=False, comment="0 正常, 1 禁用")
    create_time = time_column(nullable=False)
    update_time = time_column(nullable=False)
    last_login = time_column("最近时间")
