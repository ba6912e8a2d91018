"""Statistics: right to the cent against a plain recount, in the days and hours of any time zone."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.config import Settings, settings
from app.db.work import MERCHANT, Actor, Work
from app.services.statistics import reports
from tests.support.factories import REFUND, made

SHANGHAI, NEW_YORK, KOLKATA = "Asia/Shanghai", "America/New_York", "Asia/Kolkata"
HOUR, DAY = 3600, 86_400
NOTHING = {"orders": 0, "sales": 0, "refunds": 0, "refunded": 0}


@pytest.fixture
def zone(monkeypatch):
    def use(name):
        monkeypatch.setattr(settings, "timezone", name)

    return use


@pytest.fixture
def sell(world, customer, sql):
    """Sells for `amount` at a time, and refunds `back` at another."""

    def sold(merchant, at, amount=9.9, *, sku=None, num=1, back=None, refunded_at=None):
        order = world.order(merchant, customer, sku=sku, num=num, pay_count=amount, create_time=at)
        if back is not None:
            ticket = world.ask(customer, order, REFUND, back_cost=back)
            made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
            sql("UPDATE except_order SET close_time = %s WHERE id = %s", refunded_at, ticket["id"])
        return order

    return sold


def unix(text, name=SHANGHAI):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name)).timestamp())


def trend(merchant, first, last, by="day"):
    shown = made(merchant.get("/statistics/trend", **{"from": first, "to": last, "by": by}))
    assert (shown["from"], shown["to"], shown["by"], shown["timezone"]) == (first, last, by, settings.timezone)
    return shown["items"]


def sales_of(row):
    return {name: row[name] for name in NOTHING}


class TestTrend:
    @pytest.mark.long
    @pytest.mark.parametrize("name", [SHANGHAI, NEW_YORK, KOLKATA, "UTC", "Australia/Lord_Howe", "America/Sao_Paulo"])
    @pytest.mark.parametrize(
        ("by", "first", "last"),
        [("day", "2018-10-30", "2018-11-12"), ("hour", "2018-11-03", "2018-11-05"), ("hour", "2019-04-06", "2019-04-07")],
    )
    def test_is_a_plain_recount_to_the_cent(self, world, merchant, customer, sql, zone, name, by, first, last):
        zone(name)
        model = world.order(merchant, customer, pay_count=10_000)["id"]  # enough for all the refunds
        begin = unix(first, name)
        end = unix(str(date.fromisoformat(last) + timedelta(days=1)), name)
        edges = [begin - 1, begin, end - 1, end]
        chance = random.Random(first)
        sales = [
            (at, chance.randrange(1, 10**9)) for at in edges + [chance.randrange(begin - DAY, end + DAY) for _ in range(300)]
        ]
        refunds = [(at, cents) for at, cents in zip(edges + [at for at, _ in sales[40:90]], range(7, 600, 7), strict=False)]
        columns = "status, customer_id, sku_id, num, sku_snapshot, receiver_name, receiver_phone, receiver_address"
        other = world.merchant().id
        for business_id, factor in ((merchant.id, 1), (other, 3)):
            for number, (at, cents) in enumerate(sales):
                sql(
                    f'INSERT INTO "order" (order_number, business_id, pay_count, create_time, {columns})'
                    f' SELECT %s, %s, %s, %s, {columns} FROM "order" WHERE id = %s',
                    f"{business_id}-{number}", business_id, cents * factor / 100, at, model,
                )  # fmt: skip
            sql("SET session_replication_role = replica")  # all of them are of one order, which owes no such sum
            for at, cents in refunds:
                sql(
                    "INSERT INTO except_order (order_id, business_id, except_type, status, create_time, close_time,"
                    " back_reason, back_cost) VALUES (%s, %s, '仅退款', 1, 1, %s, 'x', %s)",
                    model, business_id, at, cents * factor / 100,
                )  # fmt: skip
            sql("RESET session_replication_role")
        shown = trend(merchant, first, last, by)
        assert [row["time"] for row in shown] == sorted({row["time"] for row in shown})
        assert {row["period"]: sales_of(row) for row in shown if sales_of(row) != NOTHING} == recount(
            sales, refunds, begin, end, name, by
        )

    def test_empty_days_are_zeros(self, merchant, sell):
        sell(merchant, unix("2024-02-28T12:00"), 0.1)
        sell(merchant, unix("2024-03-02T12:00"), 0.2)
        shown = trend(merchant, "2024-02-27", "2024-03-02")
        assert [(row["period"][5:], row["sales"]) for row in shown] == [
            ("02-27", 0), ("02-28", 0.1), ("02-29", 0), ("03-01", 0), ("03-02", 0.2),
        ]  # fmt: skip
        assert sales_of(shown[0]) == NOTHING
        assert [row["time"] for row in shown[:2]] == [unix("2024-02-27"), unix("2024-02-28")]

    def test_days_end_where_the_next_begins(self, merchant, sell):
        for amount, at in ((1, "2024-05-01T00:00:00"), (2, "2024-05-01T23:59:59"), (4, "2024-05-02T00:00:00")):
            sell(merchant, unix(at), amount)
        assert [row["sales"] for row in trend(merchant, "2024-04-30", "2024-05-02")] == [0, 3, 4]

    def test_hours_end_where_the_next_begins(self, merchant, sell):
        for amount, at in ((1, "2024-05-01T00:59:59"), (2, "2024-05-01T01:00:00"), (4, "2024-05-01T23:59:59")):
            sell(merchant, unix(at), amount)
        shown = trend(merchant, "2024-05-01", "2024-05-01", "hour")
        assert [row["sales"] for row in shown] == [1, 2, *[0] * 21, 4]
        assert shown[1]["period"] == "2024-05-01T01:00+08:00"

    def test_refunds_count_when_refunded(self, merchant, sell):
        sell(merchant, unix("2024-05-01"), 5, back=3.5, refunded_at=unix("2024-05-03T08:00"))
        shown = trend(merchant, "2024-05-01", "2024-05-03")
        assert [sales_of(row) for row in shown] == [
            {"orders": 1, "sales": 5, "refunds": 0, "refunded": 0},
            NOTHING,
            {"orders": 0, "sales": 0, "refunds": 1, "refunded": 3.5},
        ]

    def test_only_settled_refunds_count(self, world, merchant, customer):
        for step in ("applied", "awaiting_return", "awaiting_receipt", "refused", "withdrawn"):
            world.ticket(merchant, customer, step)
        today = datetime.now(ZoneInfo(SHANGHAI)).date()
        assert sales_of(trend(merchant, str(today), str(today))[0]) == {"orders": 5, "sales": 49.5, "refunds": 0, "refunded": 0}
        world.ticket(merchant, customer, "refunded")
        assert sales_of(trend(merchant, str(today), str(today))[0]) == {
            "orders": 6,
            "sales": 59.4,
            "refunds": 1,
            "refunded": 9.9,
        }

    @pytest.mark.parametrize(
        ("day", "hours", "repeated"), [("2024-03-10", 23, 0), ("2024-11-03", 25, 1), ("2024-07-01", 24, 0)]
    )
    def test_a_day_has_as_many_hours_as_its_clock_shows(self, merchant, zone, day, hours, repeated):
        zone(NEW_YORK)
        shown = trend(merchant, day, day, "hour")
        assert len(shown) == hours
        assert [row["time"] for row in shown] == [unix(day, NEW_YORK) + number * HOUR for number in range(hours)]
        assert hours - len({row["period"][:16] for row in shown}) == repeated
        assert len({row["period"] for row in shown}) == hours

    def test_others_sales_are_not_ones_own(self, world, merchant, sell):
        sell(world.merchant(), unix("2024-05-01"), 5, back=5, refunded_at=unix("2024-05-01"))
        assert sales_of(trend(merchant, "2024-05-01", "2024-05-01")[0]) == NOTHING

    def test_large_amounts_keep_their_cents(self, merchant, sell, sql):
        for _ in range(3):
            sell(merchant, unix("2024-05-01"), 9_999_999_999_999.01)
        with Work(Actor(MERCHANT, merchant.id), writes=False) as work:
            body = reports.trend(work, date(2024, 5, 1), date(2024, 5, 1), "day")
        assert '"sales":29999999999997.03,' in body

    def test_without_days_it_is_the_last_thirty(self, merchant):
        shown = made(merchant.get("/statistics/trend"))
        today = datetime.now(ZoneInfo(SHANGHAI)).date()
        assert (shown["to"], shown["from"], len(shown["items"])) == (str(today), str(today - timedelta(days=29)), 30)

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("from=2024-01-02&to=2024-01-01", "range_reversed"),
            ("from=2023-01-01&to=2024-01-02", "range_too_long"),
            ("from=2024-01-01&to=2024-02-01&by=hour", "range_too_long"),
            ("from=2024-1-1", "day_format"),
            ("from=20240101", "day_format"),
            ("from=2024-W01-1", "day_format"),
            ("from=2024-02-30", "day_format"),
            ("from=2024-01-01T00:00:00", "day_format"),
            ("from=1700000000", "day_format"),
            ("from=0001-01-01", "greater_than_equal"),
            ("to=9999-12-31", "less_than_equal"),
            ("by=week", "literal_error"),
            ("day=2024-01-01", "extra_forbidden"),
        ],
    )
    def test_wrong_ranges_are_refused(self, merchant, query, code):
        answer = merchant.call("GET", f"/statistics/trend?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == code

    def test_the_longest_ranges(self, merchant):
        assert len(trend(merchant, "2024-01-01", "2024-12-31")) == 366
        assert len(trend(merchant, "2024-01-01", "2024-01-31", "hour")) == 31 * 24
        assert len(trend(merchant, "1970-01-01", "1970-01-01", "hour")) == 24
        assert len(trend(merchant, "2037-12-31", "2037-12-31")) == 1


class TestTopSkus:
    def test_by_sales(self, world, merchant, sell):
        skus = [world.sku(merchant, sku_name=name) for name in ("红", "绿", "蓝")]
        at = unix("2024-05-01T12:00")
        sell(merchant, at, 10.01, sku=skus[0], num=2)
        sell(merchant, at, 10.02, sku=skus[0], num=1)
        sell(merchant, at, 30, sku=skus[1], num=3, back=12.5, refunded_at=at + DAY)
        sell(merchant, at - DAY, 99, sku=skus[2], back=99, refunded_at=at)
        sell(merchant, at, 0.01, sku=skus[2])
        sell(world.merchant(), at, 500)
        shown = made(merchant.get("/statistics/top-skus", **{"from": "2024-05-01", "to": "2024-05-01"}))["items"]
        assert [(row["sku_name"], row["product_name"], row["sold"], *sales_of(row).values()) for row in shown] == [
            ("绿", "水杯", 3, 1, 30, 0, 0),
            ("红", "水杯", 3, 2, 20.03, 0, 0),
            ("蓝", "水杯", 1, 1, 0.01, 1, 99),
        ]
        assert [row["sku_id"] for row in shown] == [skus[position]["id"] for position in (1, 0, 2)]
        week = made(merchant.get("/statistics/top-skus", **{"from": "2024-04-28", "to": "2024-05-04", "limit": 2}))["items"]
        assert [(row["sku_name"], row["sales"], row["refunded"]) for row in week] == [("蓝", 99.01, 99), ("绿", 30, 12.5)]

    def test_a_removed_sku_keeps_its_name(self, world, merchant, sell):
        sku = world.sku(merchant, sku_name="红")
        sell(merchant, unix("2024-05-01"), sku=sku)
        assert merchant.delete(f"/products/{sku['product_id']}").status_code == 204
        [row] = made(merchant.get("/statistics/top-skus", **{"from": "2024-05-01", "to": "2024-05-01"}))["items"]
        assert (row["sku_name"], row["product_name"]) == ("红", "水杯")

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "from=2024-01-02&to=2024-01-01", "from=2020-01-01", "by=day"])
    def test_wrong_queries_are_refused(self, merchant, query):
        assert merchant.call("GET", f"/statistics/top-skus?{query}").status_code == 422


class TestOverview:
    def test_of_a_merchant(self, world, merchant, customer, sell):
        now = int(datetime.now(UTC).timestamp())
        today = datetime.now(ZoneInfo(SHANGHAI)).date()
        midnight = unix(str(today))
        sell(merchant, now, 5)
        sell(merchant, midnight - 1, 7, back=2.5, refunded_at=now)
        sell(merchant, midnight - DAY - 1, 11)
        sell(merchant, now - 49 * HOUR - DAY, 13)
        world.ask(customer, sell(merchant, midnight - 2 * DAY, 17))
        world.sku(merchant, stock=10)
        world.order(world.merchant(), customer)
        shown = made(merchant.get("/statistics/overview"))
        assert shown["today"] == {"date": str(today), "orders": 1, "sales": 5, "refunds": 1, "refunded": 2.5}
        assert shown["yesterday"] == {
            "date": str(today - timedelta(days=1)), "orders": 1, "sales": 7, "refunds": 0, "refunded": 0,
        }  # fmt: skip
        assert shown["now"] == {
            "to_ship": made(merchant.get("/orders", status=0))["total"],
            "overdue": made(merchant.get("/orders", overdue=True))["total"],
            "open_tickets": 1,
            "low_stock": made(merchant.get("/skus", low_stock=True))["total"],
        }
        assert [shown["now"][name] for name in ("to_ship", "low_stock")] == [4, 1]

    def test_of_a_new_merchant(self, merchant):
        shown = made(merchant.get("/statistics/overview"))
        assert sales_of(shown["today"]) == sales_of(shown["yesterday"]) == NOTHING
        assert shown["now"] == {"to_ship": 0, "overdue": 0, "open_tickets": 0, "low_stock": 0}

    def test_of_the_platform(self, world, merchant, customer, sell):
        now = int(datetime.now(UTC).timestamp())
        sell(merchant, now, 5, back=5, refunded_at=now)
        sell(world.merchant(), now, 7.01)
        sell(world.merchant(), now - 20 * DAY, 9)
        world.ticket(merchant, customer)
        shown = made(world.admin().get("/statistics/overview"))
        assert sales_of(shown["today"]) == {"orders": 3, "sales": 21.91, "refunds": 1, "refunded": 5}
        assert sales_of(shown["yesterday"]) == NOTHING
        assert shown["now"] == {"to_ship": 2, "overdue": 1, "open_tickets": 1, "merchants": 3, "customers": 1}


def test_a_time_zone_that_is_none_is_refused():
    for name in ("Asia/Shangai", "", "../etc/passwd"):
        with pytest.raises(ValueError, match="TIMEZONE is not a time zone"):
            Settings(timezone=name)


def recount(sales, refunds, begin, end, name, by):
    """The sales of each day or hour that has any, counted one by one."""
    cents = defaultdict(lambda: [0, 0, 0, 0])
    for rows, place in ((sales, 0), (refunds, 2)):
        for at, amount in rows:
            if begin <= at < end:
                found = cents[period_of(at, name, by)]
                found[place] += 1
                found[place + 1] += amount
    return {
        period: dict(zip(NOTHING, (orders, money(sold), count, money(back)), strict=True))
        for period, (orders, sold, count, back) in cents.items()
    }


def period_of(at, name, by):
    zone = ZoneInfo(name)
    day = datetime.fromtimestamp(at, zone).date()
    if by == "day":
        return day.isoformat()
    midnight = unix(day.isoformat(), name)
    return datetime.fromtimestamp(midnight + (at - midnight) // HOUR * HOUR, zone).isoformat(timespec="minutes")


def money(cents):
    return float(Decimal(cents) / 100)
