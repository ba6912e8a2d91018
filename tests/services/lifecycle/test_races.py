"""Many at once, against two real server processes: each thing happens once, and nothing is sold twice."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.conftest import environment_for, serving
from tests.support.api import Api, Caller, Platform
from tests.support.effort import often
from tests.support.factories import REFUND, RETURN, World, made, purchase
from tests.support.invariants import broken

RACERS = 8
ROUNDS = often(3, 60)
CLIENTS, STOCK, PURCHASES = 64, 500, 640
pytestmark = pytest.mark.hard
PARCEL = {"logistics_id": 2, "tracking_number": "YT123"}
REASON = {"reason": "商家未处理"}
ASKED = {"except_type": REFUND, "back_reason": "不想要了"}


@pytest.fixture(scope="module")
def migrated(migrated_module: str) -> str:
    """One database for this module: its tests make rows of their own and leave the others' alone."""
    return migrated_module


@pytest.fixture(scope="module")
def clients(migrated: str) -> Iterator[list[httpx.Client]]:
    """Clients of two server processes on one database."""
    environment = {**environment_for(migrated), "POOL_SIZE": "12"}
    limits = httpx.Limits(max_connections=CLIENTS)
    with (
        serving(environment) as one,
        serving(environment) as two,
        httpx.Client(base_url=one, timeout=30, limits=limits) as first,
        httpx.Client(base_url=two, timeout=30, limits=limits) as second,
    ):
        yield [first, second]


@pytest.fixture(scope="module")
def world(migrated: str) -> Iterator[World]:
    with Api() as api:
        yield World(api)


@pytest.fixture(scope="module")
def merchant(world: World) -> Caller:
    return world.merchant()


@pytest.fixture(scope="module")
def customer(world: World) -> Caller:
    return world.customer()


class Race:
    """Sets callers off at the same moment, every other one at the other server."""

    def __init__(self, clients: list[httpx.Client]) -> None:
        self.clients = clients
        self.sent = 0

    def run(self, acts: list[tuple[Caller, str, Any]], **options: Any) -> list[httpx.Response]:
        """Send each (caller, path, body) at once, as POST unless the path says another method; the answers in their order."""
        gate = Barrier(len(acts))
        self.sent += len(acts)

        def start(act: tuple[Caller, str, Any], client: httpx.Client) -> httpx.Response:
            caller, path, body = act
            racer = type(caller)(client, caller.audience, caller.token)
            gate.wait()
            method, _, path = path.rpartition(" ")
            return racer.call(method or "POST", path, json=body, **options)

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(start, acts, itertools.cycle(self.clients)))


@pytest.fixture(scope="module")
def race(clients: list[httpx.Client]) -> Race:
    return Race(clients)


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, race: Race, tried: Callable[[str, int], None]) -> Iterator[None]:
    before = race.sent
    yield
    tried(f"requests at the same moment: {request.node.name.removeprefix('test_').replace('_', ' ')}", race.sent - before)


def codes(answers: list[httpx.Response]) -> Counter[Any]:
    """How many answers went well, by status, and how many were refused, by code."""
    return Counter(answer.status_code if answer.is_success else answer.json()["code"] for answer in answers)


def events_of(sql: Callable[..., Any], order_id: int) -> Counter[tuple]:
    """How often each move of an order and its tickets is written down."""
    rows = sql("SELECT verb, subject, from_status, to_status FROM event WHERE order_id = %s", order_id)
    return Counter(rows)


def stock_of(sql: Callable[..., Any], sku_id: int) -> int:
    """The stock, which the movements explain."""
    ((stock, moved),) = sql(
        "SELECT stock, (SELECT sum(delta) FROM stock_movement WHERE sku_id = sku.id) FROM sku WHERE id = %s", sku_id
    )
    assert stock == moved
    return stock


