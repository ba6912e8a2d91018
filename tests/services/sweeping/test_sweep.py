"""Deadlines: what happens by itself when they pass, once, whoever sweeps and however many."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg2
import pytest

from app.config import DAY, HOUR, settings
from app.ops import logs, metrics
from app.services.sweeping import sweep
from tests.conftest import ROOT, using
from tests.support.factories import REFUND, RETURN, made
from tests.support.processes import running
from tests.support.waiting import eventually


@pytest.fixture
def now():
    return int(time.time())


def verbs(sql, order_id):
    """The verbs in the order's timeline with who did them, oldest first."""
    return sql("SELECT verb, actor_kind FROM event WHERE order_id = %s ORDER BY id", order_id)


def test_a_shipped_order_is_received_ten_days_later(world, merchant, customer, sql, now):
    order = world.order(merchant, customer, 1)
    assert order["deadline_at"] == order["deliver_time"] + 10 * DAY
    assert sweep.sweep(order["deadline_at"])["received"] == 0
    assert sweep.sweep(order["deadline_at"] + 1)["received"] == 1
    order = made(merchant.get(f"/orders/{order['id']}"))
    assert (order["status"], order["recv_time"], order["close_time"]) == (
        2,
        order["deliver_time"] + 10 * DAY + 1,
        order["recv_time"],
    )
    assert verbs(sql, order["id"])[-1] == ("receive", "system")


def test_a_return_that_never_came_lapses_seven_days_after_agreement(world, merchant, customer, sql):
    ticket = world.ticket(merchant, customer, "awaiting_return")
    [(agreed,)] = sql("SELECT time FROM event WHERE verb = 'agree' AND subject_id = %s", ticket["id"])
    assert ticket["deadline_at"] == agreed + 7 * DAY
    assert sweep.sweep(ticket["deadline_at"])["lapsed"] == 0
    assert sweep.sweep(ticket["deadline_at"] + 1)["lapsed"] == 1
    ticket = made(merchant.get(f"/except-orders/{ticket['id']}"))
    assert (ticket["step"], ticket["status"], ticket["actions"], ticket["deadline_at"]) == ("lapsed", 1, [], None)
    order = made(merchant.get(f"/orders/{ticket['order_id']}"))
    assert (order["status"], order["after_care_id"], order["except_order"]) == (2, None, None)


def test_a_ticket_without_an_answer_is_agreed_to_only_where_that_is_switched_on(world, merchant, customer, monkeypatch):
    order = world.order(merchant, customer, -1)
    due = order["except_order"]["deadline_at"] + 1
    assert due == order["except_order"]["create_time"] + 48 * HOUR + 1
    assert "agreed" not in sweep.sweep(due)
    monkeypatch.setattr(settings, "auto_agree", True)
    assert sweep.sweep(due)["agreed"] == 1
    assert made(merchant.get(f"/orders/{order['id']}"))["status"] == 3
    assert made(merchant.get(f"/skus/{order['sku_id']}"))["stock"] == 100


@pytest.mark.parametrize("what", ["shipping", "answer"])
def test_what_is_near_or_past_its_deadline_is_flagged_once(world, merchant, customer, sql, what):
    if what == "shipping":
        order = world.order(merchant, customer, 0)
        order_id, due, path = order["id"], order["deadline_at"], "/orders"
    else:
        ticket = world.ticket(merchant, customer, "applied")
        order_id, due, path = ticket["order_id"], ticket["deadline_at"], "/except-orders"
    flags = [sweep.sweep(now) for now in (due - 6 * HOUR, due - 6 * HOUR + 1, due, due + 1, due + 2)]
    assert [flag["near"] for flag in flags] == [0, 1, 0, 0, 0]
    assert [flag["overdue"] for flag in flags] == [0, 0, 0, 1, 0]
    assert verbs(sql, order_id)[-2:] == [("deadline_near", "system"), ("overdue", "system")]
    table = "order" if what == "shipping" else "except_order"
    sql(f'UPDATE "{table}" SET create_time = create_time - 30 * 86400')
    assert made(merchant.get(path, overdue=True))["total"] == 1
    assert made(merchant.get(path, overdue=False))["total"] == 0


