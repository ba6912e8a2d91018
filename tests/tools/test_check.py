"""`app.cli check`: everything that is wrong with a configuration in one run, each with its remedy, and nothing changed."""

import base64
import os
import pwd
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import boto3
import psycopg2
import pytest
from moto.server import ThreadedMotoServer
from psycopg2.extensions import parse_dsn

from app.db.migration import expected_revision
from app.tools.check.database import version
from tests.conftest import ROOT
from tests.support.collector import Collector
from tests.support.endpoint import Endpoint, Handler
from tests.support.processes import finished
from tests.support.servers import free_port

HIDDEN = "Tr0ub4dor-hunter2"
GOOD_KEY = secrets.token_urlsafe(48)
GOOD_SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

# Becomes another user once everything is imported: this Python may lie where only root may read.
AS_USER = "import os, sys, app.cli; os.setuid(int(sys.argv[1])); sys.argv[1:] = ['check']; app.cli.main()"
root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can become someone else")


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file."""
    return migrated_module


class Checked:
    """The check's exit status, and each of its findings with its level."""

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stdout
        assert done.stderr == ""
        assert "Traceback" not in self.text
        self.said = []
        for line in self.text.splitlines():
            if line.startswith("        ") and self.said:
                self.said[-1][3] = line.strip()
            elif line.startswith(("ok ", "warning ", "error ")):
                level, rest = line.split(None, 1)
                subject, _, said = rest.partition(": ")
                self.said.append([level, subject, said, ""])

    def about(self, subject, level="error"):
        found = [(said, remedy) for of, about, said, remedy in self.said if (of, about) == (level, subject)]
        assert found, self.text
        assert level == "ok" or all(remedy for _, remedy in found), self.text
        return " / ".join(f"{said} -> {remedy}" for said, remedy in found)

    def levels(self):
        return {level for level, *_ in self.said}


