"""Requests with an Idempotency-Key join batches too, and each key is still answered once."""

from concurrent.futures import ThreadPoolExecutor

from app.services import idempotency
from tests.support.api import Caller
from tests.support.batches import codes, transactions, under
from tests.support.factories import made, purchase
from tests.support.waiting import WAITING, eventually

KEPT = "SELECT key, status, body FROM idempotency_key WHERE scope = %s ORDER BY key"
HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(concat(%s::text, ' ', %s::text), 0))"
REPLAYED = "idempotent-replayed"


class TestPlacing:
    def test_they_share_a_transaction_with_those_that_have_none_and_their_answers_are_kept(
        self, at_once, platform, world, merchant, customer, sql
    ):
        sku = world.sku(merchant, stock=20)
        bodies = [purchase(sku["id"], customer.id) for _ in range(6)]
        keys = ["a", "b", None, "c", None, None]
        answers = at_once(bodies, keys)
        assert codes(answers) == [201] * 6
        assert transactions(sql, [answer.json() for answer in answers]) < len(answers)
        kept = [(key, 201, answer.text) for key, answer in zip(keys, answers, strict=True) if key]
        assert sql(KEPT, "platform") == kept
        for body, key, answer in zip(bodies, keys, answers, strict=True):
            assert REPLAYED not in answer.headers
            if key:
                again = platform.post("/orders", body, headers=under(key))
                assert (again.status_code, again.content, again.headers[REPLAYED]) == (201, answer.content, "true")
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(14,)]

    def test_the_same_key_twice_in_a_batch_is_one_order(self, at_once, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=20)
        one, other = [purchase(sku["id"], customer.id) for _ in range(2)]
        answers = at_once([one, one, other, one], ["a", "a", "a", "a"])
        first = next(answer for answer in answers if answer.is_success and REPLAYED not in answer.headers)
        same = [answer for answer in answers if answer.content == first.content]
        assert codes(same) == [201] * len(same)
        assert [answer.headers.get(REPLAYED) for answer in same if answer is not first] == ["true"] * (len(same) - 1)
        others = {*codes([answer for answer in answers if answer not in same])}
        assert others <= {"key_reused", "still_running"}  # by the purchase that it was used for, and while another looked
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(19,)]

    def test_a_used_key_is_answered_as_at_first_beside_new_ones(self, at_once, platform, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=20)
        old, *bodies = [purchase(sku["id"], customer.id) for _ in range(4)]
        first = platform.post("/orders", old, headers=under("old"))
        assert first.status_code == 201
        made(platform.post("/orders", purchase(world.sku(merchant)["id"], customer.id), headers=under("older")), 201)
        answers = at_once([bodies[0], old, bodies[1], bodies[2]], ["a", "old", "older", None])
        assert codes(answers) == [201, 201, "key_reused", 201]
        assert (answers[1].content, answers[1].headers[REPLAYED]) == (first.content, "true")
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(17,)]

    def test_a_refused_one_keeps_no_key_and_stops_no_other(self, at_once, platform, world, merchant, customer, sql):
        small, large = world.sku(merchant, stock=1), world.sku(merchant, stock=20)
        refused = purchase(small["id"], customer.id, num=2)
        bodies = [purchase(large["id"], customer.id), refused, purchase(large["id"], customer.id)]
        assert codes(at_once(bodies, ["a", "b", "c"])) == [201, "out_of_stock", 201]
        assert [key for key, *_ in sql(KEPT, "platform")] == ["a", "c"]
        made(merchant.post(f"/skus/{small['id']}/stock", {"delta": 5, "reason": "入库"}))
        again = platform.post("/orders", refused, headers=under("b"))
        assert (again.status_code, REPLAYED in again.headers) == (201, False)

    def test_an_order_placed_before_is_answered_under_a_new_key_too(self, at_once, platform, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=20)
        bodies = [purchase(sku["id"], customer.id) for _ in range(2)]
        first = made(platform.post("/orders", bodies[0]), 201)
        answers = at_once(bodies, ["a", "b"])
        assert codes(answers) == [200, 201]
        assert answers[0].json() == first
        assert [(key, status) for key, status, _ in sql(KEPT, "platform")] == [("a", 200), ("b", 201)]
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(18,)]

    def test_goods_that_were_removed_come_in_under_a_key(self, at_once, world, merchant, customer, sql):
        removed, sku = world.sku(merchant, stock=5), world.sku(merchant, stock=5)
        assert merchant.delete(f"/skus/{removed['id']}").status_code == 204
        answers = at_once([purchase(each["id"], customer.id) for each in (removed, sku)], ["a", "b"])
        assert codes(answers) == [201, 201]
        assert [key for key, *_ in sql(KEPT, "platform")] == ["a", "b"]

    def test_an_old_key_is_as_a_new_one(self, at_once, platform, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=20)
        old, new = [purchase(sku["id"], customer.id) for _ in range(2)]
        made(platform.post("/orders", old, headers=under("a")), 201)
        sql("UPDATE idempotency_key SET create_time = create_time - %s", idempotency.LIFE)
        answers = at_once([new, purchase(sku["id"], customer.id)], ["a", None])
        assert codes(answers) == [201, 201]
        assert REPLAYED not in answers[0].headers
        assert sql(KEPT, "platform") == [("a", 201, answers[0].text)]

    def test_a_key_that_another_request_holds_is_told_and_stops_no_other(
        self, at_once, world, merchant, customer, blocked, sql
    ):
        sku = world.sku(merchant, stock=20)
        with blocked(HOLD, "platform", "held"):
            answers = at_once([purchase(sku["id"], customer.id) for _ in range(3)], ["a", "held", None])
        assert codes(answers) == [201, "still_running", 201]
        assert answers[1].headers["retry-after"] == "1"
        assert [key for key, *_ in sql(KEPT, "platform")] == ["a"]
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(18,)]

    def test_a_key_that_is_kept_by_another_request_meanwhile_spoils_no_other(
        self, at_once, world, merchant, customer, blocked, sql
    ):
        sku = world.sku(merchant, stock=20)
        bodies = [purchase(sku["id"], customer.id) for _ in range(3)]
        kept = "INSERT INTO idempotency_key (scope, key, fingerprint, status, body, create_time) VALUES "
        kept += "('platform', 'a', 'x', 201, '{}', extract(epoch FROM now()))"
        with blocked(kept) as blocker, ThreadPoolExecutor(1) as pool:
            answers = pool.submit(at_once, bodies, ["a", "b", None])
            eventually(lambda: sql(f"{WAITING} AND wait_event = 'transactionid'"))
            blocker.commit()
            assert codes(answers.result()) == ["key_reused", 201, 201]
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(18,)]


