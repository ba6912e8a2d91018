"""Staff look through everything that happened: by time, actor, subject, type and request, whatever the number of events."""

import time

import pytest

from app.db.work import ADMIN, Actor, Work
from app.services.events import audit
from app.services.paging import NEWEST, Start
from tests.support.factories import made
from tests.support.plans import explained, rows_read

NOW = int(time.time())


@pytest.fixture
def admin(world):
    return world.admin()


def found(admin, **asked):
    shown = made(admin.get("/events", size=100, **asked))
    assert shown["total"] == len(shown["items"])
    return shown["items"]


def types(admin, **asked):
    return [event["type"] for event in found(admin, **asked)]


@pytest.fixture
def ticket(world, merchant, customer):
    return world.ticket(merchant, customer, "refunded")


class TestFilters:
    def test_by_actor(self, world, admin, merchant, customer, ticket):
        assert types(admin, actor_kind="customer", actor_id=customer.id) == [
            "except_order.return",
            "order.except-orders",
            "except_order.apply",
            "order.receive",
        ]
        other = world.merchant()
        assert {event["actor_id"] for event in found(admin, actor_kind="merchant")} - {None} == {merchant.id}  # None registered
        assert types(admin, actor_kind="merchant", actor_id=other.id) == []
        made(admin.post(f"/users/{merchant.id}/disable"))
        assert types(admin, actor_kind="admin", actor_id=admin.id) == ["user.disable"]
        assert types(admin, actor_kind="admin")[0] == "user.disable"
        assert {event["actor_id"] for event in found(admin, actor_kind="platform")} == {None}

    def test_by_subject(self, admin, merchant, ticket):
        life = ["order.refund", "order.except-orders", "order.receive", "order.ship", "order.place"]
        assert types(admin, subject="order", subject_id=ticket["order_id"]) == life
        steps = ["except_order.receive", "except_order.return", "except_order.agree", "except_order.apply"]
        assert types(admin, subject="except_order", subject_id=ticket["id"]) == steps
        assert types(admin, subject="refund", subject_id=ticket["id"]) == ["refund.due"]
        assert types(admin, subject="refund", subject_id=ticket["id"] + 1) == []
        assert "product.create" in types(admin, subject="product")
        assert types(admin, subject="webhook") == []

    def test_by_type(self, admin, merchant, ticket):
        order_id = ticket["order_id"]
        (shipped,) = found(admin, type="order.ship")
        assert (shipped["subject_id"], shipped["actor_id"]) == (order_id, merchant.id)
        assert found(admin, type="order.ship", subject_id=order_id) == [shipped]
        assert found(admin, type="order.ship", subject_id=order_id + 1) == []
        assert found(admin, type="order.ship", subject="order", verb="ship") == [shipped]
        assert found(admin, type="order.ship", verb="place") == []
        assert found(admin, type="order.ship", subject="sku") == []
        assert types(admin, type="order.except-orders") == ["order.except-orders"]
        assert types(admin, type="sku.create") == ["sku.create"]
        assert types(admin, type="webhook.disable") == []

    def test_by_verb(self, admin, ticket):
        assert {event["verb"] for event in found(admin, verb="receive")} == {"receive"}
        assert types(admin, verb="receive") == ["except_order.receive", "order.receive"]

    def test_by_request(self, admin, merchant, customer, world):
        orders = [world.order(merchant, customer) for _ in range(2)]
        items = [{"order_id": order["id"], "logistic_id": 1, "logistic_order_id": "SF1"} for order in orders]
        made(merchant.call("POST", "/orders/ship", json={"items": items}, headers={"X-Request-ID": "ERP-2026.1"}))
        shipped = found(admin, request_id="ERP-2026.1")
        assert {event["subject_id"] for event in shipped} == {order["id"] for order in orders}
        assert {(event["type"], event["request_id"]) for event in shipped} == {("order.ship", "ERP-2026.1")}
        assert found(admin, request_id="ERP-2026") == []

    def test_by_time(self, admin, ticket, sql):
        sql("ALTER TABLE event DISABLE TRIGGER append_only")
        sql("UPDATE event SET time = %s + id", NOW)
        whole = found(admin)
        assert [event["time"] for event in whole] == sorted((event["time"] for event in whole), reverse=True)
        middle = whole[len(whole) // 2]["time"]
        assert found(admin, time_from=middle) == [event for event in whole if event["time"] >= middle]
        assert found(admin, time_to=middle) == [event for event in whole if event["time"] <= middle]
        assert [event["time"] for event in found(admin, time_from=middle, time_to=middle)] == [middle]
        late = found(admin, time_from=middle, actor_kind="merchant")
        assert late == [event for event in whole if event["time"] >= middle and event["actor_kind"] == "merchant"]

    def test_those_of_another_time_stand_where_they_happened(self, world, admin, merchant, customer):
        world.order(merchant, customer)
        long_ago = world.order(merchant, customer, create_time=NOW - 1000)
        last = found(admin)[-1]
        assert last["time"] <= min(event["time"] for event in found(admin))
        assert long_ago["id"] in {event["subject_id"] for event in found(admin, type="order.place")}

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"actor_id": 1}, "actor_kind_missing"),
            ({"subject_id": 1}, "subject_missing"),
            ({"actor_kind": "robot"}, "literal_error"),
            ({"type": "ship"}, "string_pattern_mismatch"),
            ({"request_id": "a b"}, "string_pattern_mismatch"),
            ({"time_from": -1}, "greater_than_equal"),
            ({"digest": "x"}, "extra_forbidden"),
        ],
        ids=str,
    )
    def test_what_is_no_filter_is_refused(self, admin, asked, code):
        answer = admin.get("/events", **asked)
        assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (422, [code])


