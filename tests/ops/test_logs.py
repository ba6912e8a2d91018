"""The log: one line of JSON a request and for what else happens, nothing in it that is nobody's business, never in the way."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg2
import pytest

from app import __version__
from app.ops.nonblocking_writer import GATHERED, MOST, NonblockingWriter
from app.redaction import traceback_of
from tests.conftest import ROOT, environment_for
from tests.support.api import Caller
from tests.support.collector import QUICKLY, Collector
from tests.support.factories import made
from tests.support.processes import running, service
from tests.support.waiting import eventually

PHONE, NAME, PASSWORD = "13912345678", "欧阳娜娜", "a-very-secret-phrase"
UVICORN = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", "0"]


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture(scope="module")
def served(migrated):
    """A service for this file, and the log that it writes."""
    with (
        service(environment_for(f"{migrated}&password={PASSWORD}")) as process,
        httpx.Client(base_url=process.url, timeout=20) as client,
    ):
        process.client = client
        yield process


def over_http(process, caller):
    return Caller(process.client, caller.audience, caller.token, caller.account)


class TestRequest:
    def test_one_id_is_in_the_answer_the_line_and_the_event(self, served, world, sql):
        merchant = world.merchant()
        order = world.order(merchant, world.customer())
        body = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}
        path = f"/orders/{order['id']}/ship"
        answer = over_http(served, merchant).post(path, body, headers={"X-Request-ID": "from-the-caller.1"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, "from-the-caller.1")
        line = served.line(request_id="from-the-caller.1")
        assert {name: line[name] for name in ("level", "method", "route", "status", "actor")} == {
            "level": "info",
            "method": "POST",
            "route": "/api/v1/merchant/orders/{order_id}/ship",
            "status": 200,
            "actor": f"merchant:{merchant.id}",
        }
        assert 0 < line["ms"] < 20_000
        assert datetime.fromisoformat(line["time"]).tzinfo is not None
        assert sql("SELECT verb, actor_id FROM event WHERE request_id = 'from-the-caller.1'") == [("ship", merchant.id)]

    def test_a_caller_without_an_id_is_given_one_everywhere(self, served, world, sql):
        merchant = world.merchant()
        answer = over_http(served, merchant).post("/products", {"name": "水杯", "desc": None, "unit": None, "skus": []})
        assert answer.status_code == 201
        given = answer.headers["x-request-id"]
        assert len(given) == 32
        assert served.line(request_id=given)["route"] == "/api/v1/merchant/products"
        assert sql("SELECT verb FROM event WHERE request_id = %s", given) == [("create",)]

    @pytest.mark.parametrize("bad", ["", "a b", "x" * 65, '"}', "é"])
    def test_an_id_that_is_none_is_not_taken(self, served, bad):
        given = served.client.get("/healthz", headers={"X-Request-ID": bad.encode()}).headers["x-request-id"]
        assert len(given) == 32
        assert given != bad

    def test_a_problem_is_told_with_its_code(self, served, world):
        merchant = over_http(served, world.merchant())
        for path, status, code in (("/orders/9999999", 404, "not_found"), ("/orders/x", 422, "invalid_input")):
            answer = merchant.get(path)
            line = served.line(request_id=answer.headers["x-request-id"])
            assert (answer.status_code, line["status"], line["code"], line["level"]) == (status, status, code, "info")
        stranger = served.client.get("/api/v1/merchant/orders")
        line = served.line(request_id=stranger.headers["x-request-id"])
        assert (line["status"], line["code"], line["actor"]) == (401, "not_authenticated", None)

    def test_what_no_route_is_for_does_not_show_its_address(self, served):
        answer = served.client.get(f"/api/v1/{PHONE}/x?token={PHONE}")
        assert served.line(request_id=answer.headers["x-request-id"])["route"] == "unmatched"
        assert PHONE not in served.text()

    def test_nothing_private_is_in_any_line(self, served, world, environment):
        merchant = over_http(served, world.merchant(name="alice"))
        customer = world.customer()
        order = world.order(merchant, customer, receiver_name=NAME, receiver_phone=PHONE)
        made(merchant.get("/orders", receiver=PHONE))
        made(merchant.get("/orders", receiver=NAME))
        made(merchant.get("/orders", order_number=order["order_number"]))
        new = {"name": "bob", "password": PASSWORD, "email_address": "bob@example.com", "tel_phone": PHONE}
        made(served.client.post("/api/v1/customer/register", json=new), 201)
        token = made(served.client.post("/api/v1/customer/login", json={"name": "bob", "password": PASSWORD}))["access_token"]
        assert served.client.post("/api/v1/customer/login", json={"name": "bob", "password": "wrong!" + PASSWORD}).is_error
        assert served.client.post("/api/v1/customer/register", json={**new, "name": 7}).status_code == 422
        served.line(request_id=served.client.get("/api/v1/statuses").headers["x-request-id"])
        private = (PHONE, NAME, PASSWORD, "bob", token, merchant.token, order["order_number"], "receiver=")
        text = served.text()
        assert served.lines(logger="app.request")
        for secret in (*private, environment["SECRET_KEY"], environment["PLATFORM_SECRET"]):
            assert secret not in text

    def test_machines_that_ask_every_few_seconds_are_told_at_debug_alone(self, served, environment):
        with service({**environment, "LOG_LEVEL": "debug"}) as talkative:
            for process, lines in ((served, 0), (talkative, 3)):
                paths = ("healthz", "readyz", "metrics", "api/v1/statuses")
                *probes, last = [httpx.get(f"{process.url}/{path}").headers["x-request-id"] for path in paths]
                process.line(request_id=last)
                assert sum(line.get("request_id") in probes for line in process.lines()) == lines


class TestOtherLines:
    def test_a_start_says_what_starts_on_what(self, served, migrated):
        line = served.line(message="meta_be serves")
        assert line["version"] == __version__
        assert line["database"].endswith(urlsplit(migrated).path)
        assert {line["logger"] for line in served.lines()} >= {"uvicorn.error", "app.main"}
        assert PASSWORD not in served.text()

    def test_each_request_has_one_line(self, served):
        for _ in range(20):
            served.client.get("/api/v1/logistics-companies")
        eventually(lambda: len(served.lines(route="/api/v1/logistics-companies")) == 20)
        assert "HTTP/1.1" not in served.text()

    def test_what_fails_is_told_once_with_its_traceback_and_id(self, served, world, sql):
        admin = over_http(served, world.admin())
        sql("ALTER TABLE scenebase RENAME TO gone")
        answer = admin.get("/scene-bases")
        sql("ALTER TABLE gone RENAME TO scenebase")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        request_id = answer.headers["x-request-id"]
        failed = served.line(request_id=request_id, logger="app.web.middleware")
        assert failed["level"] == "error"
        assert failed["exception"].startswith("Traceback (most recent call last):")
        assert 'psycopg2.errors.UndefinedTable: 42P01 relation "scenebase" does not exist' in failed["exception"]
        line = served.line(request_id=request_id, logger="app.request")
        assert (line["status"], line["code"], line["level"]) == (500, "internal_error", "error")
        assert sum("Traceback" in str(line) for line in served.lines(request_id=request_id)) == 1
        assert served.lines(logger="uvicorn.error", level="error") == []

    def test_an_error_that_comes_from_a_group_it_is_in_is_told_once(self):
        try:
            try:
                raise ExceptionGroup("several", [KeyError("inside")])
            except ExceptionGroup as group:
                raise group.exceptions[0]  # noqa: B904 - as sse_starlette does
        except KeyError as error:
            text = traceback_of(error)
        assert text.count("KeyError: 'inside'") == text.count("ExceptionGroup: several") == 1

    @pytest.mark.parametrize("traced", [False, True])
    def test_a_slow_statement_is_told_by_the_function_that_runs_it(self, migrated, world, traced):
        merchant = world.merchant()
        with ExitStack() as stack:
            environment = environment_for(migrated)
            if traced:
                environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(Collector()).url, **QUICKLY}
            process = stack.enter_context(service(environment))
            process.client = stack.enter_context(httpx.Client(base_url=process.url, timeout=20))
            caller = over_http(process, merchant)
            asked = stack.enter_context(ThreadPoolExecutor(1))
            assert caller.get("/return-address").status_code == 200
            assert process.lines(message="a slow statement") == []
            with psycopg2.connect(migrated) as blocker:
                blocker.cursor().execute("LOCK TABLE return_address")
                answer = asked.submit(caller.get, "/return-address")
                time.sleep(1.5)
            blocker.close()
            assert answer.result(20).status_code == 200
            line = process.line(message="a slow statement")
        assert (line["level"], line["statement"]) == ("warning", "app.services.tickets.return_addresses.get")
        assert 1000 < line["ms"] < 20_000
        assert ("trace_id" in line) is traced

    def test_a_row_that_the_database_quotes_is_not_in_the_log(self, served, sql):
        sql(f"ALTER TABLE customer ADD CONSTRAINT ck_customer_strange CHECK (tel_phone <> '{PHONE}') NOT VALID")
        new = {"name": NAME, "password": PASSWORD, "email_address": "bob@example.com", "tel_phone": PHONE}
        answer = served.client.post("/api/v1/customer/register", json=new)
        sql("ALTER TABLE customer DROP CONSTRAINT ck_customer_strange")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        line = served.line(logger="app.web.problems", request_id=answer.headers["x-request-id"])
        assert "23514" in line["message"]
        assert "constraint ck_customer_strange" in line["message"]
        for private in (PHONE, NAME, "bob@example.com", "argon2"):
            assert private not in served.text()

    @pytest.mark.parametrize(("code", "status"), [("P0001", 500), ("22023", 422)])  # wrong input is not logged
    def test_a_value_in_the_databases_own_words_is_not_in_the_log(self, served, sql, code, status):
        sql(f"""CREATE FUNCTION quote_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no good: "%%"', NEW.name USING ERRCODE = '{code}', DETAIL = NEW.tel_phone; END $$""")
        sql("CREATE TRIGGER quote_it BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION quote_it()")
        new = {"name": NAME, "password": PASSWORD, "email_address": "bob@example.com", "tel_phone": PHONE}
        answer = served.client.post("/api/v1/customer/register", json=new)
        sql("DROP FUNCTION quote_it CASCADE")
        assert answer.status_code == status
        request_id = answer.headers["x-request-id"]
        served.line(request_id=request_id, logger="app.request")
        assert any("no good" in str(line) for line in served.lines(request_id=request_id)) == (status == 500)
        assert NAME not in served.text()
        assert PHONE not in served.text()

    def test_the_worker_writes_the_same_lines_with_its_counts(self, environment, world, sql):
        world.order(world.merchant(), world.customer(), 1)
        sql('UPDATE "order" SET deliver_time = deliver_time - 11 * 86400')
        [(due,)] = sql('SELECT count(*) FROM "order" WHERE status = 1')
        with running(environment, "app.worker") as worker:
            line = worker.line(message="swept")
            assert (line["logger"], line["received"]) == ("app.worker", due)
            assert worker.stop() == 0
            assert [line["message"] for line in worker.lines()] == ["sweeping every 10 s", "swept", "stopped"]
            assert worker.lines()[0]["version"] == __version__

    @pytest.mark.parametrize("command", [("uvicorn", "app.main:app", "--port", "0"), ("app.worker",)])
    def test_settings_that_make_no_sense_are_refused_in_a_line(self, environment, command):
        with running({**environment, "THREADS": "many", "TIMEZONE": "Mars"}, *command) as refused:
            assert refused.process.wait(30) != 0
            said = [line["message"] for line in refused.lines() if line["level"] in ("error", "critical")]
            assert "THREADS: Input should be a valid integer" in said[0]
            assert "TIMEZONE: is not a time zone" in said[0]
            assert "Traceback" not in refused.text()

    def test_a_person_may_have_text(self, environment):
        with service({**environment, "LOG_FORMAT": "text"}) as process:
            httpx.get(process.url + "/api/v1/statuses")
            httpx.get(process.url + "/nowhere")
            process.stop()
            text = process.text()
        assert "GET /api/v1/statuses 200" in text
        assert "GET unmatched 404" in text
        assert "code=no_such_path" in text
        assert "{" not in text


