"""What staff run by hand: the first admin, a forgotten password, replaying another marketplace's orders."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.factories import made
from tests.support.processes import finished

HEADER = (
    "order_id,seller_id,product_id,customer_id,unit_price,freight,num,status,purchased_at,approved_at,shipped_at,delivered_at"
)
LINE = "o1,s1,p1,c1,10.10,5.05,2,delivered,1500000000,1500000100,1500000200,1500000300"
MARKETPLACE = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "marketplace_orders.csv"


@pytest.fixture
def cli(environment):
    def run(*arguments, **variables):
        return finished({**environment, "COLUMNS": "200", **variables}, "app.cli", *map(str, arguments))

    return run


@pytest.fixture
def replay(cli, tmp_path):
    def run(*lines, header=HEADER):
        file = tmp_path / "orders.csv"
        file.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
        return cli("replay", file)

    return run


def states(sql):
    return dict(sql('SELECT status, count(*) FROM "order" GROUP BY 1'))


def test_the_first_admin_is_made_by_hand_and_can_log_in(cli, api):
    done = cli("create-admin", "root", NEW_PASSWORD="a long password")
    assert done.returncode == 0, done.stderr
    admin = api.stranger("admin")
    made(admin.post("/login", {"name": "root", "password": "a long password"}))
    again = cli("create-admin", "root", NEW_PASSWORD="another password")
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    assert "name_taken" in again.stdout


def test_a_short_password_is_refused(cli, sql):
    assert cli("create-admin", "root", NEW_PASSWORD="short").returncode == 1
    assert sql("SELECT count(*) FROM admin") == [(0,)]


def test_a_forgotten_password_is_set_by_hand_and_ends_the_session(cli, world):
    merchant = world.merchant(name="alice")
    assert cli("reset-password", "merchant", "alice", NEW_PASSWORD="a new password").returncode == 0
    assert merchant.get("/me").status_code == 401
    made(world.api.stranger("merchant").post("/login", {"name": "alice", "password": "a new password"}))
    assert cli("reset-password", "merchant", "nobody", NEW_PASSWORD="a new password").returncode == 1


def test_a_demo_is_not_loaded_into_a_configured_database(cli, sql):
    refused = cli("run")
    assert refused.returncode == 1
    assert "embedded" in refused.stdout
    assert sql('SELECT count(*) FROM "user"') == [(0,)]


@pytest.mark.skipif(not MARKETPLACE.exists(), reason=f"NOT RUN: no {MARKETPLACE.name} beside the checkout")
def test_the_orders_of_a_real_marketplace_come_out_right_and_only_once(cli, sql):
    for _ in range(2):
        done = cli("replay", MARKETPLACE)
        assert done.returncode == 0, done.stdout + done.stderr
        assert states(sql) == {2: 608, 1: 8, 0: 5, 3: 2}
        assert sql('SELECT count(*), count(DISTINCT business_id) FROM "order"') == [(623, 370)]
        assert sql('SELECT sum(pay_count::numeric) FROM "order"') == [(Decimal("91487.63"),)]
        assert sql('SELECT count(*) FROM "user"') == [(370,)]
        assert sql(
            "SELECT count(*) FROM sku s WHERE stock <> (SELECT sum(delta) FROM stock_movement m WHERE m.sku_id = s.id)"
        ) == [(0,)]
        assert sql("SELECT sum(stock) FROM sku") == sql('SELECT sum(num) FROM "order" WHERE status = 3')
        assert sql("SELECT count(*) FROM event WHERE verb = 'ship'") == [(616,)]
    assert re.search(r"paid, yuan\W+91,487\.63", done.stdout)
    assert re.search(r"592 of 592", done.stdout)


def test_the_times_decide_and_canceled_is_refunded(replay, sql):
    done = replay(
        LINE,
        "o2,s1,p1,c2,10.10,0,1,invoiced,1500000000,1500000100,1500000200,1500000300",
        "o3,s1,p1,c2,12.00,0,1,delivered,1500000000,1500000100,1500000200,",
        "o4,s1,p1,c2,9.99,0,3,processing,1500000000,1500000100,,",
        "o5,s2,p1,c2,1,2,1,canceled,1500000000,1500000100,,",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(sql) == {2: 2, 1: 1, 0: 1, 3: 1}
    [first] = sql('SELECT pay_count, create_time, deliver_time, recv_time, num FROM "order" WHERE id = 1')
    assert first == (30.3, 1500000100, 1500000200, 1500000300, 2)
    assert sql("SELECT count(*), sum(stock) FROM sku") == [(2, 1)]


def test_a_partial_refund_stays_partial_and_is_paid_once(replay, sql):
    header = f"{HEADER},refunded"
    lines = (
        f"{LINE},5.00",
        f"{LINE.replace('o1', 'o2')},",
        f"{LINE.replace('o1', 'o3').replace('delivered', 'canceled')},",
        f"{LINE.replace('o1', 'o4').replace('delivered', 'canceled')},0.01",
        f"{LINE.replace('o1', 'o5')},0",
        f"{LINE.replace('o1', 'o6')},30.31",
    )
    for _ in range(2):
        done = replay(*lines, header=header)
        assert done.returncode == 0, done.stdout + done.stderr
        assert sql("SELECT back_cost FROM except_order ORDER BY back_cost") == [(0.01,), (5.0,), (30.3,)]
        assert sql("SELECT count(*) FROM except_order WHERE status = 1 AND close_time IS NOT NULL") == [(3,)]
        assert re.search(r"refunded, yuan\W+35\.31", done.stdout)
        assert "line 7 refused: refund_too_large" in done.stdout


def test_a_file_of_which_nothing_is_replayed_fails_and_says_why_once(replay, sql):
    done = replay(*[LINE.replace("10.10", "ten")] * 300, LINE.replace("s1", ""))
    assert done.returncode == 1
    assert "300 lines (2, 3, 4, 5, 6, …) refused: unit_price" in done.stdout
    assert "line 302 refused: seller_id" in done.stdout
    assert "nothing was replayed" in done.stdout
    assert len(done.stdout.splitlines()) < 20
    assert states(sql) == {}


@pytest.mark.parametrize(("encoding", "separator"), [("utf-16", "\t"), ("gb18030", ";"), ("utf-8-sig", ",")])
def test_it_reads_what_imports_read_and_times_as_people_write_them(cli, tmp_path, sql, encoding, separator):
    line = LINE.replace("1500000100", "2017-07-14 10:41:40").replace("1500000200", "2017-07-14T02:43:20Z")
    file = tmp_path / "orders.csv"
    file.write_bytes("\r\n".join((HEADER, line.replace("s1", "水杯店"))).replace(",", separator).encode(encoding))
    done = cli("replay", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sql('SELECT create_time, deliver_time, recv_time FROM "order"') == [(1500000100, 1500000200, 1500000300)]
    assert sql('SELECT name FROM "user"') == [("水杯店",)]


def test_a_file_in_another_encoding_is_refused_at_its_line(cli, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_bytes(f"{HEADER}\n{LINE}\n{LINE.replace('s1', 'Cité')}\n".encode("cp1252"))
    done = cli("replay", file)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "line 3: bad_encoding" in done.stdout


def test_two_lines_alike_are_two_orders(replay, sql):
    assert replay(LINE, LINE).returncode == 0
    assert replay(LINE, LINE).returncode == 0
    assert states(sql) == {2: 2}


def test_a_longer_file_goes_on_where_the_first_ended(replay, sql):
    assert replay(LINE.replace("1500000200,1500000300", ",")).returncode == 0
    assert states(sql) == {0: 1}
    assert replay(LINE, LINE.replace("o1", "o2")).returncode == 0
    assert states(sql) == {2: 2}
    assert sql("SELECT stock FROM sku") == [(0,)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE.replace("1500000100", ""), "never paid"),
        (LINE.replace("10.10", "-1"), "unit_price"),
        (LINE.replace("10.10", "1.005"), "unit_price"),
        (LINE.replace("10.10", "NaN"), "unit_price"),
        (LINE.replace(",2,delivered", ",0,delivered"), "num"),
        (LINE.replace("1500000200", "yesterday"), "shipped_at"),
        (LINE.replace("1500000200", "99999999999"), "shipped_at"),
        (LINE.replace("s1", ""), "seller_id"),
        (LINE.replace("s1", "s" * 51), "seller_id"),
        ("o1,s1", "product_id"),
    ],
)
def test_a_line_that_can_not_be_replayed_is_named_with_the_reason(replay, sql, line, reason):
    done = replay(line, LINE.replace("o1", "good"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "line 2 refused" in done.stdout
    assert reason in done.stdout
    assert states(sql) == {2: 1}


def test_a_file_of_another_form_is_refused(replay, cli, tmp_path, sql):
    wrong = replay(LINE, header=HEADER.replace("freight,", ""))
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (1, False)
    assert "freight" in wrong.stdout
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    for file in (binary, tmp_path / "missing.csv"):
        refused = cli("replay", file)
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert states(sql) == {}