class TestMoves:
    def test_each_answer_is_kept_for_its_caller(self, client, shipped, world, customer, sql):
        shops = [world.merchant(), world.merchant()]
        shipments = [(shop, world.order(shop, customer), f"SF{n}") for n, shop in enumerate(shops * 2, start=1)]
        answers = shipped(shipments, ["a", "a", "b", None])
        assert codes(answers) == [200] * 4
        assert transactions(sql, [order for _, order, _ in shipments]) < len(shipments)
        kept = {shop.id: sql(KEPT, f"merchant:{shop.id}") for shop in shops}
        assert kept[shops[0].id] == [("a", 200, answers[0].text), ("b", 200, answers[2].text)]
        assert kept[shops[1].id] == [("a", 200, answers[1].text)]
        for (shop, order, number), key, answer in zip(shipments, ["a", "a", "b"], answers, strict=False):
            body = {"logistic_id": 1, "logistic_order_id": number}
            again = Caller(client, "merchant", shop.token).post(f"/orders/{order['id']}/ship", body, headers=under(key))
            assert (again.content, again.headers[REPLAYED]) == (answer.content, "true")
        moves = sql("SELECT count(*) FROM event WHERE verb = 'ship' AND order_id = ANY(%s)", [o["id"] for _, o, _ in shipments])
        assert moves == [(4,)]

    def test_one_key_ships_one_order(self, shipped, world, merchant, customer, sql):
        orders = [world.order(merchant, customer) for _ in range(3)]
        shipments = [(merchant, order, f"SF{order['id']}") for order in orders]
        answers = shipped(shipments, ["a", "a", "b"])
        assert sorted(map(str, codes(answers))) == ["200", "200", "key_reused"]
        assert answers[2].is_success
        assert sql('SELECT count(*) FROM "order" WHERE status = 1 AND id = ANY(%s)', [o["id"] for o in orders]) == [(2,)]

    def test_who_may_not_keeps_no_key(self, shipped, world, merchant, customer, sql):
        order, intruder = world.order(merchant, customer), world.merchant()
        gone = world.merchant()
        assert gone.post("/logout").status_code == 204
        answers = shipped([(intruder, order, "EVIL"), (gone, order, "EVIL"), (merchant, order, "SF1")], ["a", "a", "a"])
        assert codes(answers) == ["not_found", "not_authenticated", 200]
        assert sql("SELECT scope FROM idempotency_key") == [(f"merchant:{merchant.id}",)]

    def test_a_shipment_and_its_correction_are_made_once_each(self, client, shipped, world, merchant, customer, sql):
        order = world.order(merchant, customer)
        numbers = {"a": "SF1", "b": "SF2"}
        answers = shipped([(merchant, order, number) for number in numbers.values()], numbers)
        assert codes(answers) == [200, 200]
        caller = Caller(client, "merchant", merchant.token)
        for (key, number), first in zip(numbers.items(), answers, strict=True):
            body = {"logistic_id": 1, "logistic_order_id": number}
            again = caller.post(f"/orders/{order['id']}/ship", body, headers=under(key))
            assert (again.content, again.headers[REPLAYED]) == (first.content, "true")
        assert sql("SELECT count(*) FROM event WHERE order_id = %s AND verb = 'ship'", order["id"]) == [(2,)]