MANY = """
    INSERT INTO event (time, actor_kind, actor_id, verb, subject, subject_id, business_id, order_id, request_id)
    SELECT 1700000000 + n, CASE n %% 3 WHEN 0 THEN 'platform' ELSE 'merchant' END, NULLIF(n %% 3, 0),
        (ARRAY['place', 'stock', 'ship', 'apply'])[1 + n %% 4],
        (ARRAY['order', 'sku', 'order', 'except_order'])[1 + n %% 4],
        CASE WHEN n %% 4 = 1 THEN n %% 500 ELSE n END, 1 + n %% 2, CASE WHEN n %% 4 <> 1 THEN n END, md5(n::text)
    FROM generate_series(1, 40000) n
"""
FEW = """
    INSERT INTO event (time, actor_kind, actor_id, verb, subject, subject_id, business_id, request_id)
    VALUES (1700000001, 'admin', 9, 'disable', 'user', 7, 7, 'rare'), (1700000002, 'admin', 8, 'create', 'webhook', 7, 7, 'r')
"""
ASKED = (
    {},
    {"time_from": 1_700_010_000, "time_to": 1_700_010_100},
    {"time_to": 1_700_000_500, "type": "order.place"},
    {"actor_kind": "merchant", "actor_id": 1},
    {"actor_kind": "merchant", "actor_id": 77},
    {"actor_kind": "admin"},
    {"actor_kind": "admin", "actor_id": 9},
    {"subject": "order", "subject_id": 20_000},
    {"subject": "sku", "subject_id": 41},
    {"subject": "user", "subject_id": 7},
    {"subject": "order"},
    {"subject": "sku"},
    {"subject": "webhook"},
    {"type": "order.ship"},
    {"type": "user.disable"},
    {"type": "order.unship"},
    {"verb": "unship"},
    {"verb": "disable"},
    {"verb": "ship"},
    {"request_id": "rare"},
    {"business_id": 7},
    {"business_id": 1},
    {"business_id": 1, "actor_kind": "admin"},
    {"order_id": 20_000},
)


class TestManyEvents:
    @pytest.fixture(scope="class")
    def migrated(self, migrated_module):
        """One database for this class, whose tests only read."""
        return migrated_module

    @pytest.fixture
    def many(self, world, sql):
        if not sql("SELECT 1 FROM event LIMIT 1"):
            sql(MANY)
            sql(FEW)
            sql("VACUUM ANALYZE event")

    @pytest.mark.parametrize("asked", ASKED, ids=str)
    def test_a_page_reads_few(self, many, asked):
        statement = audit._listing(ADMIN)._statement(ADMIN, frozenset(audit._chosen(asked)), Start.CURSOR, NEWEST)
        given = {**audit._chosen(asked), **audit._type(asked), "after_time": 2**31 - 1, "after_id": 2**60}
        with Work(Actor(ADMIN, 1), writes=False) as work:
            plan = explained(work, statement, **given)
        assert rows_read(plan)["event"] <= 200
