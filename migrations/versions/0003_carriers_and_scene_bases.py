"""What is there from the first day: the carriers of China, and the three scene bases of the specification."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# Codes as China's tracking services write them.
CARRIERS = (
    ("SF", "顺丰速运"),
    ("ZTO", "中通快递"),
    ("YTO", "圆通速递"),
    ("YD", "韵达速递"),
    ("STO", "申通快递"),
    ("JTSD", "极兔速递"),
    ("JD", "京东快递"),
    ("EMS", "EMS"),
    ("YZPY", "邮政快递包裹"),
    ("DBL", "德邦快递"),
    ("DBLKY", "德邦快运"),
    ("KYSY", "跨越速运"),
    ("ANE", "安能物流"),
    ("BTWL", "百世快运"),
    ("ZTOKY", "中通快运"),
    ("YDKY", "韵达快运"),
    ("SXJD", "顺心捷达"),
    ("UC", "优速快递"),
    ("HHTT", "天天快递"),
    ("ZJS", "宅急送"),
    ("DNWL", "丹鸟物流"),
    ("CNCY", "菜鸟速递"),
    ("SUBIDA", "速必达物流"),
    ("JGSD", "京广速递"),
    ("SURE", "速尔快递"),
    ("RRS", "日日顺物流"),
    ("XFEX", "信丰物流"),
    ("YMDD", "壹米滴答"),
)
SCENE_BASES = ((1, "博物馆"), (2, "教室"), (3, "家具"))


def upgrade() -> None:
    carriers = sa.table("logistics_company", sa.column("code", sa.String), sa.column("name", sa.String))
    op.bulk_insert(carriers, [{"code": code, "name": name} for code, name in CARRIERS])
    bases = sa.table("scenebase", sa.column("id", sa.Integer), sa.column("name", sa.String))
    op.bulk_insert(bases, [{"id": base_id, "name": name} for base_id, name in SCENE_BASES])
    op.execute("SELECT setval(pg_get_serial_sequence('scenebase', 'id'), (SELECT max(id) FROM scenebase))")


def downgrade() -> None:
    op.execute("DELETE FROM scenebase WHERE id IN (1, 2, 3)")
    op.execute("DELETE FROM logistics_company")
