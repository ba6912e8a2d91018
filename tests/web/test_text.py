"""What people type is understood: text is stored as it looks, whatever stands in it that cannot be seen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import text
from tests.support.factories import made

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
SHAKING_HEAD = "\N{SLIGHTLY SMILING FACE}\u200d\N{LEFT RIGHT ARROW}\ufe0f"
CODER = "\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\u200d\N{PERSONAL COMPUTER}"


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


class TestLines:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("  水杯 ", "水杯"),
            ("水\t\r\n 杯", "水 杯"),
            ("水\u3000杯", "水 杯"),
            ("水\x00\x1b杯", "水 杯"),
            ("Cafe\u0301", "Café"),
            ("\ufeff水\u200b杯\u202e", "水杯"),
            ("水杯\u3164", "水杯"),
            (FAMILY, FAMILY),
            (SHAKING_HEAD, SHAKING_HEAD),
            (CODER, CODER),
            (f"水\u200d杯{CODER}\u200d", f"水杯{CODER}"),
        ],
    )
    def test_a_name_is_stored_as_it_looks(self, merchant, typed, stored):
        assert made(merchant.post("/products", {"name": typed}), 201)["name"] == stored

    @pytest.mark.parametrize("typed", ["", " ", "\u200b", "\ufeff\u3164", "\u0301", "\x00", "\u2800"])
    def test_a_name_with_nothing_to_see_is_empty(self, merchant, typed):
        answer = merchant.post("/products", {"name": typed})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "string_too_short")

    def test_marks_without_end_take_no_time(self, merchant):
        answer = merchant.post("/products", {"name": "a" + "\u0301\u0316" * 150_000})
        assert made(answer, 201)["name"].startswith("á")


class TestProse:
    def test_line_breaks_stay_and_other_control_characters_go(self, merchant):
        made_of = {"name": "水杯", "desc": "一行\r\n二行\u2028三行\x00\t  末 \n"}
        assert made(merchant.post("/products", made_of), 201)["desc"] == "一行\n二行\n三行   末"

    @pytest.mark.parametrize("empty", ["", " \n", "\u200b", None])
    def test_an_optional_text_that_is_empty_is_null(self, merchant, empty):
        product = made(merchant.post("/products", {"name": "水杯", "desc": empty, "unit": empty}), 201)
        assert (product["desc"], product["unit"]) == (None, None)
        changed = made(merchant.patch(f"/products/{product['id']}", {"desc": "x"}))
        assert made(merchant.patch(f"/products/{changed['id']}", {"desc": empty}))["desc"] is None


class TestCodes:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            (" SF 1391 2345 ", "SF13912345"),
            ("ＳＦ１３９１", "SF1391"),
            ("YT\u200b12-3_4.5", "YT12-3_4.5"),
            ("sfAb1\n", "sfAb1"),
        ],
    )
    def test_a_tracking_number_is_understood_wherever_it_is_given(self, world, merchant, customer, typed, stored):
        order = world.order(merchant, customer)
        shipped = made(merchant.post(f"/orders/{order['id']}/ship", {"logistic_id": 1, "logistic_order_id": typed}))
        assert shipped["logistic_order_id"] == stored
        another = world.order(merchant, customer)
        item = {"order_id": another["id"], "logistic_id": 1, "logistic_order_id": typed}
        assert made(merchant.post("/orders/ship", {"items": [item]}))["shipped"] == 1
        assert made(merchant.get(f"/orders/{another['id']}"))["logistic_order_id"] == stored
        ticket = world.ticket(merchant, customer, "awaiting_return")
        sent = made(customer.post(f"/except-orders/{ticket['id']}/return", {"logistics_id": 2, "tracking_number": typed}))
        assert sent["return_parcel"]["tracking_number"] == stored

    @pytest.mark.parametrize("typed", ["", "单号", "SF/1", "x" * 31])
    def test_what_is_no_tracking_number_is_refused(self, world, merchant, customer, typed):
        order = world.order(merchant, customer)
        answer = merchant.post(f"/orders/{order['id']}/ship", {"logistic_id": 1, "logistic_order_id": typed})
        assert answer.status_code == 422

    @pytest.mark.parametrize("typed", ["13800000000", " １３８ 0000 0000", "+86 138-0000-0000", "008613800000000"])
    def test_a_phone_is_understood(self, customer, typed):
        assert made(customer.patch("/me", {"tel_phone": typed}))["tel_phone"] == "13800000000"


class TestMoney:
    @pytest.mark.parametrize(("sent", "stored"), [(19.9 * 3, 59.7), (3.1 * 0.8, 2.48), (0.1 + 0.2, 0.3)])
    def test_float_noise_is_no_third_decimal(self, world, merchant, sent, stored):
        sku = world.sku(merchant, price=sent)
        assert sku["price"] == stored

    @pytest.mark.parametrize("sent", [0.001, 1.005, 2.4801, 0.000001, -0.01])
    def test_a_third_decimal_is_refused(self, merchant, sent):
        body = {"name": "水杯", "skus": [{"sku_name": "x", "price": sent, "stock": 1}]}
        assert merchant.post("/products", body).status_code == 422


class TestQueries:
    def test_an_empty_parameter_is_no_filter(self, world, merchant, customer):
        order = world.order(merchant, customer)
        for query in (
            "status=&receiver=",
            "receiver=%20%E2%80%8B",
            "status=&status=",
            "sku_id=&overdue=&cursor=&page=",
            "status=0,",
        ):
            assert [row["id"] for row in made(merchant.call("GET", f"/orders?{query}"))["items"]] == [order["id"]], query
        assert made(merchant.call("GET", "/statistics/trend?from=&to=&by="))["by"] == "day"

    def test_an_unknown_one_is_refused_though_it_is_empty(self, merchant):
        assert merchant.call("GET", "/orders?unknown=").status_code == 422


@given(st.text())
def test_plain_text_stays_as_it_is(sent):
    for plain in (text.one_line, text.prose, text.code, text.compact):
        once = plain(sent)
        assert plain(once) == once
        assert "\x00" not in once
        once.encode()
    assert unicodedata.is_normalized("NFC", text.one_line(sent))


@given(st.text(min_size=1), st.integers(1, 40))
def test_a_cut_is_the_beginning_and_fits(sent, longest):
    plain = text.one_line(sent)
    assert plain.startswith(text.cut(plain, longest))
    assert len(text.cut(plain, longest)) <= longest
    assert bool(text.cut(plain, longest)) == bool(plain)