@pytest.mark.parametrize(("setting", "status"), [("ship_hours", 0), ("auto_receive_days", 1), ("after_sale_days", 2)])
def test_a_deadline_of_zero_is_switched_off(world, merchant, customer, set_deadline, setting, status, now):
    set_deadline(setting, 0)
    order = world.order(merchant, customer, status)
    assert order["deadline_at"] is None
    assert not any(sweep.sweep(now + 1000 * DAY)[name] for name in ("received", "lapsed", "overdue"))
    assert made(merchant.get(f"/orders/{order['id']}"))["status"] == status


def test_after_the_window_no_ticket_is_opened(world, merchant, customer, sql):
    order = world.order(merchant, customer, 2)
    sql('UPDATE "order" SET recv_time = recv_time - 7 * 86400 - 2, close_time = recv_time - 7 * 86400 - 2')
    assert made(customer.get(f"/orders/{order['id']}"))["actions"] == []
    refused = customer.post(f"/orders/{order['id']}/except-orders", {"except_type": REFUND, "back_reason": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "after_sale_over")


def test_many_sweeps_at_once_move_each_row_once(world, merchant, customer, sql, now):
    sku = world.sku(merchant)
    for _ in range(12):
        world.order(merchant, customer, 1, sku=sku)
    for _ in range(4):
        world.ticket(merchant, customer, "awaiting_return", except_type=RETURN, sku=sku)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep.sweep, [now + 40 * DAY] * 4))
    assert sql(
        "SELECT verb, count(*), count(DISTINCT subject_id) FROM event WHERE actor_kind = 'system' GROUP BY 1, subject"
    ) == (sql("SELECT verb, count(DISTINCT subject_id), count(*) FROM event WHERE actor_kind = 'system' GROUP BY 1, subject"))
    assert sql('SELECT DISTINCT status FROM "order"') == [(2,)]
    assert sql("SELECT count(*) FROM except_order WHERE close_time IS NULL") == [(0,)]


def test_the_counts_stay_right_when_they_are_folded(world, merchant, customer, sql, now):
    for status in (0, 1, 2, 3, 4, -1, 0):
        world.order(merchant, customer, status)
    before = made(merchant.get("/orders/counts"))
    rows = "SELECT count(*) FROM order_tally"
    assert sql(rows)[0][0] > len(before)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(sweep.sweep, [now] * 3))
    assert sql(rows)[0][0] <= len(before)
    assert made(merchant.get("/orders/counts")) == before == {"0": 2, "1": 1, "2": 1, "3": 1, "4": 1, "-1": 1}


REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no good: "%%"', OLD.receiver_phone; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON "order" FOR EACH ROW WHEN (OLD.id = %s) EXECUTE FUNCTION refuse()
"""


class TestWhatFails:
    @pytest.fixture
    def orders(self, world, merchant, customer):
        """Shipped orders, oldest first."""
        sku = world.sku(merchant)
        return [world.order(merchant, customer, 1, sku=sku) for _ in range(3)]

    def test_one_bad_row_is_told_of_and_the_rest_goes_on(self, orders, sql, now, caplog):
        bad = orders[0]
        sql(REFUSE, bad["id"])
        before = failures_of("received")
        done = sweep.sweep(now + 11 * DAY)
        assert (done["received"], failures_of("received") - before) == (2, 1)
        assert done["folded"] > 0, "what comes after it is done too"
        assert sql('SELECT id FROM "order" WHERE status = 1') == [(bad["id"],)]
        [told] = [record for record in caplog.records if record.levelname == "ERROR"]
        assert told.getMessage() == f"received, row {bad['id']} failed"
        assert bad["receiver_phone"] not in logs.failure(told.exc_info[1])
        sql("DROP FUNCTION refuse CASCADE")
        assert sweep.sweep(now + 11 * DAY)["received"] == 1

    def test_bad_rows_do_not_hold_up_those_behind_them(self, orders, sql, now, monkeypatch):
        monkeypatch.setattr(sweep, "CHUNK", 1)
        sql(REFUSE, orders[0]["id"])
        assert [sweep.sweep(now + 11 * DAY)["received"] for _ in range(3)] == [1, 1, 0]

    def test_a_locked_row_is_left_for_the_next_sweep(self, orders, migrated, now, caplog):
        with using(f"{migrated}&options=-c%20lock_timeout%3D100ms"), psycopg2.connect(migrated) as holder:
            holder.cursor().execute('SELECT FROM "order" WHERE id = %s FOR UPDATE', (orders[1]["id"],))
            before = failures_of("received")
            assert sweep.sweep(now + 11 * DAY)["received"] == 2
            assert failures_of("received") - before == 1
            [told] = [record for record in caplog.records if record.levelname == "WARNING"]
            assert told.getMessage().startswith(f"received, row {orders[1]['id']}: 55P03")
            assert "traceback" not in caplog.text.lower()
            holder.rollback()
            assert sweep.sweep(now + 11 * DAY)["received"] == 1
        holder.close()

    @pytest.mark.parametrize(
        ("step", "table"),
        [
            ("keys", "idempotency_key"),
            ("tries", "login_attempt"),
            ("folded", "order_tally"),
            ("tickets_folded", "ticket_tally"),
        ],
    )
    def test_a_step_that_fails_holds_up_no_other(self, world, merchant, customer, sql, now, step, table):
        order = world.order(merchant, customer, 0)
        before = failures_of(step)
        sql(f"ALTER TABLE {table} RENAME TO gone")
        done = sweep.sweep(order["deadline_at"] + 1)
        assert (done[step], done["overdue"], failures_of(step) - before) == (0, 1, 1)
        assert [name for name in sweep.STEPS if name not in done] == ["agreed"]

    def test_when_the_database_is_away_the_sweep_ends(self, orders, sql, now, monkeypatch):
        def receive(work, order_id):
            work.begin()  # an idle connection would be replaced before anybody meets it
            sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'meta_be'")
            return receiving(work, order_id)

        receiving = sweep.SWEEPS["received"].move
        monkeypatch.setitem(sweep.SWEEPS, "received", replace(sweep.SWEEPS["received"], move=receive))
        before = failures_of("received")
        with pytest.raises(psycopg2.OperationalError):
            sweep.sweep(now + 11 * DAY)
        assert failures_of("received") == before

    def test_the_process_goes_on_sweeping(self, orders, sql, environment):
        sql("ALTER TABLE idempotency_key RENAME TO gone")
        sql('UPDATE "order" SET deliver_time = deliver_time - 11 * 86400')
        sql("UPDATE heartbeat SET time = time - 1000")
        with running(environment, "app.worker") as worker:
            failed = worker.line(message="keys failed")
            assert "UndefinedTable" in failed["exception"]
            assert worker.line(message="swept")["received"] == 3
            [(beaten,)] = sql("SELECT time FROM heartbeat")
            assert beaten > time.time() - 100
            assert worker.stop() == 0


def failures_of(step):
    """How often the step, or one of its rows, has failed."""
    return metrics.BACKGROUND_FAILURES.labels(step)._value.get()


def test_the_worker_process_sweeps_and_stops_when_told(world, merchant, customer, sql, environment):
    order = world.order(merchant, customer, 1)
    sql('UPDATE "order" SET deliver_time = deliver_time - 11 * 86400')
    worker = subprocess.Popen([sys.executable, "-m", "app.worker"], cwd=ROOT, env=environment)
    eventually(lambda: made(merchant.get(f"/orders/{order['id']}"))["status"] == 2, 30)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