class TestSelling:
    def test_what_is_in_stock_is_sold_and_no_more(self, clients, world, customer, sql):
        merchant = world.merchant()
        sku = world.sku(merchant, stock=STOCK, price=0.1)
        gate = Barrier(CLIENTS)

        def buy(client: httpx.Client) -> list[httpx.Response]:
            platform = Platform(client, "platform")
            gate.wait()
            return [platform.post("/orders", purchase(sku["id"], customer.id)) for _ in range(PURCHASES // CLIENTS)]

        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(itertools.chain.from_iterable(pool.map(buy, clients * (CLIENTS // 2))))

        assert codes(answers) == {201: STOCK, "out_of_stock": PURCHASES - STOCK}
        assert stock_of(sql, sku["id"]) == 0
        assert made(merchant.get(f"/skus/{sku['id']}"))["status"] == 0
        assert sql('SELECT count(*), count(DISTINCT order_number), sum(num) FROM "order" WHERE sku_id = %s', sku["id"]) == [
            (STOCK, STOCK, STOCK)
        ]
        assert sql("SELECT min(stock_after), count(*) FROM stock_movement WHERE sku_id = %s", sku["id"]) == [(0, STOCK + 1)]
        assert made(merchant.get("/orders/counts"))["0"] == STOCK

    def test_many_skus_in_any_order_are_sold_to_the_last_one(self, clients, world, merchant, customer, sql):
        skus = [world.sku(merchant, stock=CLIENTS // 2 + n) for n in range(6)]
        gate = Barrier(CLIENTS)

        def buy(client: httpx.Client, number: int) -> list[httpx.Response]:
            platform = Platform(client, "platform")
            turn = skus[number % 6 :] + skus[: number % 6]
            gate.wait()
            return [platform.post("/orders", purchase(sku["id"], customer.id)) for sku in turn[:: 1 if number % 2 else -1]]

        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(itertools.chain.from_iterable(pool.map(buy, clients * (CLIENTS // 2), range(CLIENTS))))

        sold = sum(sku["stock"] for sku in skus)
        assert codes(answers) == {201: sold, "out_of_stock": 6 * CLIENTS - sold}
        assert [stock_of(sql, sku["id"]) for sku in skus] == [0] * 6
        assert sql('SELECT count(*) FROM "order" WHERE sku_id = ANY(%s)', [sku["id"] for sku in skus]) == [(sold,)]

    @pytest.mark.parametrize("stock", [100, 1])
    def test_one_order_number_is_one_order(self, race, world, merchant, customer, sql, stock):
        for _ in range(ROUNDS):
            sku = world.sku(merchant, stock=stock)
            sale = purchase(sku["id"], customer.id)
            answers = race.run([(world.api.platform, "/orders", sale)] * RACERS)
            assert codes(answers) == {201: 1, 200: RACERS - 1}
            assert len({answer.json()["id"] for answer in answers}) == 1
            assert stock_of(sql, sku["id"]) == stock - 1

    def test_one_order_number_for_two_sales_is_the_first_of_them(self, race, world, merchant, customer, sql):
        sku = world.sku(merchant)
        sale = purchase(sku["id"], customer.id)
        sales = [sale, {**sale, "num": 2}] * (RACERS // 2)
        answers = race.run([(world.api.platform, "/orders", one) for one in sales])
        assert codes(answers) == {201: 1, 200: RACERS // 2 - 1, "order_differs": RACERS // 2}
        ((sold,),) = sql('SELECT num FROM "order" WHERE sku_id = %s', sku["id"])
        assert stock_of(sql, sku["id"]) == 100 - sold

    def test_selling_while_the_merchant_restocks_loses_nothing(self, race, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=RACERS)
        sell = [(world.api.platform, "/orders", purchase(sku["id"], customer.id)) for _ in range(RACERS)]
        fill = [(merchant, f"/skus/{sku['id']}/stock", {"delta": 5, "reason": "入库"})] * RACERS
        assert codes(race.run(sell + fill)) == {201: RACERS, 200: RACERS}
        assert stock_of(sql, sku["id"]) == 5 * RACERS


class TestStock:
    def test_one_key_changes_the_stock_once(self, race, world, merchant, sql):
        sku = world.sku(merchant)
        change = (merchant, f"/skus/{sku['id']}/stock", {"delta": 7, "reason": "入库"})
        key = {"Idempotency-Key": f"stock-of-{sku['id']}"}
        answers = race.run([change] * RACERS, headers=key)
        after = {**sku, "stock": 107}
        for answer in answers:
            assert (answer.status_code == 200 and answer.json() == after) or answer.json()["code"] == "still_running", (
                answer.text
            )
        firsts = [answer for answer in answers if answer.is_success and "idempotent-replayed" not in answer.headers]
        assert len(firsts) == 1
        assert stock_of(sql, sku["id"]) == 107
        again = merchant.post(*change[1:], headers=key)
        assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (200, after, "true")
        assert stock_of(sql, sku["id"]) == 107

    def test_a_figure_is_set_by_the_one_who_saw_the_present_one(self, race, world, merchant, sql):
        sku = world.sku(merchant)
        figures = range(200, 200 + RACERS)
        path = f"/skus/{sku['id']}/stock"
        answers = race.run([(merchant, path, {"stock": n, "expected_stock": 100, "reason": "盘点"}) for n in figures])
        assert codes(answers) == {200: 1, "stock_changed": RACERS - 1}
        (done,) = [answer.json()["stock"] for answer in answers if answer.is_success]
        assert stock_of(sql, sku["id"]) == done

    def test_what_is_left_is_taken_once(self, race, world, merchant, sql):
        sku = world.sku(merchant, stock=10)
        answers = race.run([(merchant, f"/skus/{sku['id']}/stock", {"delta": -4, "reason": "报损"})] * RACERS)
        assert codes(answers) == {200: 2, "out_of_stock": RACERS - 2}
        assert stock_of(sql, sku["id"]) == 2

    def test_a_sku_is_taken_off_the_shop_once(self, race, world, merchant, sql):
        for _ in range(ROUNDS):
            sku = world.sku(merchant)
            answers = race.run([(merchant, f"DELETE /skus/{sku['id']}", None)] * RACERS)
            assert codes(answers) == {204: 1, "not_found": RACERS - 1}
            assert stock_of(sql, sku["id"]) == 0

    def test_what_is_taken_off_the_shop_is_written_off_for_good(self, race, world, merchant, customer, sql):
        for _ in range(2 * ROUNDS):
            sku = world.sku(merchant)
            path = f"/skus/{sku['id']}"
            fill = (merchant, f"{path}/stock", {"delta": 5, "reason": "入库"})
            sell = [(world.api.platform, "/orders", purchase(sku["id"], customer.id)) for _ in range(4)]
            answers = race.run([(merchant, f"DELETE {path}", None), *[fill] * 4, *sell])
            assert codes(answers[:1]) == {204: 1}
            assert set(codes(answers[1:5])) <= {200, "not_found"}
            assert set(codes(answers[5:])) <= {201, "unknown_sku"}
            assert stock_of(sql, sku["id"]) == 0

    def test_no_sku_is_left_of_a_product_taken_off_the_shop(self, race, world, merchant):
        for _ in range(2 * ROUNDS):
            path = f"/products/{world.product(merchant)['id']}"
            more = (merchant, f"{path}/skus", {"sku_name": "红色", "price": 1, "stock": 5})
            answers = race.run([*[more] * 4, (merchant, f"DELETE {path}", None), *[more] * 4])
            assert codes(answers[4:5]) == {204: 1}
            assert set(codes([*answers[:4], *answers[5:]])) <= {201, "not_found"}
            assert made(merchant.get("/skus", product_id=path.rpartition("/")[2]))["items"] == []


class TestOrders:
    def test_an_order_is_shipped_once_and_corrected_after(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer)
            numbers = [f"SF{number}" for number in range(RACERS)]
            ship = f"/orders/{order['id']}/ship"
            answers = race.run([(merchant, ship, {"logistic_id": 1, "logistic_order_id": number}) for number in numbers])
            assert codes(answers) == {200: RACERS}
            moves = sql(
                """SELECT from_status, to_status, time, details->>'logistic_order_id'
                FROM event WHERE order_id = %s AND verb = 'ship' ORDER BY id""",
                order["id"],
            )
            assert Counter(move[:2] for move in moves) == {(0, 1): 1, (1, 1): RACERS - 1}
            assert sorted(move[3] for move in moves) == numbers
            after = made(merchant.get(f"/orders/{order['id']}"))
            assert (after["status"], after["logistic_order_id"]) == (1, moves[-1][3])
            assert [after["deliver_time"]] == [move[2] for move in moves if move[0] == 0]

    def test_goods_are_received_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer, 1)
            answers = race.run([(customer, f"/orders/{order['id']}/receive", None)] * RACERS)
            assert codes(answers) == {200: 1, "order_completed": RACERS - 1}
            assert events_of(sql, order["id"])["receive", "order", 1, 2] == 1
            assert made(customer.get(f"/orders/{order['id']}"))["status"] == 2

    @pytest.mark.parametrize("status", [0, 1, 2])
    def test_a_refund_is_asked_for_once(self, race, world, merchant, customer, sql, status):
        order = world.order(merchant, customer, status)
        answers = race.run([(customer, f"/orders/{order['id']}/except-orders", ASKED)] * RACERS)
        assert codes(answers) == {201: 1, "open_ticket": RACERS - 1}
        assert sql("SELECT count(*) FROM except_order WHERE order_id = %s", order["id"]) == [(1,)]
        events = events_of(sql, order["id"])
        assert events["apply", "except_order", None, 0] == events["except-orders", "order", status, -1] == 1

    def test_an_order_is_not_shipped_once_its_refund_is_asked_for(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer)
            path = f"/orders/{order['id']}"
            ship = (merchant, f"{path}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"})
            answers = race.run([ship, (customer, f"{path}/except-orders", ASKED)] * (RACERS // 2))
            assert codes(answers[1::2]) == {201: 1, "open_ticket": RACERS // 2 - 1}
            shipped = codes(answers[::2])
            assert set(shipped) <= {200, "order_refunding"}
            events = events_of(sql, order["id"])
            corrected = events["ship", "order", 1, 1] + events["ship", "order", -1, -1]
            assert events["ship", "order", 0, 1] + corrected == shipped[200]
            was = 1 if shipped[200] else 0
            assert events["except-orders", "order", was, -1] == 1
            after = made(customer.get(path))
            assert (after["status"], after["deliver_time"] is None) == (-1, was == 0)

    def test_receipt_is_put_off_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer, 1)
            path = f"/orders/{order['id']}"
            answers = race.run([(merchant, f"{path}/extend", {"days": days}) for days in range(1, RACERS + 1)])
            assert codes(answers) == {200: 1, "already_extended": RACERS - 1}
            (granted,) = [answer.json()["deadline_at"] for answer in answers if answer.is_success]
            assert made(merchant.get(path))["deadline_at"] == granted
            assert events_of(sql, order["id"])["extend", "order", 1, 1] == 1

    def test_a_shipment_is_undone_once_and_not_after_receipt(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer, 1)
            path = f"/orders/{order['id']}"
            acts = [(merchant, f"{path}/unship", None), (customer, f"{path}/receive", None)] * (RACERS // 2)
            answers = race.run(acts)
            after = made(merchant.get(path))
            refusal = {0: "not_shipped", 2: "order_completed"}[after["status"]]
            assert codes(answers) == {200: 1, refusal: RACERS - 1}
            assert (after["deliver_time"] is None) == (after["status"] == 0)


class TestTickets:
    def test_a_merchant_agrees_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer, num=3)
            ticket = world.ask(customer, order)
            answers = race.run([(merchant, f"/except-orders/{ticket['id']}/agree", {})] * RACERS)
            assert codes(answers) == {200: 1, "ticket_refunded": RACERS - 1}
            assert_refunded_once(sql, order, "agree", from_status=0)

    def test_a_merchant_receives_the_goods_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            ticket = world.ticket(merchant, customer, "awaiting_receipt", num=3)
            answers = race.run([(merchant, f"/except-orders/{ticket['id']}/receive", {})] * RACERS)
            assert codes(answers) == {200: 1, "ticket_refunded": RACERS - 1}
            assert_refunded_once(sql, made(merchant.get(f"/orders/{ticket['order_id']}")), "receive", from_status=1)

    def test_a_merchant_refuses_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            order = world.order(merchant, customer)
            ticket = world.ask(customer, order)
            answers = race.run([(merchant, f"/except-orders/{ticket['id']}/refuse", {"remark": "已备货"})] * RACERS)
            assert codes(answers) == {200: 1, "ticket_refused": RACERS - 1}
            events = events_of(sql, order["id"])
            assert events["refuse", "except_order", 0, 2] == events["refuse", "order", -1, 0] == 1
            assert stock_of(sql, order["sku_id"]) == 99

    def test_goods_are_sent_back_once_and_their_parcel_corrected_after(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            ticket = world.ticket(merchant, customer, "awaiting_return")
            path = f"/except-orders/{ticket['id']}"
            numbers = [f"SF{number}" for number in range(RACERS)]
            parcels = [{"logistics_id": 1, "tracking_number": number} for number in numbers]
            answers = race.run([(customer, f"{path}/return", parcel) for parcel in parcels])
            assert codes(answers) == {200: RACERS}
            assert {answer.json()["deliver_time"] for answer in answers} == {made(customer.get(path))["deliver_time"]}
            sent = sql(
                """SELECT tracking_number FROM event JOIN return_parcel p ON p.id = (details->>'logistics_order_id')::int
                WHERE order_id = %s AND verb = 'return' ORDER BY event.id""",
                ticket["order_id"],
            )
            assert sorted(number for (number,) in sent) == numbers
            assert made(customer.get(path))["return_parcel"]["tracking_number"] == sent[-1][0]

    def test_a_buyer_withdraws_once(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            ticket = world.ticket(merchant, customer)
            answers = race.run([(customer, f"/except-orders/{ticket['id']}/withdraw", None)] * RACERS)
            assert codes(answers) == {200: 1, "ticket_withdrawn": RACERS - 1}
            events = events_of(sql, ticket["order_id"])
            assert events["withdraw", "except_order", 0, 0] == events["withdraw", "order", -1, 2] == 1

    def test_agreeing_refusing_and_withdrawing_at_once_one_wins(self, race, world, merchant, customer, sql):
        ends = {"agree": (1, 3, 100), "refuse": (2, 0, 99), "withdraw": (0, 0, 99)}
        refusals = {"agree": "ticket_refunded", "refuse": "ticket_refused", "withdraw": "ticket_withdrawn"}
        for _ in range(2 * ROUNDS):
            order = world.order(merchant, customer)
            path = f"/except-orders/{world.ask(customer, order)['id']}"
            acts = [(merchant, "agree", {}), (merchant, "refuse", {"remark": "已备货"}), (customer, "withdraw", None)]
            verbs = [verb for _, verb, _ in acts] * 3
            answers = race.run([(caller, f"{path}/{verb}", body) for caller, verb, body in acts] * 3)
            (won,) = [verb for verb, answer in zip(verbs, answers, strict=True) if answer.is_success]
            assert codes(answers) == {200: 1, refusals[won]: len(verbs) - 1}
            ticket, after = made(merchant.get(path)), made(merchant.get(f"/orders/{order['id']}"))
            assert (ticket["status"], after["status"], stock_of(sql, order["sku_id"])) == ends[won]

    def test_withdrawing_as_the_goods_are_sent_back_one_wins(self, race, world, merchant, customer):
        for _ in range(ROUNDS):
            ticket = world.ticket(merchant, customer, "awaiting_return", except_type=RETURN)
            path = f"/except-orders/{ticket['id']}"
            acts = [(customer, f"{path}/withdraw", None), (customer, f"{path}/return", PARCEL)] * (RACERS // 2)
            answers = race.run(acts)
            steps = [answer.json()["step"] for answer in answers if answer.is_success]
            (won,) = set(steps)
            refusal = {"withdrawn": "ticket_withdrawn", "awaiting_receipt": "ticket_awaiting_receipt"}[won]
            right = 1 if won == "withdrawn" else RACERS // 2
            assert codes(answers) == {200: right, refusal: RACERS - right}
            assert made(customer.get(path))["step"] == won
            status = made(customer.get(f"/orders/{ticket['order_id']}"))["status"]
            assert (won, status) in {("withdrawn", 2), ("awaiting_receipt", -1)}


class TestRefunds:
    """Money and goods of one order, settled by several at the same moment."""

    @pytest.fixture(scope="class")
    def admin(self, world):
        return world.admin()

    def test_an_order_is_cancelled_shipped_or_asked_about(self, race, world, merchant, customer, sql):
        for _ in range(2 * ROUNDS):
            order = world.order(merchant, customer, num=3)
            path = f"/orders/{order['id']}"
            acts = [
                (merchant, f"{path}/cancel", {"remark": "断货"}),
                (merchant, f"{path}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"}),
                (customer, f"{path}/except-orders", ASKED),
            ] * 3
            answers = race.run(acts)
            cancelled, shipped, asked = (codes(answers[number::3]) for number in range(3))
            assert cancelled[200] + asked[201] == 1
            assert not (cancelled[200] and shipped[200])
            after = made(merchant.get(path))
            assert (after["status"], after["refunded"]) == ((3, 29.7) if cancelled[200] else (-1, 0))
            assert stock_of(sql, order["sku_id"]) == (100 if cancelled[200] else 97)
            assert broken(sql) == {}

    def test_an_offer_is_accepted_withdrawn_raised_or_decided(self, race, world, merchant, customer, admin, sql):
        ends = {"accept": (5, "refunded"), "withdraw": (0, "withdrawn"), "agree": (10, "refunded"), "refuse": (0, "refused")}
        for _ in range(2 * ROUNDS):
            order = world.order(merchant, customer, 2, num=3)
            ticket = world.ask(customer, order, back_cost=10)
            path = f"/except-orders/{ticket['id']}"
            world.offer(merchant, ticket, 5)
            one = [
                (customer, "accept", None),
                (customer, "withdraw", None),
                (merchant, "agree", {}),
                (admin, "refuse", REASON),
            ]
            acts = one * 2
            answers = race.run([(caller, f"{path}/{verb}", body) for caller, verb, body in acts])
            assert codes(answers) == {200: 1, f"ticket_{made(customer.get(path))['step']}": 7}
            (won,) = [verb for (_, verb, _), answer in zip(acts, answers, strict=True) if answer.is_success]
            assert (made(customer.get(f"/orders/{order['id']}"))["refunded"], made(customer.get(path))["step"]) == ends[won]
            assert broken(sql) == {}

    def test_a_buyer_gets_no_less_than_what_they_saw(self, race, world, merchant, customer, sql):
        for _ in range(ROUNDS):
            ticket = world.ask(customer, world.order(merchant, customer, 2, num=3), back_cost=10)
            path = f"/except-orders/{ticket['id']}"
            world.offer(merchant, ticket, 5)
            raises = [(merchant, f"{path}/agree", {"back_cost": 5 + number / 10}) for number in range(1, RACERS)]
            answers = race.run([(customer, f"{path}/accept", None), *raises])
            assert answers[0].status_code == 200
            assert answers[0].json()["back_cost"] >= 5
            assert made(customer.get(path))["back_cost"] == answers[0].json()["back_cost"]
            assert broken(sql) == {}

    def test_goods_are_received_or_refused_once_whoever_decides(self, race, world, merchant, customer, admin, sql):
        for _ in range(2 * ROUNDS):
            ticket = world.ticket(merchant, customer, "awaiting_receipt", num=3)
            path = f"/except-orders/{ticket['id']}"
            acts = [
                (merchant, f"{path}/receive", {"pieces": 2, "back_cost": 10, "remark": "少一件"}),
                (admin, f"{path}/receive", {**REASON, "pieces": 1}),
                (merchant, f"{path}/refuse", {"remark": "空箱"}),
                (admin, f"{path}/refuse", REASON),
            ]
            answers = race.run(acts * 2)
            step = made(customer.get(f"/except-orders/{ticket['id']}"))["step"]
            assert codes(answers) == {200: 1, f"ticket_{step}": 7}
            back = sql("SELECT received, restocked FROM return_quantity WHERE ticket_id = %s", ticket["id"])
            assert back in ([(2, 2)], [(1, 1)], [(None, None)])
            assert broken(sql) == {}

    def test_part_after_part_is_refunded_and_never_more_than_all(self, race, world, merchant, customer, admin, sql):
        order = world.order(merchant, customer, 1, num=3)
        for expected in (
            {201: 1, "open_ticket": RACERS - 1},
            {201: 1, "open_ticket": RACERS - 1},
            {"refund_too_large": RACERS},
        ):
            asked = race.run([(customer, f"/orders/{order['id']}/except-orders", {**ASKED, "back_cost": 11})] * RACERS)
            assert codes(asked) == expected
            for answer in (answer for answer in asked if answer.is_success):
                path = f"/except-orders/{answer.json()['id']}/agree"
                agreed = race.run([(merchant, path, {}), (admin, path, REASON)] * (RACERS // 2))
                assert codes(agreed) == {200: 1, "ticket_refunded": RACERS - 1}
        after = made(merchant.get(f"/orders/{order['id']}"))
        assert (after["status"], after["refunded"]) == (1, 22)
        assert broken(sql) == {}

    def test_an_ask_that_waited_for_a_settlement_sees_what_is_left(self, race, world, merchant, customer, sql):
        for _ in range(2 * ROUNDS):
            order = world.order(merchant, customer, 1, num=3)
            path = f"/except-orders/{world.ask(customer, order, back_cost=20)['id']}/agree"
            answers = race.run([(merchant, path, {}), *[(customer, f"/orders/{order['id']}/except-orders", ASKED)] * 5])
            assert answers[0].status_code == 200
            for answer in answers[1:]:
                assert answer.json().get("code") == "open_ticket" or answer.json()["back_cost"] == 9.7
            assert broken(sql) == {}


def assert_refunded_once(sql: Callable[..., Any], order: dict[str, Any], verb: str, *, from_status: int) -> None:
    """One move of the ticket, one of its order, and the goods back in stock once."""
    events = events_of(sql, order["id"])
    assert events[verb, "except_order", from_status, 1] == events["refund", "order", -1, 3] == 1
    back = sql("SELECT delta FROM stock_movement WHERE reference = %s AND delta > 0", order["order_number"])
    assert back == [(order["num"],)]
    assert stock_of(sql, order["sku_id"]) == 100