@pytest.fixture
def check(tmp_path):
    """Runs the check with these settings alone."""

    def run(*, user=None, **given):
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = {**inherited, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path / "data"), "COLUMNS": "60", **given}
        if user is None:
            return Checked(finished(environment, "app.cli", "check", folder=tmp_path))
        command = [sys.executable, "-c", AS_USER, str(user)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return Checked(done)

    return run


@pytest.fixture
def sound(migrated):
    """Settings with which nothing is wrong."""
    return {
        "DATABASE_URL": migrated,
        "SECRET_KEY": GOOD_KEY,
        "PLATFORM_SECRET": GOOD_SECRET,
        "METRICS_TOKEN": secrets.token_urlsafe(24),
    }


def test_a_sound_configuration_is_said_to_be_sound(check, sound):
    checked = check(**sound)
    assert (checked.status, checked.levels()) == (0, {"ok"}), checked.text
    assert {subject for _, subject, *_ in checked.said} == {
        "SECRET_KEY", "PLATFORM_SECRET", "database", "POOL_SIZE", "schema", "DATA_DIR", "S3", "TIMEZONE", "traces",
    }  # fmt: skip
    for value in sound.values():
        assert value not in checked.text


def test_nothing_set_is_sound_too_and_nothing_is_made(check, tmp_path):
    checked = check()
    assert (checked.status, checked.levels()) == (0, {"ok"}), checked.text
    assert "embedded" in checked.about("database", "ok")
    assert list(tmp_path.iterdir()) == []


def test_a_replica_of_no_database_is_told_of(check):
    checked = check(DATABASE_REPLICA_URL="postgresql://replica/shop")
    assert checked.status == 1
    assert "no database" in checked.about("DATABASE_REPLICA_URL")


def test_everything_that_is_wrong_is_said_in_one_run_and_no_secret_shown(check, tmp_path):
    (tmp_path / "file").write_text("")
    checked = check(
        DATABASE_URL=f"postgresql://u:{HIDDEN}@127.0.0.1:1/shop",
        SECRET_KEY=HIDDEN,
        PLATFORM_SECRET=f"whsec_{HIDDEN}!",
        METRICS_TOKEN=HIDDEN[:8],
        S3_BUCKET="files",
        S3_SECRET_KEY=HIDDEN,
        DATA_DIR=str(tmp_path / "file" / "var"),
        TIMEZONE="Mars/Olympus",
        THREADS="many",
        TOKEN_HOURS="0",
        LOG_LEVEL="loud",
        PROXY_PORT="8000",
        PROXY_PEERS="10.0.0.1/8",
        TRUSTED_PROXIES="127.0.0.1,::/0",
        CORS_ORIGINS="https://shop.example.com,shop.example.com",
    )
    assert checked.status == 1
    assert "shorter than 32 bytes" in checked.about("SECRET_KEY")
    assert "not base64" in checked.about("PLATFORM_SECRET")
    assert "easy to guess" in checked.about("METRICS_TOKEN")
    assert "127.0.0.1:1/shop" in checked.about("database")
    assert "Connection refused" in checked.about("database")
    assert "S3_ENDPOINT, S3_ACCESS_KEY" in checked.about("S3")
    assert "not a directory" in checked.about("DATA_DIR")
    assert "Mars/Olympus" in checked.about("TIMEZONE")
    assert "valid integer" in checked.about("THREADS")
    assert "greater than or equal to 1" in checked.about("TOKEN_HOURS")
    assert "'debug', 'info'" in checked.about("LOG_LEVEL")
    assert "shop.example.com is no origin" in checked.about("CORS_ORIGINS")
    assert "another one than PORT" in checked.about("PROXY_PORT")
    assert "host bits set" in checked.about("PROXY_PEERS")
    assert "is everyone" in checked.about("TRUSTED_PROXIES")
    assert HIDDEN not in checked.text


class TestKeys:
    @pytest.mark.parametrize("key", ["", "ab" * 20, "my-own-secret-key-for-signing-tokens"])
    def test_a_weak_key_is_an_error(self, check, sound, key):
        checked = check(**{**sound, "SECRET_KEY": key})
        assert checked.status == 1
        assert "openssl rand -base64 48" in checked.about("SECRET_KEY")

    def test_every_platform_secret_that_is_none_is_an_error(self, check, sound):
        zeros, placeholder = bytes(32), b"placeholder, to be replaced later"
        wrong = ["whsec_%%%", "whsec_c2hvcnQ=", *("whsec_" + base64.b64encode(raw).decode() for raw in (zeros, placeholder))]
        checked = check(**{**sound, "PLATFORM_SECRET": ",".join([GOOD_SECRET, *wrong])})
        assert checked.status == 1
        assert "is set" in checked.about("PLATFORM_SECRET (1 of 5)", "ok")
        for number, said in enumerate(["not base64", "shorter than 24 bytes", "easy to guess", "easy to guess"], 2):
            assert said in checked.about(f"PLATFORM_SECRET ({number} of 5)")
        assert "not set" in check(**{**sound, "PLATFORM_SECRET": ""}).about("PLATFORM_SECRET")

    def test_bytes_that_happen_to_be_letters_make_no_placeholder(self, check, sound):
        several = [bytes(range(128, 156)) + text for text in (b"<><>", b"xxxx")]
        secrets = ",".join("whsec_" + base64.b64encode(raw).decode() for raw in several)
        checked = check(**{**sound, "PLATFORM_SECRET": secrets})
        assert checked.status == 0, checked.text

    def test_a_kept_secret_that_others_may_read_is_a_warning(self, check, tmp_path):
        (tmp_path / "data").mkdir()
        kept = tmp_path / "data" / "secret_key"
        kept.write_text(GOOD_KEY)
        kept.chmod(0o644)
        checked = check()
        assert checked.status == 0
        assert f"chmod 600 {kept}" in checked.about("SECRET_KEY", "warning")

    def test_figures_that_are_open_to_all_are_a_warning(self, check, sound):
        checked = check(**{name: value for name, value in sound.items() if name != "METRICS_TOKEN"})
        assert checked.status == 0
        assert "open to whoever" in checked.about("METRICS_TOKEN", "warning")


class TestDatabase:
    def test_one_that_is_not_there_is_named(self, check, sound, migrated):
        uri = urlunsplit(urlsplit(migrated)._replace(path="/nowhere"))
        checked = check(**{**sound, "DATABASE_URL": uri})
        assert checked.status == 1
        assert 'database "nowhere" does not exist' in checked.about("database")
        assert "CREATE DATABASE nowhere" in checked.about("database")

    def test_a_wrong_password_is_told_without_it(self, check, sound, guarded):
        checked = check(**{**sound, "DATABASE_URL": guarded(HIDDEN)})
        assert checked.status == 1
        assert "password authentication failed" in checked.about("database")
        assert "DB_PWD" in checked.about("database")
        assert HIDDEN not in checked.text

    @pytest.mark.parametrize(
        "url",
        [
            f"postgres//u:{HIDDEN}@host/shop",
            f"postgresql://u:{HIDDEN}%zz@host/shop",
            f"postgresql://u:{HIDDEN}/{HIDDEN}@127.0.0.1/shop",
        ],
    )
    def test_an_address_that_can_not_be_read_is_not_shown(self, check, sound, url):
        checked = check(**{**sound, "DATABASE_URL": url})
        assert checked.status == 1
        assert "percent-encoded" in checked.about("database")
        assert HIDDEN not in checked.text

    def test_half_of_its_keys_is_an_error(self, check, sound):
        keys = {name: value for name, value in sound.items() if name != "DATABASE_URL"}
        assert "not DB_USER, DB_PWD, DB_NAME" in check(**keys, DB_HOST="127.0.0.1").about("database")
        assert "without DB_HOST" in check(**keys, DB_NAME="shop").about("database")

    def test_a_schema_not_made_yet_is_a_warning_and_stays_so(self, check, sound, empty_database):
        checked = check(**{**sound, "DATABASE_URL": empty_database})
        assert checked.status == 0
        assert "not there yet" in checked.about("schema", "warning")
        assert "app.cli migrate" in checked.about("schema", "warning")
        connection = psycopg2.connect(empty_database)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            assert cursor.fetchone() == (0,)
        connection.close()

    @pytest.mark.parametrize(
        ("revision", "level", "said"), [("0003", "warning", "at 0003"), ("9999", "warning", "of a later version")]
    )
    def test_a_schema_of_another_version_is_told(self, check, sound, sql, revision, level, said):
        sql("UPDATE alembic_version SET version_num = %s", revision)
        checked = check(**sound)
        sql("UPDATE alembic_version SET version_num = %s", expected_revision())
        assert checked.status == (level == "error")
        assert said in checked.about("schema", level)

    @pytest.mark.parametrize("migrates", [True, False])
    def test_a_start_is_named_as_a_remedy_only_where_it_is_one(self, check, sound, sql, migrates):
        sql("UPDATE alembic_version SET version_num = '0003'")
        checked = check(**sound, MIGRATE=str(migrates))
        sql("UPDATE alembic_version SET version_num = %s", expected_revision())
        assert ("so does the next start" in checked.about("schema", "warning")) == migrates

    def test_one_that_can_not_be_written_is_an_error(self, check, sound, sql, migrated):
        name = parse_dsn(migrated)["dbname"]
        sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        checked = check(**sound)
        sql("SET default_transaction_read_only = off")
        sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        assert checked.status == 1
        assert "read-only" in checked.about("database")

    def test_a_pool_larger_than_the_server_is_an_error(self, check, sound):
        checked = check(**sound, POOL_SIZE="5000", THREADS="10")
        assert "max_connections" in checked.about("POOL_SIZE")

    @pytest.mark.parametrize(("major", "level"), [(11, "error"), (12, "warning"), (15, "ok"), (18, "ok")])
    def test_one_that_is_too_old_is_told(self, major, level):
        assert version(major).level == level

    @root
    def test_the_embedded_one_needs_a_user_with_a_name(self, check):
        nobody = next(uid for uid in range(54321, 65000) if not _named(uid))
        checked = check(user=nobody, DATA_DIR="/tmp/nobody")
        assert checked.status == 1
        assert f"uid {nobody} has no passwd entry" in checked.about("database")


class TestFiles:
    def test_a_bucket_that_answers_is_fine_and_one_that_is_not_there_is_not(self, check, sound):
        server = ThreadedMotoServer("127.0.0.1", 0)
        server.start()
        try:
            host, port = server.get_host_and_port()
            keys = {"S3_ENDPOINT": f"http://{host}:{port}", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": HIDDEN}
            account = {"aws_access_key_id": "key", "aws_secret_access_key": HIDDEN, "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=keys["S3_ENDPOINT"], **account).create_bucket(Bucket="files-here")
            fine = check(**sound, **keys, S3_BUCKET="files-here")
            assert (fine.status, fine.levels()) == (0, {"ok"}), fine.text
            gone = check(**sound, **keys, S3_BUCKET="files-gone")
            assert (gone.status, "make the bucket" in gone.about("S3")) == (1, True)
        finally:
            server.stop()
        away = check(**sound, **keys, S3_BUCKET="files-here")
        assert "whether this machine reaches it" in away.about("S3")
        assert "no URL" in check(**sound, **{**keys, "S3_ENDPOINT": "nonsense"}, S3_BUCKET="files-here").about("S3_ENDPOINT")
        assert HIDDEN not in away.text + gone.text

    def test_a_directory_that_can_not_be_written_is_an_error(self, check, sound, tmp_path):
        kept = tmp_path / "kept"
        kept.mkdir(mode=0o555)
        checked = check(**sound, DATA_DIR=str(kept / "var"), user=65534 if os.geteuid() == 0 else None)
        assert checked.status == 1
        assert "can not be written" in checked.about("DATA_DIR")


class TestTraces:
    def test_a_collector_that_answers_is_fine_and_sees_no_span(self, check, sound):
        with Collector() as collector:
            headers = "authorization=Basic%20" + HIDDEN
            fine = check(**sound, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_HEADERS=headers)
        assert (fine.status, fine.levels()) == (0, {"ok"}), fine.text
        assert f"{collector.url}/v1/traces answers" in fine.about("traces", "ok")
        [(path, sent, body)] = collector.received
        assert (path, sent["authorization"], body) == ("/v1/traces", f"Basic {HIDDEN}", b"")
        assert HIDDEN not in fine.text

    @pytest.mark.parametrize(("status", "remedy"), [(401, "OTEL_EXPORTER_OTLP_HEADERS"), (404, "path"), (500, "log")])
    def test_one_that_refuses_is_told_of_and_keeps_nothing_from_starting(self, check, sound, status, remedy):
        class Refusing(Handler):
            def answer(self):
                self.sent()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

        with Endpoint(Refusing) as server:
            refused = check(**sound, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.port}")
        assert refused.status == 0
        assert f"answers {status}" in refused.about("traces", "warning")
        assert remedy in refused.about("traces", "warning")

    def test_one_that_is_away_or_hangs_is_told_of(self, check, sound):
        with Collector(hangs=True) as hanging:
            gone = f"http://127.0.0.1:{free_port()}"
            for url in (gone, hanging.url, hanging.url.replace("http:", "https:")):
                away = check(**sound, OTEL_EXPORTER_OTLP_ENDPOINT=url)
                assert away.status == 0
                assert f"the collector {url}/v1/traces does not answer" in away.about("traces", "warning")

    def test_a_password_in_its_address_is_not_shown(self, check, sound):
        url = f"http://user:{HIDDEN}@127.0.0.1:{free_port()}"
        assert HIDDEN not in check(**sound, OTEL_EXPORTER_OTLP_ENDPOINT=url).text

    def test_certificates_that_are_not_there_are_told_of(self, check, sound):
        given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:9", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/ca.pem"}
        assert "does not answer" in check(**sound, **given).about("traces", "warning")

    def test_a_variable_that_can_not_be_read_is_told_of(self, check, sound):
        given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_MAX_QUEUE_SIZE": "0"}
        checked = check(**sound, **given)
        assert (checked.status, "cannot be read" in checked.about("traces")) == (1, True)


def _named(uid):
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


@pytest.fixture
def guarded(postgres, migrated):
    """The address of this file's database for a user who needs a password: another than the one given."""
    parts = parse_dsn(migrated)
    connection = psycopg2.connect(postgres)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SHOW hba_file")
        [hba] = cursor.fetchone()
        before = Path(hba).read_text()
        cursor.execute("CREATE ROLE guarded LOGIN PASSWORD 'another one'")
        Path(hba).write_text("local all guarded scram-sha-256\n" + before)
        cursor.execute("SELECT pg_reload_conf()")
        yield lambda password: f"postgresql://guarded:{password}@/{parts['dbname']}?host={parts['host']}"
        Path(hba).write_text(before)
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("DROP ROLE guarded")
    connection.close()
