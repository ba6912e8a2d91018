"""Reads asked for at the same time: one statement, each answered as if it had come alone."""

import asyncio
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from fastapi.routing import APIRoute
from psycopg2.errors import InvalidTextRepresentation
from sqlalchemy import Float, Integer, Text, bindparam, cast, func

from app.db.async_driver import on_loop
from app.db.caller import proved
from app.db.read_batches import MOST, PATIENCE, ForMany
from app.db.statement import Statement
from app.db.work import MERCHANT, Actor, Work
from app.errors import Disabled, NotAuthenticated, NotFound, ScopeMissing, WrongApiKey
from app.main import app
from app.security import API_KEY, read_api_key, read_token
from app.services.orders import queries
from tests.db.test_statements import statements
from tests.support.api import PREFIX, Caller
from tests.support.factories import REFUND, made, new_key, with_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.long
WORD, SECONDS = bindparam("word", type_=Text), bindparam("seconds", type_=Float)
BEGUN = func.extract("epoch", func.statement_timestamp())
ECHO = Statement(proved(MERCHANT, WORD.label("word"), BEGUN.label("begun")), guarded=True)
NUMBER = Statement(proved(MERCHANT, cast(WORD, Integer).label("number")), guarded=True)
PAUSE = Statement(proved(MERCHANT, WORD.label("word"), func.pg_sleep(SECONDS).label("slept")), guarded=True)
PATHS = {
    "merchant": (
        "/orders",
        "/orders?status=0",
        "/orders?status=0,-1&size=1",
        "/orders?sort=oldest",
        "/orders/counts",
        "/orders/{mine}",
        "/orders/{mine}/events",
        "/orders/{theirs}",
        "/orders/{theirs}/events",
        "/except-orders",
        "/except-orders/counts",
        "/products",
        "/skus",
        "/skus?sort=stock",
        "/movements",
        "/me",
    ),
    "customer": ("/orders", "/orders/counts", "/orders/{mine}", "/orders/{theirs}", "/except-orders", "/me"),
}
FILTERED = (
    "/orders?status=1&overdue=true",
    "/orders?sku_id=1&create_from=1&create_to=2&flag=3",
    "/orders?flag=0&overdue=false",
    "/orders?ids=1,2",
    "/orders?cursor=MTc4MDAwMDAwMC4x",
    "/except-orders?waiting_for=merchant&overdue=true&except_type=退货退款",
    "/except-orders?step=offered,awaiting_receipt&create_from=1&create_to=2",
    "/except-orders?order_id=1&status=0,1",
    "/except-orders?cursor=MTc4MDAwMDAwMC4x",
    "/except-orders/counts?waiting_for=merchant",
    "/products?name=a&listed=false",
    "/skus?q=a&low_stock=true",
    "/skus?product_id=1&sku_code=a&listed=true",
    "/movements?sku_id=1&reason=盘点&create_from=1&create_to=2",
)


def actor(caller, scope="read"):
    if caller.token.startswith(API_KEY):
        key = read_api_key(caller.token)
        return Actor(MERCHANT, key.account_id, key.digest, key.key_id, scope)
    token = read_token(caller.token, MERCHANT, int(time.time()))
    return Actor(MERCHANT, token.account_id, token.session)


def reading(actor, statement, **parameters):
    """A read by this actor."""

    def act():
        work = Work(actor, writes=False)
        return work.perform(lambda: work.one(statement, **parameters))

    return act


def together(*acts):
    """What these reads, asked for at once, return or raise."""

    async def ask():
        return await asyncio.gather(*map(on_loop, acts), return_exceptions=True)

    return asyncio.run(ask())


def test_they_are_one_statement_up_to_a_number(merchant):
    echo = Statement(ECHO.clause, guarded=True)  # one that nobody has asked alone
    rows = together(*(reading(actor(merchant), echo, word=str(number)) for number in range(MOST + 5)))
    assert [row.word for row in rows] == [str(number) for number in range(MOST + 5)]
    assert [len({row.begun for row in batch}) for batch in (rows[:MOST], rows[MOST:], rows)] == [1, 1, 2]


def test_each_caller_is_let_in_or_not_for_themselves(world, merchant, customer):
    ended, disabled, other = world.merchant(), world.merchant(), world.merchant()
    order, theirs = (world.order(shop, customer)["id"] for shop in (merchant, other))
    machine, deleted = with_key(merchant, new_key(merchant, "read")["key"]), new_key(merchant)
    late = with_key(merchant, deleted["key"])
    assert merchant.delete(f"/api-keys/{deleted['id']}").status_code == 204
    assert ended.post("/logout").status_code == 204
    made(world.admin().post(f"/users/{disabled.id}/disable"))
    asked = [
        (actor(merchant), order),
        (actor(ended), order),
        (actor(other), order),
        (actor(machine), order),
        (actor(disabled), order),
        (actor(machine, "orders"), order),
        (actor(late), order),
        (actor(other), theirs),
        (actor(merchant), theirs),
        (actor(merchant), order),
    ]

    def one(who, order_id):
        work = Work(who, writes=False)
        return lambda: work.perform(lambda: queries.get(work, order_id))

    answers = together(*(one(*each) for each in asked))
    mine, _, _, by_machine, _, _, _, of_other, _, again = answers
    assert [type(each) for each in answers] == [
        str,
        NotAuthenticated,
        NotFound,
        str,
        Disabled,
        ScopeMissing,
        WrongApiKey,
        str,
        NotFound,
        str,
    ]
    assert mine == by_machine == again
    assert f'"id":{order},' in mine
    assert f'"id":{theirs},' in of_other


