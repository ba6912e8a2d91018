"""Idempotency-Key: one answer per key, and nothing is done twice."""

import pytest

from tests.support.factories import made, purchase

KEY = {"Idempotency-Key": "6f1f0f3e-0001"}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def shipping(world, merchant, customer):
    orders = [world.order(merchant, customer) for _ in range(2)]
    body = {"logistic_id": 1, "logistic_order_id": "SF1"}
    return merchant, [f"/orders/{order['id']}/ship" for order in orders], body, {**body, "logistic_order_id": "SF2"}


def stocking(world, merchant, customer):
    paths = [f"/skus/{world.sku(merchant)['id']}/stock" for _ in range(2)]
    return merchant, paths, {"delta": 5, "reason": "盘点"}, {"delta": 6, "reason": "盘点"}


def selling(world, merchant, customer):
    body = {"name": "水杯", "skus": [{"sku_name": "蓝色", "price": 9.9, "stock": 3}]}
    return merchant, ["/products"], body, {**body, "name": "茶杯"}


def agreeing(world, merchant, customer):
    tickets = [world.ticket(merchant, customer) for _ in range(2)]
    return merchant, [f"/except-orders/{ticket['id']}/agree" for ticket in tickets], {"remark": "好"}, {"remark": "可以"}


def asking(world, merchant, customer):
    orders = [world.order(merchant, customer) for _ in range(2)]
    body = {"except_type": "仅退款", "back_reason": "不想要了"}
    paths = [f"/orders/{order['id']}/except-orders" for order in orders]
    return customer, paths, body, {**body, "back_reason": "买错了"}


def placing(world, merchant, customer):
    body = purchase(world.sku(merchant)["id"], customer.id)
    return world.api.platform, ["/orders"], body, {**body, "num": 2}


USES = [shipping, stocking, selling, agreeing, asking, placing]


@pytest.fixture(params=USES, ids=lambda use: use.__name__)
def use(request, world, merchant, customer, sql):
    """A call that changes something: who calls, one or two paths, its body, and another body; no key is kept yet."""
    sql("DELETE FROM idempotency_key WHERE scope = 'platform'")
    return request.param(world, merchant, customer)