class TestReader:
    def test_a_service_that_nobody_reads_goes_on_serving(self, environment):
        served = subprocess.Popen(UVICORN, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            url = next(line for line in served.stdout if "running on" in line).split("running on ")[1].split()[0]
            with httpx.Client(base_url=url, timeout=10) as client:
                for number in range(600):  # of about 200 bytes: more than a pipe takes
                    headers = {"X-Request-ID": f"request-{number}"}
                    assert client.get("/api/v1/statuses", headers=headers).status_code == 200
                lines = []
                reader = threading.Thread(target=lambda: lines.extend(map(orjson.loads, served.stdout)))
                reader.start()
                eventually(lambda: any(line.get("request_id") == "request-599" for line in lines))
        finally:
            served.terminate()
            served.wait(20)
        reader.join(10)
        ids = [line["request_id"] for line in lines if "route" in line]
        assert ids == [f"request-{number}" for number in range(600)]  # all of them, in order

    def test_a_service_whose_reader_has_gone_goes_on_serving(self, environment):
        served = subprocess.Popen(UVICORN, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            url = next(line for line in served.stdout if "running on" in line).split("running on ")[1].split()[0]
            served.stdout.close()
            for _ in range(3):
                assert httpx.get(url + "/api/v1/statuses").status_code == 200

            def lost():
                figures = httpx.get(url + "/metrics").text.splitlines()
                return next(float(line.split()[1]) for line in figures if line.startswith("meta_be_log_lines_lost"))

            eventually(lambda: lost() >= 3)
        finally:
            served.terminate()
            assert served.wait(20) in (0, -15)

    def test_lines_that_do_not_fit_are_counted_and_told_of(self):
        read, write = os.pipe()
        writer = NonblockingWriter(write, lambda lines: f"{lines} lost\n".encode())
        line = b"x" * 99 + b"\n"
        for _ in range(MOST + 2_000):
            writer.write(line)
        text = b""
        while not text.endswith(b"lost\n"):
            text += os.read(read, 1 << 20)
            writer.flush()
        os.close(read)
        os.close(write)
        *whole, last = text.splitlines(keepends=True)
        assert set(whole) == {line}
        assert last == f"{writer.lost} lost\n".encode()
        assert len(whole) + writer.lost == MOST + 2_000

    def test_lines_gathered_while_another_thread_writes_all_arrive_in_order(self):
        with tempfile.TemporaryFile() as file:
            writer = NonblockingWriter(file.fileno(), lambda lines: b"")

            async def gather():
                for number in range(20_000):
                    writer.gather(b"gathered %d\n" % number)
                    if number % 100 == 0:
                        await asyncio.sleep(0)
                await asyncio.sleep(2 * GATHERED)

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(lambda: [writer.write(b"written %d\n" % number) for number in range(5_000)])
                asyncio.run(gather())
                writing.result()
            file.seek(0)
            lines = file.read().splitlines()
        assert [line for line in lines if line.startswith(b"g")] == [b"gathered %d" % number for number in range(20_000)]
        assert [line for line in lines if line.startswith(b"w")] == [b"written %d" % number for number in range(5_000)]

    def test_a_long_line_arrives_whole(self):
        read, write = os.pipe()
        writer = NonblockingWriter(write, lambda lines: b"")
        line = b"".join(b"%07d\n" % number for number in range(30_000))
        writer.write(line)
        text = b""
        while len(text) < len(line):
            text += os.read(read, 1 << 20)
            writer.flush()
        os.close(read)
        os.close(write)
        assert text == line
