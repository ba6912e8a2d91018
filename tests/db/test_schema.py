"""The schema: the nine tables to the letter of the specification, and what the database itself refuses."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from app.db import migration, pools
from app.models import Base
from tests.conftest import ROOT, environment_for, serving
from tests.support import asking
from tests.support.processes import finished

INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname <> 'alembic_version_pkc'"
INTEGER, FLOAT = ("integer", None), ("double precision", None)


def varchar(length):
    return ("character varying", length)


SPECIFIED = {
    "order": {
        "id": INTEGER, "order_number": varchar(30), "status": INTEGER, "business_id": INTEGER,
        "customer_id": INTEGER,
        "sku_id": INTEGER, "num": INTEGER, "sku_snapshot": varchar(1000), "pay_count": FLOAT,
        "create_time": INTEGER,
        "deliver_time": INTEGER, "recv_time": INTEGER, "close_time": INTEGER, "deliver_address": varchar(150),
        "receiver_name": varchar(30), "receiver_phone": varchar(12), "receiver_address": varchar(300),
        "logistic_id": INTEGER, "logistic_name": varchar(15), "logistic_order_id": varchar(30),
        "after_care_id": INTEGER, "back_reason": varchar(400),
    },
    "except_order": {
        "id": INTEGER, "order_id": INTEGER, "business_id": INTEGER, "except_type": varchar(30),
        "status": INTEGER,
        "create_time": INTEGER, "deliver_time": INTEGER, "recv_time": INTEGER, "close_time": INTEGER,
        "logistics_id": INTEGER, "logistics_order_id": INTEGER, "back_reason": varchar(400),
        "remark": varchar(400),
        "back_cost": FLOAT,
    },
    "product": {
        "id": INTEGER, "business_id": INTEGER, "name": varchar(50), "desc": varchar(150), "unit": varchar(5),
        "meta_obj_id": INTEGER, "create_time": INTEGER, "last_update": INTEGER,
    },
    "sku": {
        "id": INTEGER, "product_id": INTEGER, "sku_name": varchar(100), "sku_attr": varchar(200),
        "price": FLOAT,
        "stock": INTEGER, "status": INTEGER,
    },
    "user": {
        "id": INTEGER, "name": varchar(255), "storename": varchar(50), "password_hash": varchar(255),
        "auth_token": varchar(255), "status": INTEGER, "create_time": INTEGER, "update_time": INTEGER,
        "last_login": INTEGER,
    },
    "admin": {
        "id": INTEGER, "name": varchar(255), "password_hash": varchar(255), "auth_token": varchar(255),
        "create_time": INTEGER, "update_time": INTEGER, "last_login": INTEGER,
    },
    "customer": {
        "id": INTEGER, "name": varchar(255), "email_address": varchar(255), "tel_phone": varchar(11),
        "password_hash": varchar(255), "auth_token": varchar(255), "create_time": INTEGER,
        "update_time": INTEGER,
        "last_login": INTEGER,
    },
    "scene": {
        "id": INTEGER, "name": varchar(255), "base_id": INTEGER, "tag": INTEGER, "thumbnail": varchar(255),
        "config": varchar(255), "creator": varchar(255), "create_time": INTEGER,
    },
    "scenebase": {"id": INTEGER, "name": varchar(255), "thumbnail": varchar(255)},
}  # fmt: skip

REMARKS = {
    "order": {
        "order_number": "订单号", "status": "订单状态", "business_id": "商家ID", "customer_id": "买家ID",
        "sku_id": "库存ID",
        "num": "购买数量", "sku_snapshot": "商品名称", "pay_count": "支付金额", "create_time": "创建时间",
        "deliver_time": "发货时间",
        "recv_time": "收货时间", "close_time": "结束时间", "deliver_address": "发货地址",
        "receiver_name": "收货人姓名",
        "receiver_phone": "收货电话", "receiver_address": "收货地址", "logistic_id": "物流商id",
        "logistic_name": "物流商名称",
        "logistic_order_id": "物流商快递物流ID", "after_care_id": "退货id", "back_reason": "退款原因",
    },
    "except_order": {
        "order_id": "订单ID", "business_id": "卖家id", "except_type": "异常类型", "status": "服务状态",
        "create_time": "下单时间",
        "deliver_time": "退货时间", "recv_time": "收货时间", "close_time": "关闭时间", "logistics_id": "物流商家ID",
        "logistics_order_id": "物流号", "back_reason": "退款原因", "remark": "退款原因", "back_cost": "退款金额",
    },
    "product": {
        "business_id": "商家id", "name": "名称", "desc": "商品描述", "unit": "单位名称", "meta_obj_id": "模型id",
        "last_update": "更新时间",
    },
    "sku": {
        "product_id": "货物id", "sku_name": "sku名称", "sku_attr": "sku属性", "price": "单价",
        "stock": "库存量", "status": "状态",
    },
    "user": {
        "name": "用户名", "storename": "店铺名称", "auth_token": "登录token", "status": "0 正常, 1 禁用",
        "last_login": "最近时间",
    },
    "customer": {"tel_phone": "11位手机号"},
    "scene": {
        "name": "场景名称", "base_id": "基础场景id, 1 博物馆, 2 教室, 3 家具",
        "tag": "场景标签, 1 直播, 2 商铺", "thumbnail": "缩略图",
        "config": "配置文件", "creator": "创建者",
    },
    "scenebase": {"name": "模版场景名称", "thumbnail": "缩略图"},
}  # fmt: skip


@pytest.mark.parametrize("table", SPECIFIED)
def test_table_is_as_specified_and_has_nothing_more(sql, table):
    columns = sql(
        "SELECT column_name, data_type, character_maximum_length FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
        table,
    )
    assert {name: (kind, length) for name, kind, length in columns} == SPECIFIED[table]
    assert [name for name, *_ in columns] == list(SPECIFIED[table])


@pytest.mark.parametrize("table", REMARKS)
def test_columns_carry_the_remarks_of_the_specification(sql, table):
    for column, remark in REMARKS[table].items():
        [(comment,)] = sql(
            "SELECT col_description(format('%%I', %s::text)::regclass, ordinal_position::int)"
            " FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            table, table, column,
        )  # fmt: skip
        assert comment is not None, column
        assert comment.startswith(remark), column


def test_migrations_go_up_down_and_up_again(empty_database, monkeypatch):
    def tables():
        with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
            made = [name for (name,) in cursor.fetchall()]
            cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1")
            return made + [name for (name,) in cursor.fetchall()]

    migration.migrate()
    first = tables()
    assert set(SPECIFIED) < set(first)
    migration.migrate("base")
    assert tables() == ["alembic_version", "alembic_version_pkc"]
    migration.migrate()
    assert tables() == first


def test_names_that_look_the_same_are_told_apart_when_they_become_unique(empty_database):
    migration.migrate("0011")
    users = [  # name, storename, last_login
        ("Demo", "店", 1), ("demo", "店\u200b", 2), ("ＤＥＭＯ", "另一店", None), ("\u200b", "第三店", None),
        ("Ann", "x" * 50, None), ("Ann\u200b", "X" * 50, None), ("Ann (6)", "第四店", None), ("  a\tb", "第五店", None),
    ]  # fmt: skip
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        for user in users:
            cursor.execute(
                """INSERT INTO "user" (name, storename, last_login, password_hash, status, create_time, update_time)
                VALUES (%s, %s, %s, 'x', 0, 1, 1)""",
                user,
            )
    migration.migrate()
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT name, storename FROM "user" ORDER BY id')
        names = cursor.fetchall()
        cursor.execute("SELECT subject_id, business_id, details->>'former_name' FROM event WHERE details ? 'name' ORDER BY 1")
        told = cursor.fetchall()
    assert [name for name, _ in names] == ["Demo (1)", "demo", "ＤＥＭＯ (3)", "4", "Ann", "Ann (6-2)", "Ann (6)", "a b"]
    assert [store for _, store in names][:2] == ["店", "店 (2)"]
    assert [store for _, store in names][4:6] == ["x" * 50, "X" * 46 + " (6)"]
    assert told == [(1, 1, "Demo"), (3, 3, "ＤＥＭＯ"), (4, 4, "\u200b"), (6, 6, "Ann\u200b"), (8, 8, "  a\tb")]


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_models_and_migrations_do_not_drift_apart(migrated):
    with pools.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_indexes_are_as_the_models_say_in_each_option(migrated, empty_database):
    """What alembic does not compare: expressions, predicates, operators, included columns and storage parameters."""
    engine = create_engine(empty_database)
    Base.metadata.create_all(engine)
    engine.dispose()
    made, told = (dict(asking.run(uri, INDEXES)) for uri in (migrated, empty_database))
    assert made == told


def test_two_servers_may_start_at_once_on_an_empty_database(empty_database):
    def started(_):
        with serving(environment_for(empty_database)) as url:
            return url

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(started, range(2)))) == 2


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PLATFORM_SECRET"])
def test_a_configured_database_without_a_secret_is_refused_with_the_reason(environment, missing, tmp_path):
    given = {name: value for name, value in environment.items() if name != missing}
    refused = finished(given, "uvicorn", "app.main:app", "--port", "0", folder=tmp_path)
    assert refused.returncode != 0
    assert f"{missing} is not set" in refused.stdout


def test_the_database_can_be_configured_by_its_five_keys(environment, migrated):
    parts = psycopg2.extensions.parse_dsn(migrated)
    given = {name: value for name, value in environment.items() if name != "DATABASE_URL"}
    keys = {"DB_HOST": parts["host"], "DB_USER": parts["user"], "DB_PWD": "not p:l@in/", "DB_NAME": parts["dbname"]}
    with serving({**given, **keys, "DB_PORT": "5432"}) as url:
        assert url


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("ck_sku_stock_not_negative", "UPDATE sku SET stock = -1, status = 0"),
        ("ck_sku_status_follows_stock", "UPDATE sku SET status = 0"),
        ("ck_sku_price_not_negative", "UPDATE sku SET price = 'NaN'"),
        ("ck_order_status_known", 'UPDATE "order" SET status = 9'),
        ("ck_order_shipped_has_time", 'UPDATE "order" SET status = 1'),
        ("ck_order_pay_count_not_negative", 'UPDATE "order" SET pay_count = -1'),
        ("ck_except_order_back_cost_not_negative", "UPDATE except_order SET back_cost = -1"),
        ("ck_except_order_status_known", "UPDATE except_order SET status = 3"),
        ("ck_except_order_refused_has_remark", "UPDATE except_order SET status = 2"),
        ("ck_user_status_known", 'UPDATE "user" SET status = 2'),
        ("ck_customer_tel_phone_11_digits", "UPDATE customer SET tel_phone = '1380000000x'"),
        ("uq_order_order_number", 'UPDATE "order" SET order_number = (SELECT min(order_number) FROM "order")'),
        ("uq_user_name", 'UPDATE "user" SET name = (SELECT min(name) FROM "user")'),
        ("uq_user_name_key", "UPDATE \"user\" SET name = CASE WHEN id = (SELECT min(id) FROM \"user\") THEN 'A' ELSE 'ａ' END"),
        ("uq_user_storename", 'UPDATE "user" SET storename = (SELECT min(storename) FROM "user")'),
        (
            "uq_except_order_open",
            "INSERT INTO except_order (order_id, business_id, except_type, status, create_time, back_reason, back_cost)"
            " SELECT order_id, business_id, except_type, 0, create_time, back_reason, 1 FROM except_order",
        ),
        ("fk_order_sku_id", 'UPDATE "order" SET sku_id = 999'),
    ],
)
def test_the_database_itself_refuses(world, sql, constraint, statement):
    merchant, customer = world.merchant(), world.customer()
    world.merchant()
    world.order(merchant, customer, 0)
    world.order(merchant, customer, -1)
    with pytest.raises(psycopg2.IntegrityError) as refused:
        sql(statement)
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize("table", ["event", "stock_movement"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET actor_id = 0", "TRUNCATE {}"])
def test_ledgers_only_grow(world, sql, table, statement):
    world.sku(world.merchant())
    with pytest.raises(psycopg2.IntegrityError, match="append-only"):
        sql(statement.format(table))


def test_carriers_and_scene_bases_are_there_from_the_start(api, sql):
    carriers = api.stranger("logistics-companies").get("").json()
    assert {"SF", "ZTO", "YTO", "YD", "STO", "JD", "EMS"} <= {carrier["code"] for carrier in carriers["items"]}
    assert len(carriers["items"]) == carriers["total"]
    assert sql("SELECT id, name FROM scenebase ORDER BY id") == [(1, "博物馆"), (2, "教室"), (3, "家具")]


def test_the_embedded_database_keeps_its_data_and_its_secrets(tmp_path):
    database_keys = ("DATABASE_URL", "DB_HOST", "SECRET_KEY", "PLATFORM_SECRET")
    given = {name: value for name, value in environment_for("").items() if name not in database_keys}
    script = "import app.config; s = app.config.settings; print(s.token_key, s.platform_secrets)"
    told = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={**given, "DATA_DIR": str(tmp_path)}, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert told[0] == told[1]
    assert len(told[0].split()[0]) >= 32
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "secret_key": 0o600,
        "platform_secret": 0o600,
    }