def test_a_proof_that_was_given_in_a_batch_is_asked_for_again(merchant):
    work = Work(actor(merchant), writes=False)
    row, _ = together(lambda: work.perform(lambda: work.one(ECHO, word="a")), reading(actor(merchant), ECHO, word="b"))
    assert row.word == "a"
    assert merchant.post("/logout").status_code == 204
    [refused] = together(lambda: work.perform(work.prove))
    assert isinstance(refused, NotAuthenticated)


def test_what_one_of_them_makes_fail_fails_alone(merchant):
    words = ["1", "2", "no number", "4"]
    answers = together(*(reading(actor(merchant), NUMBER, word=word) for word in words))
    assert [getattr(each, "number", type(each)) for each in answers] == [1, 2, InvalidTextRepresentation, 4]


def test_a_slow_one_holds_up_only_those_beside_it(merchant):
    done = []

    async def ask(word, seconds):
        row = await on_loop(reading(actor(merchant), PAUSE, word=word, seconds=seconds))
        done.append(row.word)

    async def ask_all():
        before = [asyncio.create_task(ask(*each)) for each in (("slow", 1), ("beside it", 0))]
        await asyncio.sleep(2 * PATIENCE)
        await asyncio.gather(*before, ask("after it", 0), ask("and this", 0))

    asyncio.run(ask_all())
    assert done == ["after it", "and this", "slow", "beside it"]


def test_a_lost_connection_is_told_to_all_and_replaced(merchant, sql):
    def lose():
        sleeping = "state = 'active' AND query LIKE '%%seconds%%' AND pid <> pg_backend_pid()"
        eventually(lambda: sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sleeping}"))

    with ThreadPoolExecutor(1) as other:
        lost = other.submit(lose)
        answers = together(*(reading(actor(merchant), PAUSE, word=word, seconds=20) for word in "ab"))
        lost.result()
    assert all(isinstance(each, psycopg2.OperationalError) for each in answers)
    [row] = together(reading(actor(merchant), ECHO, word="c"))
    assert row.word == "c"


def test_who_leaves_takes_no_other_along(merchant):
    async def ask():
        asking = [asyncio.create_task(on_loop(reading(actor(merchant), PAUSE, word=word, seconds=0.2))) for word in "abc"]
        await asyncio.sleep(0.05)
        asking[1].cancel()
        return await asyncio.gather(*asking, return_exceptions=True)

    first, left, last = asyncio.run(ask())
    assert (first.word, type(left), last.word) == ("a", asyncio.CancelledError, "c")


def test_each_statement_that_is_prepared_can_be_asked_by_many(migrated, world):
    """Those that modules make at import, and those that the routes make when they are first asked."""
    callers = {caller.audience: caller for caller in (world.merchant(), world.customer(), world.admin())}
    paths = [route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in route.methods]
    for route in paths:
        audience, _, path = route.removeprefix(f"{PREFIX}/").partition("/")
        if audience in callers and (audience, path) != ("merchant", "events"):  # which is a stream
            for filtered in ({}, *each_filter(route)):
                callers[audience].get("/" + re.sub(r"\{\w+\}", "1", path), **filtered)
    for path in PATHS["merchant"] + FILTERED:
        callers["merchant"].call("GET", path.format(mine=1, theirs=2))
    read = [each for each in statements() if each.kept and not each.whole and not isinstance(each, ForMany)]
    assert len(read) > 50
    assert {name for each in read for name, known in each.types.items() if known is None} == set()
    with psycopg2.connect(migrated) as connection, connection.cursor() as cursor:
        for one in read:
            many = ForMany(one)
            cursor.execute(many.preparation(cursor))
            cursor.execute(many.call, {many.parameters[0]: "[]"})
            assert (cursor.fetchall(), cursor.description[-1].name) == ([], _last_column(cursor, one))


def each_filter(path):
    """Each parameter of a list's query, with the example that the document has of it; of a choice, each."""
    for given in app.openapi()["paths"][path]["get"].get("parameters", []):
        if given.get("in") == "query":
            examples = [given["example"]] if "example" in given else []
            for value in examples + given["schema"].get("enum", []):
                yield {given["name"]: value}


def _last_column(cursor, one):
    """What an answer to one call ends with."""
    cursor.execute(one.preparation(cursor))
    cursor.execute(one.call, dict.fromkeys(one.parameters))
    return cursor.description[-1].name


@pytest.mark.parametrize("audience", PATHS)
def test_over_http_a_crowd_is_answered_as_each_of_it_alone(client, world, audience):
    shops, buyers = [world.merchant() for _ in range(4)], [world.customer() for _ in range(4)]
    orders = [world.order(shop, buyer) for shop, buyer in zip(shops * 2, buyers * 2, strict=True)]
    for buyer, order in zip(buyers, orders, strict=False):
        world.ask(buyer, order, REFUND)
    callers = [Caller(client, audience, each.token) for each in (shops if audience == MERCHANT else buyers)]
    callers.append(Caller(client, audience, "nobody's"))
    asked = [
        (caller, path.format(mine=orders[number % 4]["id"], theirs=orders[(number + 1) % 4]["id"]))
        for number, caller in enumerate(callers)
        for path in PATHS[audience]
    ]
    alone = {each: told(*each) for each in asked}
    assert len({body for _, body in alone.values()}) > len(asked) / 2
    crowd = asked * 5
    random.shuffle(crowd)
    with ThreadPoolExecutor(40) as pool:
        answers = pool.map(lambda each: told(*each), crowd)
        assert all(answer == alone[each] for each, answer in zip(crowd, answers, strict=True))


def told(caller, path):
    answer = caller.call("GET", path)
    return answer.status_code, answer.text if answer.is_success else answer.json()["code"]