def test_the_same_key_and_body_is_answered_as_at_first_and_changes_nothing(use, sql):
    caller, (path, *_), body, _ = use
    first = caller.post(path, body, headers=KEY)
    assert first.is_success
    assert "idempotent-replayed" not in first.headers
    before = stored(sql)
    again = caller.post(path, body, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert stored(sql) == before


def test_the_first_answer_is_given_though_the_row_has_moved_on(world, merchant, customer):
    order = world.order(merchant, customer)
    body = {"logistic_id": 1, "logistic_order_id": "SF1"}
    first = merchant.post(f"/orders/{order['id']}/ship", body, headers=KEY)
    made(customer.post(f"/orders/{order['id']}/receive"))
    assert merchant.post(f"/orders/{order['id']}/ship", body, headers=KEY).content == first.content


def test_another_body_or_path_with_a_used_key_is_refused_and_changes_nothing(use, sql):
    caller, (path, *other_paths), body, other_body = use
    assert caller.post(path, body, headers=KEY).is_success
    before = stored(sql)
    for answer in (
        caller.post(path, other_body, headers=KEY),
        *(caller.post(other, body, headers=KEY) for other in other_paths),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert stored(sql) == before


def test_without_a_key_or_with_another_one_it_is_done_again(merchant, world):
    path, body = f"/skus/{world.sku(merchant)['id']}/stock", {"delta": 5, "reason": "盘点"}
    stocks = [made(merchant.post(path, body, headers=key))["stock"] for key in (KEY, {}, {}, {"Idempotency-Key": "other"})]
    assert stocks == [105, 110, 115, 120]


def test_the_keys_of_two_merchants_do_not_meet(world):
    body = {"name": "水杯"}
    made_by_each = []
    for merchant in (world.merchant(), world.merchant()):
        answer = merchant.post("/products", body, headers=KEY)
        assert "idempotent-replayed" not in answer.headers
        made_by_each.append(made(answer, 201))
    assert made_by_each[0]["id"] != made_by_each[1]["id"]


def test_the_keys_of_a_merchant_and_a_customer_with_the_same_id_do_not_meet(world, sql):
    sql("SELECT setval(pg_get_serial_sequence('\"user\"', 'id'), 1000), setval(pg_get_serial_sequence('customer', 'id'), 1000)")
    merchant, customer = world.merchant(), world.customer()
    assert merchant.id == customer.id
    order = world.order(merchant, customer, 1)
    assert merchant.post("/products", {"name": "水杯"}, headers=KEY).status_code == 201
    assert made(customer.post(f"/orders/{order['id']}/receive", headers=KEY))["status"] == 2


class TestRegister:
    def test_registering_again_with_the_key_makes_no_second_account(self, api, sql):
        body = {"name": "钥匙", "password": "correct horse", "storename": "钥匙店"}
        merchant = api.stranger("merchant")
        first = merchant.post("/register", body, headers=KEY)
        assert first.status_code == 201
        again = merchant.post("/register", body, headers=KEY)
        assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (201, first.content, "true")
        assert sql('SELECT count(*) FROM "user" WHERE name = %s', body["name"]) == [(1,)]

    def test_strangers_who_choose_the_same_key_do_not_meet(self, api):
        merchant = api.stranger("merchant")
        names = ["甲", "乙"]
        answers = [
            merchant.post("/register", {"name": name, "password": "correct horse", "storename": name}, headers=KEY)
            for name in names
        ]
        assert [made(answer, 201)["name"] for answer in answers] == names

    def test_what_is_kept_holds_no_password(self, api, sql):
        body = {"name": "保密", "password": "correct horse", "storename": "保密店"}
        made(api.stranger("merchant").post("/register", body, headers=KEY), 201)
        kept = sql("SELECT * FROM idempotency_key WHERE body LIKE %s", "%保密店%")
        assert len(kept) == 1
        assert body["password"] not in str(kept)


def test_a_refused_request_leaves_no_key(world, merchant, sql):
    path = f"/skus/{world.sku(merchant, stock=1)['id']}/stock"
    refused = merchant.post(path, {"delta": -2, "reason": "盘点"}, headers=KEY)
    assert refused.status_code == 409
    assert sql("SELECT count(*) FROM idempotency_key WHERE scope = %s", f"merchant:{merchant.id}") == [(0,)]
    made(merchant.post(path, {"delta": 1, "reason": "盘点"}))
    assert made(merchant.post(path, {"delta": -2, "reason": "盘点"}, headers=KEY))["stock"] == 0


def test_after_a_day_the_key_is_new_again(world, merchant, sql):
    path, scope = f"/skus/{world.sku(merchant)['id']}/stock", f"merchant:{merchant.id}"
    made(merchant.post(path, {"delta": 1, "reason": "盘点"}, headers=KEY))
    sql("UPDATE idempotency_key SET create_time = create_time - 86400 + 60 WHERE scope = %s", scope)
    assert merchant.post(path, {"delta": 2, "reason": "盘点"}, headers=KEY).status_code == 422
    sql("UPDATE idempotency_key SET create_time = create_time - 60 WHERE scope = %s", scope)
    answer = merchant.post(path, {"delta": 2, "reason": "盘点"}, headers=KEY)
    assert made(answer)["stock"] == 103
    assert "idempotent-replayed" not in answer.headers
    again = merchant.post(path, {"delta": 2, "reason": "盘点"}, headers=KEY)
    assert (again.content, again.headers["idempotent-replayed"]) == (answer.content, "true")


def test_a_dead_session_learns_nothing_from_a_used_key(world, merchant):
    body = {"name": "水杯"}
    made(merchant.post("/products", body, headers=KEY), 201)
    assert merchant.post("/logout").status_code == 204
    answer = merchant.post("/products", body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_disabled_merchant_learns_nothing_from_a_used_key(world, merchant):
    body = {"name": "水杯"}
    made(merchant.post("/products", body, headers=KEY), 201)
    made(world.admin().post(f"/users/{merchant.id}/disable"))
    answer = merchant.post("/products", body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (403, "disabled")


def stored(sql):
    """All that a call could change: how many rows there are, the stocks, and the states."""
    tables = ('"order"', "except_order", "product", "sku", "stock_movement", "event", "idempotency_key", "order_tally")
    counts = [sql(f"SELECT count(*) FROM {table}")[0][0] for table in tables]
    return counts, sql("SELECT sum(stock) FROM sku"), sql('SELECT sum(status * id) FROM "order"')
