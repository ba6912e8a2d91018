"""Staff find the buyer who calls, by the account's phone or one that an order of theirs was sent to."""

import pytest

from app.db.work import ADMIN, CUSTOMER, Actor, Work
from app.services.accounts import accounts
from app.services.paging import NEWEST, Start
from tests.support.factories import PASSWORD, made
from tests.support.plans import explained, rows_read


@pytest.fixture
def admin(world):
    return world.admin()


def found(admin, phone, **asked):
    shown = made(admin.get("/customers", phone=phone, **asked))
    assert shown["total"] == len(shown["items"])
    return [row["id"] for row in shown["items"]]


FORMS = ["13911112222", "+86 139 1111 2222", "0086-139-1111-2222", "139-1111-2222", "１３９１１１１２２２２"]


@pytest.mark.parametrize("form", FORMS)
def test_by_the_phone_of_the_account(world, admin, form):
    buyer = world.customer()
    world.customer()
    made(buyer.patch("/me", {"tel_phone": "13911112222"}))
    assert found(admin, form) == [buyer.id]
    assert found(admin, "13911112223") == []


@pytest.mark.parametrize("written", FORMS)
@pytest.mark.parametrize("asked", FORMS)
def test_by_the_phone_of_a_receiver(world, admin, merchant, customer, written, asked):
    world.order(merchant, customer, receiver_phone=written)
    world.order(merchant, world.customer(), receiver_phone="13911112223")
    assert found(admin, asked) == [customer.id]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("0571-88888888", "057188888888"),
        ("021-5555 1234", "021-55551234"),
        ("18412345678-1234", "18412345678"),
        ("13911112222转801", "139 1111 2222"),
        ("021-5555", "021 5555"),
    ],
)
def test_a_landline_and_one_with_an_extension(world, admin, merchant, customer, written, asked):
    world.order(merchant, customer, receiver_phone=written)
    assert found(admin, asked) == [customer.id]


def test_each_buyer_is_shown_once_newest_first(world, admin, merchant):
    buyers = [world.customer() for _ in range(3)]
    made(buyers[0].patch("/me", {"tel_phone": "13911112222"}))
    for buyer in (*buyers[:2], buyers[0]):
        world.order(merchant, buyer, receiver_phone="13911112222")
    assert found(admin, "13911112222") == [buyers[1].id, buyers[0].id]
    assert found(admin, "13911112222", name=buyers[0].account["name"]) == [buyers[0].id]
    first = made(admin.get("/customers", phone="13911112222", size=1))
    rest = made(admin.get("/customers", phone="13911112222", cursor=first["next_cursor"]))
    assert [row["id"] for row in rest["items"]] == [buyers[0].id]


def test_a_corrected_receiver_is_found_by_the_phone_as_it_is_now(world, admin, merchant, customer):
    order = world.order(merchant, customer, receiver_phone="13911112222")
    made(merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_phone": "13933334444"}))
    assert (found(admin, "13911112222"), found(admin, "13933334444")) == ([], [customer.id])


def test_a_deleted_account_is_found_no_more(world, admin, merchant, customer):
    phone = customer.account["tel_phone"]
    world.order(merchant, customer, 2, receiver_phone="13911112222")
    assert customer.id in found(admin, phone)
    answer = customer.call("DELETE", "/me", json={"password": PASSWORD})
    assert answer.status_code == 204
    assert customer.id not in found(admin, phone)
    assert found(admin, "13911112222") == []


@pytest.mark.parametrize("phone", ["abc", "1234", "-", "转1", "139%"])
def test_what_is_no_phone_is_refused(admin, phone):
    answer = admin.get("/customers", phone=phone)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "phone")


@pytest.mark.long
@pytest.mark.parametrize("phone", ["13900000007", "13800000000", "13700000000"], ids=["one", "a station's", "none"])
def test_few_are_read_of_many(world, admin, sql, phone):
    sku = world.sku(world.merchant())
    sql("""
        SET session_replication_role = replica;
        INSERT INTO customer (id, name, tel_phone, password_hash, create_time, update_time)
        SELECT 1000 + n, 'many' || n, '136' || lpad(n::text, 8, '0'), '!', n, n FROM generate_series(1, 20000) n;
        INSERT INTO "order" (order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
            receiver_name, receiver_phone, receiver_address)
        SELECT 'M' || n, 0, 1, 1000 + n, %s, 1, '{}', 1, n,
            'x', CASE WHEN n %% 2 = 0 THEN '13800000000' ELSE '139' || lpad(n::text, 8, '0') END, 'x'
        FROM generate_series(1, 20000) n
    """, sku["id"])  # fmt: skip
    sql("RESET session_replication_role")
    sql("ANALYZE")
    statement = accounts._listing(CUSTOMER)._statement(ADMIN, frozenset({"phone"}), Start.CURSOR, NEWEST)
    with Work(Actor(ADMIN, admin.id), writes=False) as work:
        plan = explained(work, statement, phone=phone, after_time=2**31 - 1, after_id=2**31 - 1)
    read = rows_read(plan)
    assert read["order"] <= (2_000 if phone == "13800000000" else 1)  # every second one is the station's
    assert read["customer"] <= (1_000 if phone == "13800000000" else 1)
