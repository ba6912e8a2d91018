"""A buyer has the account deleted: nothing personal stays, the orders do, and nothing that is under way is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import psycopg2
import pytest

from app.models.base import Base
from app.services.accounts import deletion
from app.services.sweeping import sweep
from tests.support.api import Caller, Platform
from tests.support.factories import PASSWORD, REFUND, made, purchase
from tests.support.samples import picture, refused, uploaded

PERSONAL = {
    "name": "李雷的账号",
    "email_address": "lilei@example.com",
    "tel_phone": "13698765432",
}
RECEIVER = {"receiver_name": "韩梅梅", "receiver_phone": "13787654321", "receiver_address": "成都市武侯区 7 号"}
CORRECTED = """
    INSERT INTO event (time, actor_kind, verb, subject, subject_id, order_id, details)
    VALUES (1, 'merchant', 'receiver', 'order', %s, %s, '{"former_receiver": {"name": "韩梅梅"}, "kept": 1}')
"""
TRACES = [*PERSONAL.values(), *RECEIVER.values(), "韩梅", "1378765", "testclient"]


@pytest.fixture
def buyer(world):
    """A buyer with everything that could give them away: they changed their account, bought, asked, and showed pictures."""
    buyer = world.customer(**PERSONAL)
    made(buyer.patch("/me", {"tel_phone": PERSONAL["tel_phone"], "email_address": "lilei@example.com"}))
    return buyer


def delete(caller, password=PASSWORD):
    return caller.call("DELETE", "/me", json={"password": password})


def tables_with(sql, trace, *, but=()):
    """The tables in which a trace of somebody is found."""
    found = 'SELECT 1 FROM "{}" t WHERE t::text LIKE %s LIMIT 1'
    return [table for table in Base.metadata.tables if table not in but and sql(found.format(table), f"%{trace}%")]


class TestWhatStays:
    def test_no_table_knows_any_more_who_it_was(self, world, merchant, buyer, sql):
        whole = {**RECEIVER, "receiver_phone": f"{RECEIVER['receiver_phone']} 转 12345678"}  # more than the column holds
        orders = [world.order(merchant, buyer, status, **given) for status, given in ((2, RECEIVER), (3, whole), (4, whole))]
        ticket = world.ask(buyer, orders[0], evidence=[uploaded(buyer, picture())["name"]])
        made(merchant.post(f"/except-orders/{ticket['id']}/refuse", {"remark": "no"}))
        uploaded(buyer, picture(size=(7, 7)))
        sql(CORRECTED, orders[0]["id"], orders[0]["id"])
        assert tables_with(sql, "lilei") == ["customer", "event"]
        made(merchant.put(f"/orders/{orders[1]['id']}/note", {"note": f"{RECEIVER['receiver_name']}的单", "flag": 2}))
        before = {order["id"]: made(merchant.get(f"/orders/{order['id']}")) for order in orders}
        made_by_login = world.api.stranger("customer").post("/login", {"name": PERSONAL["name"], "password": PASSWORD})
        buyer.token = made(made_by_login)["access_token"]
        account = "SELECT account FROM login_attempt"
        assert sql(account)
        assert delete(buyer).status_code == 204
        keys = ("idempotency_key",)  # answers to others, which last a day
        assert {trace: tables_with(sql, trace, but=keys) for trace in TRACES} == {trace: [] for trace in TRACES}
        assert sql(account) == []
        gone = dict.fromkeys(RECEIVER, deletion.ERASED)
        for order_id, order in before.items():
            assert made(merchant.get(f"/orders/{order_id}")) == {
                **order,
                **gone,
                "customer_name": made(world.admin().get(f"/customers/{buyer.id}"))["name"],
                "note": None,
                "receiver": dict.fromkeys(order["receiver"], deletion.ERASED),
            }
        assert sql("SELECT details FROM event WHERE verb = 'receiver'") == [({"kept": 1},)]
        assert sql("SELECT count(*) FROM customer_file") == [(1,)]
        assert made(merchant.get("/orders", receiver="韩梅梅"))["items"] == []
        assert len(made(merchant.get("/orders", receiver=deletion.ERASED))["items"]) == 3
        assert len(made(merchant.get("/orders", order_number=orders[0]["order_number"]))["items"]) == 1

    def test_the_session_ends_the_name_is_free_and_it_is_in_the_audit(self, world, buyer, sql):
        assert delete(buyer).status_code == 204
        for answer in (buyer.get("/me"), delete(buyer)):
            refused(answer, 401, "not_authenticated")
        stranger = world.api.stranger("customer")
        given = {"name": PERSONAL["name"], "password": PASSWORD}
        refused(stranger.post("/login", given), 401, "wrong_password")
        shown = made(world.admin().get(f"/customers/{buyer.id}"))
        assert (shown["email_address"], shown["tel_phone"], shown["last_login"]) == (None, None, None)
        refused(stranger.post("/login", {**given, "name": shown["name"]}), 401, "wrong_password")
        again = made(stranger.post("/register", {**PERSONAL, "password": PASSWORD}), 201)
        assert again["id"] != buyer.id
        (event, *_) = made(world.admin().get("/events", verb="remove"))["items"]
        of_account = ("remove", "customer", buyer.id, "customer", buyer.id, None)
        assert (
            tuple(event[name] for name in ("verb", "subject", "subject_id", "actor_kind", "actor_id", "details")) == of_account
        )

    def test_others_keep_what_is_theirs(self, world, merchant, customer, buyer, sql):
        order = world.order(merchant, customer, 2)
        made(customer.patch("/me", {"tel_phone": "13300000000"}))
        others = "SELECT t::text FROM {} t ORDER BY 1"
        before = sql(others.format('"order"')), sql("SELECT details FROM event WHERE subject_id = %s", customer.id)
        assert delete(buyer).status_code == 204
        assert (sql(others.format('"order"')), sql("SELECT details FROM event WHERE subject_id = %s", customer.id)) == before
        assert made(customer.get(f"/orders/{order['id']}"))["receiver_name"] == "张三"


class TestRefusals:
    def test_a_wrong_password_deletes_nothing_and_counts_as_a_failed_login(self, buyer, sql):
        for _ in range(5):
            answer = refused(delete(buyer, "not the password"), 422, "wrong_confirmation")
            assert answer["errors"][0]["field"] == "password"
        refused(delete(buyer), 429, "too_many_tries")
        assert made(buyer.get("/me"))["name"] == PERSONAL["name"]

    @pytest.mark.parametrize("body", [None, {}, {"password": 1}, {"password": PASSWORD, "sure": True}])
    def test_it_takes_the_password_alone(self, buyer, body):
        refused(buyer.call("DELETE", "/me", json=body), 422, "invalid_input")

    @pytest.mark.parametrize(("status", "tickets"), [(0, 0), (1, 0), (-1, 1)])
    def test_what_is_under_way_comes_first_and_is_named(self, world, merchant, buyer, sql, status, tickets):
        ended, order = world.order(merchant, buyer, 2, **RECEIVER), world.order(merchant, buyer, status)
        answer = refused(delete(buyer), 409, "account_in_use")
        assert answer["detail"].startswith(f"1 orders have not ended, {tickets} of them")
        assert order["order_number"] in answer["detail"]
        assert ended["order_number"] not in answer["detail"]
        assert made(buyer.get(f"/orders/{ended['id']}"))["receiver_name"] == RECEIVER["receiver_name"]

    def test_the_database_holds_that_nothing_personal_is_left(self, buyer, sql):
        assert delete(buyer).status_code == 204
        with pytest.raises(psycopg2.errors.CheckViolation):
            sql("UPDATE customer SET tel_phone = '13800000000' WHERE id = %s", buyer.id)

    @pytest.mark.parametrize(
        "change", ["details = details || '{\"x\": 1}'", "details = '{}', time = 0", "verb = 'x'", "details = '{\"x\": 1}'"]
    )
    def test_events_lose_details_and_nothing_else(self, world, merchant, migrated, change):
        world.sku(merchant)
        with psycopg2.connect(migrated) as connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL meta_be.erasing = 'on'")
            with pytest.raises(psycopg2.IntegrityError, match="append-only"):
                cursor.execute(f"UPDATE event SET {change}")


class TestLateOrders:
    def test_an_order_that_was_paid_before_comes_in_and_is_erased_when_it_has_ended(self, world, merchant, buyer, sql):
        sku = world.sku(merchant)
        assert delete(buyer).status_code == 204
        order = made(world.api.platform.post("/orders", purchase(sku["id"], buyer.id, **RECEIVER)), 201)
        assert sweep.sweep(order["create_time"])["erased"] == 0
        world.ship(merchant, order)
        shipped = made(merchant.get(f"/orders/{order['id']}"))
        assert shipped["receiver_address"] == RECEIVER["receiver_address"]
        done = sweep.sweep(shipped["deadline_at"] + 1)
        assert (done["received"], done["erased"]) == (1, 1)
        assert made(merchant.get(f"/orders/{order['id']}"))["receiver_name"] == deletion.ERASED
        assert tables_with(sql, "韩梅", but=("idempotency_key",)) == []
        assert sweep.sweep(shipped["deadline_at"] + 2)["erased"] == 0


class TestRaces:
    ROUNDS, RACERS = 5, 4

    def test_deleting_as_a_refund_is_asked_for_one_comes_first(self, world, merchant, served, sql):
        with httpx.Client(base_url=served(), timeout=30) as client, ThreadPoolExecutor(self.RACERS) as pool:
            for _ in range(self.ROUNDS):
                buyer = world.customer()
                order = world.order(merchant, buyer, 2, **RECEIVER)
                caller, gate = Caller(client, "customer", buyer.token), Barrier(self.RACERS)
                asked = {"except_type": REFUND, "back_reason": "不想要了"}

                def act(number, caller=caller, gate=gate, order=order, asked=asked):
                    gate.wait()
                    return caller.post(f"/orders/{order['id']}/except-orders", asked) if number % 2 else delete(caller)

                answers = list(pool.map(act, range(self.RACERS)))
                deleted = sum(answer.status_code == 204 for answer in answers[::2])
                opened = sum(answer.status_code == 201 for answer in answers[1::2])
                assert deleted + opened == 1, [answer.text for answer in answers]
                assert {answer.status_code for answer in answers} <= {201, 204, 401, 409}
                [(status, name)] = sql('SELECT status, receiver_name FROM "order" WHERE id = %s', order["id"])
                assert (status, name) == ((2, deletion.ERASED) if deleted else (-1, RECEIVER["receiver_name"]))

    def test_deleting_as_the_account_is_changed_and_an_order_placed_leaves_nothing_personal(self, world, merchant, served, sql):
        sku = world.sku(merchant, stock=1000)
        with httpx.Client(base_url=served(), timeout=30) as client, ThreadPoolExecutor(self.RACERS) as pool:
            for _ in range(self.ROUNDS):
                buyer = world.customer()
                caller, gate = Caller(client, "customer", buyer.token), Barrier(self.RACERS)

                def act(number, caller=caller, gate=gate, buyer=buyer):
                    gate.wait()
                    if number == 0:
                        return delete(caller)
                    if number == 1:
                        return Platform(client, "platform").post("/orders", purchase(sku["id"], buyer.id, **RECEIVER))
                    return caller.patch("/me", {"tel_phone": f"1390000000{number}"})

                answers = list(pool.map(act, range(self.RACERS)))
                assert {answer.status_code for answer in answers} <= {200, 201, 204, 401, 404, 409}, answers
                assert answers[1].status_code == 201
                [(phone,)] = sql("SELECT tel_phone FROM customer WHERE id = %s", buyer.id)
                assert (answers[0].status_code == 204) == (phone is None)
