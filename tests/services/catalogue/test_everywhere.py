"""Staff look at the products of all merchants: on the shop, unlisted, and taken off it."""

import pytest

from app.db.work import ADMIN, Actor, Work
from app.services.catalogue import everywhere
from app.services.paging import NEWEST, Start
from tests.support.factories import as_told, made
from tests.support.plans import explained, rows_read


@pytest.fixture
def admin(world):
    return world.admin()


@pytest.fixture
def shops(world):
    return [world.merchant(), world.merchant()]


@pytest.fixture
def products(world, shops):
    """Products of two shops by turns, by their names."""
    names = ("青花瓷瓶", "白瓷碗", "紫砂壶", "瓷盘")
    made_of = {name: world.product(shops[place % 2], name=name)["id"] for place, name in enumerate(names)}
    made(shops[1].patch(f"/products/{made_of['白瓷碗']}", {"listed": False}))
    assert shops[0].delete(f"/products/{made_of['紫砂壶']}").status_code == 204
    return made_of


def found(admin, **asked):
    shown = made(admin.get("/products", **asked))
    assert shown["total"] == len(shown["items"])
    return [row["name"] for row in shown["items"]]


def test_all_shops_are_shown_newest_first(admin, products):
    assert found(admin) == ["瓷盘", "白瓷碗", "青花瓷瓶"]
    assert found(admin, removed=True) == ["紫砂壶"]
    first = made(admin.get("/products", size=2))
    rest = made(admin.get("/products", size=2, cursor=first["next_cursor"]))
    assert [row["name"] for row in (*first["items"], *rest["items"])] == found(admin)
    assert (rest["total"], rest["next_cursor"]) == (None, None)


def test_filters(admin, shops, products):
    assert found(admin, business_id=shops[0].id) == ["青花瓷瓶"]
    assert found(admin, business_id=shops[0].id, removed=True) == ["紫砂壶"]
    assert found(admin, name="瓷") == ["瓷盘", "白瓷碗", "青花瓷瓶"]
    assert found(admin, name="瓷", business_id=shops[1].id) == ["瓷盘", "白瓷碗"]
    assert found(admin, listed=True) == ["瓷盘", "青花瓷瓶"]
    assert found(admin, listed=False) == ["白瓷碗"]
    assert found(admin, listed=False, business_id=shops[0].id) == []
    assert found(admin, removed=True, listed=False) == []
    assert found(admin, removed="", name="") == found(admin)


@pytest.mark.parametrize("asked", [{"business_id": 0}, {"listed": "maybe"}, {"name": "x" * 51}, {"q": "x"}], ids=str)
def test_what_is_no_filter_is_refused(admin, asked):
    assert admin.get("/products", **asked).status_code == 422


def test_a_row_is_as_its_merchant_sees_it_with_the_shop(admin, shops, products):
    for row in made(admin.get("/products"))["items"]:
        shop = next(each for each in shops if each.id == row["business_id"])
        told = made(shop.get(f"/products/{row['id']}"))
        assert told == as_told(told, row)
        assert (row["storename"], row["removed"]) == (shop.account["storename"], False)
        assert made(admin.get(f"/products/{row['id']}")) == row


def test_one_that_was_taken_off_the_shop_is_shown_alone_too(admin, shops, products):
    [row] = made(admin.get("/products", removed=True))["items"]
    assert row["removed"] is True
    assert made(admin.get(f"/products/{products['紫砂壶']}")) == row
    answer = admin.get("/products/99999")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.long
@pytest.mark.parametrize("asked", [{}, {"listed": False}, {"removed": True}, {"business_id": 1}], ids=str)
@pytest.mark.parametrize("start", Start)
def test_a_page_reads_few_of_many_products(admin, shops, world, sql, asked, start):
    world.product(shops[0])
    sql("""
        INSERT INTO product (business_id, name, create_time, last_update)
        SELECT 1, n::text, 1700000000 + n, 1 FROM generate_series(1, 30000) n
    """)
    for table in ("unlisted_product", "removed_product"):
        sql(f"INSERT INTO {table} (product_id, create_time) SELECT id, 1 FROM product WHERE name IN ('7', '29000')")
    sql("ANALYZE")
    statement = everywhere._listing(ADMIN)._statement(ADMIN, frozenset(everywhere._chosen(asked)), start, NEWEST)
    with Work(Actor(ADMIN, admin.id), writes=False) as work:
        plan = explained(work, statement, **asked, skip=20, after_time=2**31 - 1, after_id=2**31 - 1)
    counted = 0 if start is Start.CURSOR or not asked.keys() <= {"business_id"} else 10_001
    assert rows_read(plan)["product"] <= 60 + counted
