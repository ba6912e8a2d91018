"""The nine tables of the specification, and our own beside them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "admin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("auth_token", sa.String(length=255), nullable=True),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.Integer(), nullable=False),
        sa.Column("last_login", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin")),
        sa.UniqueConstraint("name", name=op.f("uq_admin_name")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email_address", sa.String(length=255), nullable=True),
        sa.Column("tel_phone", sa.String(length=11), nullable=True, comment="11位手机号"),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("auth_token", sa.String(length=255), nullable=True),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.Integer(), nullable=False),
        sa.Column("last_login", sa.Integer(), nullable=True),
        sa.CheckConstraint("tel_phone ~ '^[0-9]{11}$'", name=op.f("ck_customer_tel_phone_11_digits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_name")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("txid", sa.BigInteger(), server_default=sa.text("txid_current()"), nullable=False),
        sa.Column("time", sa.Integer(), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False, comment="merchant, customer, admin, platform or system"),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("verb", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False, comment="the table of the row it happened to"),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=True, comment="the merchant whose business it is"),
        sa.Column("order_id", sa.Integer(), nullable=True, comment="the order whose timeline it belongs to"),
        sa.Column("from_status", sa.Integer(), nullable=True),
        sa.Column("to_status", sa.Integer(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_business", "event", ["business_id", "txid", "id"], unique=False)
    op.create_index("ix_event_business_time", "event", ["business_id", "time", "order_id"], unique=False)
    op.create_index("ix_event_order", "event", ["order_id", "id"], unique=False, postgresql_where="order_id IS NOT NULL")
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(length=80), nullable=False, comment="the account that the key belongs to"),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="HMAC-SHA256 of method, path and body"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_create_time"), "idempotency_key", ["create_time"], unique=False)
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False, comment="SHA-256 of audience and name"),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_account", "login_attempt", ["account", "create_time"], unique=False)
    op.create_index("ix_login_attempt_address", "login_attempt", ["address", "create_time"], unique=False)
    op.create_index("ix_login_attempt_time", "login_attempt", ["create_time"], unique=False)
    op.create_table(
        "logistics_company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logistics_company")),
        sa.UniqueConstraint("code", name=op.f("uq_logistics_company_code")),
        sa.UniqueConstraint("name", name=op.f("uq_logistics_company_name")),
    )
    op.create_table(
        "order_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_tally")),
    )
    op.create_index(
        "ix_order_tally_business", "order_tally", ["business_id", "status"], unique=False, postgresql_include=["delta"]
    )
    op.create_index(
        "ix_order_tally_unfolded", "order_tally", ["business_id", "status"], unique=False, postgresql_where="NOT folded"
    )
    op.create_table(
        "scenebase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False, comment="模版场景名称"),
        sa.Column("thumbnail", sa.String(length=255), nullable=True, comment="缩略图"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenebase")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False, comment="用户名"),
        sa.Column("storename", sa.String(length=50), nullable=False, comment="店铺名称"),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("auth_token", sa.String(length=255), nullable=True, comment="登录token"),
        sa.Column("status", sa.Integer(), nullable=False, comment="0 正常, 1 禁用"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.Integer(), nullable=False),
        sa.Column("last_login", sa.Integer(), nullable=True, comment="最近时间"),
        sa.CheckConstraint("status IN (0, 1)", name=op.f("ck_user_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
        sa.UniqueConstraint("storename", name=op.f("uq_user_storename")),
        comment="商家",
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False, comment="商家id"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="名称"),
        sa.Column("desc", sa.String(length=150), nullable=True, comment="商品描述"),
        sa.Column("unit", sa.String(length=5), nullable=True, comment="单位名称"),
        sa.Column("meta_obj_id", sa.Integer(), nullable=True, comment="模型id"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("last_update", sa.Integer(), nullable=False, comment="更新时间"),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_product_business_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
    )
    op.create_index("ix_product_newest", "product", ["business_id", "create_time", "id"], unique=False)
    op.create_table(
        "return_parcel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("logistics_id", sa.Integer(), nullable=False),
        sa.Column("tracking_number", sa.String(length=30), nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["logistics_id"], ["logistics_company.id"], name=op.f("fk_return_parcel_logistics_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_parcel")),
    )
    op.create_table(
        "scene",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False, comment="场景名称"),
        sa.Column("base_id", sa.Integer(), nullable=False, comment="基础场景id, 1 博物馆, 2 教室, 3 家具"),
        sa.Column("tag", sa.Integer(), nullable=False, comment="场景标签, 1 直播, 2 商铺"),
        sa.Column("thumbnail", sa.String(length=255), nullable=True, comment="缩略图"),
        sa.Column("config", sa.String(length=255), nullable=True, comment="配置文件"),
        sa.Column("creator", sa.String(length=255), nullable=False, comment="创建者"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.CheckConstraint("tag IN (1, 2)", name=op.f("ck_scene_tag_known")),
        sa.ForeignKeyConstraint(["base_id"], ["scenebase.id"], name=op.f("fk_scene_base_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene")),
    )
    op.create_index("ix_scene_newest", "scene", ["creator", "create_time", "id"], unique=False)
    op.create_table(
        "removed_product",
        sa.Column("product_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_removed_product_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_removed_product")),
    )
    op.create_table(
        "sku",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False, comment="货物id"),
        sa.Column("sku_name", sa.String(length=100), nullable=False, comment="sku名称"),
        sa.Column("sku_attr", sa.String(length=200), nullable=True, comment="sku属性"),
        sa.Column("price", sa.Float(), nullable=False, comment="单价"),
        sa.Column("stock", sa.Integer(), nullable=False, comment="库存量"),
        sa.Column("status", sa.Integer(), nullable=False, comment="状态: 0 缺货, 1 有货"),
        sa.CheckConstraint("price > 0 AND price < 'Infinity'", name=op.f("ck_sku_price_positive")),
        sa.CheckConstraint("(status = 1) = (stock > 0)", name=op.f("ck_sku_status_follows_stock")),
        sa.CheckConstraint("status IN (0, 1)", name=op.f("ck_sku_status_known")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_sku_stock_not_negative")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sku_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku")),
    )
    op.create_index("ix_sku_product_id", "sku", ["product_id", "id"], unique=False)
    op.create_table(
        "order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(length=30), nullable=False, comment="订单号"),
        sa.Column(
            "status",
            sa.Integer(),
            nullable=False,
            comment="订单状态: 0 待发货, 1 待收货, 2 已完成, 3 已完成(退货退款), 4 已完成(拒绝退货退款), -1 退款中",
        ),
        sa.Column("business_id", sa.Integer(), nullable=False, comment="商家ID"),
        sa.Column("customer_id", sa.Integer(), nullable=False, comment="买家ID"),
        sa.Column("sku_id", sa.Integer(), nullable=False, comment="库存ID"),
        sa.Column("num", sa.Integer(), nullable=False, comment="购买数量"),
        sa.Column("sku_snapshot", sa.String(length=1000), nullable=False, comment="商品名称"),
        sa.Column("pay_count", sa.Float(), nullable=False, comment="支付金额"),
        sa.Column("create_time", sa.Integer(), nullable=False, comment="创建时间"),
        sa.Column("deliver_time", sa.Integer(), nullable=True, comment="发货时间"),
        sa.Column("recv_time", sa.Integer(), nullable=True, comment="收货时间"),
        sa.Column("close_time", sa.Integer(), nullable=True, comment="结束时间"),
        sa.Column("deliver_address", sa.String(length=150), nullable=True, comment="发货地址"),
        sa.Column("receiver_name", sa.String(length=30), nullable=False, comment="收货人姓名"),
        sa.Column("receiver_phone", sa.String(length=12), nullable=False, comment="收货电话"),
        sa.Column("receiver_address", sa.String(length=300), nullable=False, comment="收货地址"),
        sa.Column("logistic_id", sa.Integer(), nullable=True, comment="物流商id"),
        sa.Column("logistic_name", sa.String(length=15), nullable=True, comment="物流商名称"),
        sa.Column("logistic_order_id", sa.String(length=30), nullable=True, comment="物流商快递物流ID"),
        sa.Column("after_care_id", sa.Integer(), nullable=True, comment="退货id"),
        sa.Column("back_reason", sa.String(length=400), nullable=True, comment="退款原因"),
        sa.CheckConstraint("pay_count > 0 AND pay_count < 'Infinity'", name=op.f("ck_order_pay_count_positive")),
        sa.CheckConstraint("(status IN (2, 3, 4)) = (close_time IS NOT NULL)", name=op.f("ck_order_closed_has_time")),
        sa.CheckConstraint("num > 0", name=op.f("ck_order_num_positive")),
        sa.CheckConstraint("status <> 2 OR recv_time IS NOT NULL", name=op.f("ck_order_received_has_time")),
        sa.CheckConstraint("status IN (0, 1, 2, 3, 4, -1)", name=op.f("ck_order_status_known")),
        sa.CheckConstraint("status NOT IN (1, 2) OR deliver_time IS NOT NULL", name=op.f("ck_order_shipped_has_time")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_order_business_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_order_customer_id")),
        sa.ForeignKeyConstraint(["logistic_id"], ["logistics_company.id"], name=op.f("fk_order_logistic_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_order_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("order_number", name=op.f("uq_order_order_number")),
    )
    op.create_index("ix_order_all_newest", "order", ["create_time", "id"], unique=False)
    op.create_index("ix_order_customer", "order", ["customer_id", "create_time", "id"], unique=False)
    op.create_index("ix_order_newest", "order", ["business_id", "create_time", "id"], unique=False)
    op.create_index("ix_order_newest_of_status", "order", ["business_id", "status", "create_time", "id"], unique=False)
    op.create_index("ix_order_sku", "order", ["sku_id", "create_time", "id"], unique=False)
    op.create_index("ix_order_to_receive", "order", ["deliver_time"], unique=False, postgresql_where="status = 1")
    op.create_index("ix_order_to_ship", "order", ["create_time"], unique=False, postgresql_where="status = 0")
    op.create_table(
        "removed_sku",
        sa.Column("sku_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_removed_sku_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_removed_sku")),
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sku_id", sa.Integer(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("stock_after", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.String(length=100),
            nullable=False,
            comment="initial, order, refund, removed, or the merchant's own words",
        ),
        sa.Column("reference", sa.String(length=30), nullable=True, comment="the order number, where an order is the cause"),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_stock_movement_delta_not_zero")),
        sa.CheckConstraint("stock_after >= 0", name=op.f("ck_stock_movement_stock_after_not_negative")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_stock_movement_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_sku_id", "stock_movement", ["sku_id", "id"], unique=False)
    op.create_table(
        "except_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False, comment="订单ID"),
        sa.Column("business_id", sa.Integer(), nullable=False, comment="卖家id"),
        sa.Column("except_type", sa.String(length=30), nullable=False, comment="异常类型: 仅退款, 退货退款"),
        sa.Column("status", sa.Integer(), nullable=False, comment="服务状态: 0 退款中, 1 商家同意, 2 商家拒绝"),
        sa.Column("create_time", sa.Integer(), nullable=False, comment="下单时间"),
        sa.Column("deliver_time", sa.Integer(), nullable=True, comment="退货时间"),
        sa.Column("recv_time", sa.Integer(), nullable=True, comment="收货时间"),
        sa.Column("close_time", sa.Integer(), nullable=True, comment="关闭时间"),
        sa.Column("logistics_id", sa.Integer(), nullable=True, comment="物流商家ID"),
        sa.Column("logistics_order_id", sa.Integer(), nullable=True, comment="物流号"),
        sa.Column("back_reason", sa.String(length=400), nullable=False, comment="退款原因"),
        sa.Column("remark", sa.String(length=400), nullable=True, comment="退款原因"),
        sa.Column("back_cost", sa.Float(), nullable=False, comment="退款金额"),
        sa.CheckConstraint("back_cost > 0 AND back_cost < 'Infinity'", name=op.f("ck_except_order_back_cost_positive")),
        sa.CheckConstraint("except_type IN ('仅退款', '退货退款')", name=op.f("ck_except_order_except_type_known")),
        sa.CheckConstraint(
            "(deliver_time IS NULL) = (logistics_order_id IS NULL)", name=op.f("ck_except_order_sent_back_has_parcel")
        ),
        sa.CheckConstraint("status <> 2 OR remark IS NOT NULL", name=op.f("ck_except_order_refused_has_remark")),
        sa.CheckConstraint("status IN (0, 1, 2)", name=op.f("ck_except_order_status_known")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_except_order_business_id")),
        sa.ForeignKeyConstraint(["logistics_id"], ["logistics_company.id"], name=op.f("fk_except_order_logistics_id")),
        sa.ForeignKeyConstraint(["logistics_order_id"], ["return_parcel.id"], name=op.f("fk_except_order_logistics_order_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_except_order_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_except_order")),
    )
    op.create_index("ix_except_order_all_newest", "except_order", ["create_time", "id"], unique=False)
    op.create_index("ix_except_order_newest", "except_order", ["business_id", "create_time", "id"], unique=False)
    op.create_index(
        "ix_except_order_newest_of_status", "except_order", ["business_id", "status", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_except_order_open", "except_order", ["status", "create_time"], unique=False, postgresql_where="close_time IS NULL"
    )
    op.create_index("ix_except_order_order", "except_order", ["order_id", "id"], unique=False)
    op.create_index("uq_except_order_open", "except_order", ["order_id"], unique=True, postgresql_where="close_time IS NULL")
    op.create_foreign_key(op.f("fk_order_after_care_id"), "order", "except_order", ["after_care_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_order_after_care_id"), "order", type_="foreignkey")
    for table in (
        "except_order",
        "stock_movement",
        "removed_sku",
        "order",
        "sku",
        "removed_product",
        "scene",
        "return_parcel",
        "product",
        "user",
        "scenebase",
        "order_tally",
        "logistics_company",
        "login_attempt",
        "idempotency_key",
        "event",
        "customer",
        "admin",
    ):
        op.drop_table(table)
