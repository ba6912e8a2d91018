"""The chart's values and the app's settings: the app reads a pod's environment, and neither drifts from the other."""

import base64
from pathlib import Path

import helm_python as helm
import pytest
from psycopg2.extensions import parse_dsn

from app.config import Settings
from tests.support.charts import CHART, render

FIELDS = Settings.model_fields
DEVELOPMENT_ONLY = {"webhook_allow_private"}
SET_BY_DOCKERFILE = {"frp_remote_port"}
STANDARD = {  # these go into extraEnv
    "otel_exporter_otlp_traces_endpoint",
    "otel_exporter_otlp_protocol",
    "otel_sdk_disabled",
    "otel_traces_exporter",
}
MOUNTED = {"HOST": "0.0.0.0", "DATA_DIR": "/var/lib/meta_be", "LOG_DIR": "/var/log/meta_be", "RUN_DIR": "/run/meta_be"}
LINES_OWN = {
    "FRP_SERVER_ADDR": "frps.retailwell.com",
    "PROXY_PORT": 8100,
    "PROXY_PEERS": "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fc00::/7",
}
SECRETS = {
    ("meta-be", "SECRET_KEY"): "k" * 48,
    ("meta-be", "PLATFORM_SECRET"): "whsec_" + base64.b64encode(b"s" * 32).decode(),
    ("meta-be-database", "host"): "one,two",
    ("meta-be-database", "user"): "meta",
    ("meta-be-database", "pwd"): "p w'd",
    ("meta-be-database", "db_name"): "shop",
    ("meta-be-url", "uri"): "postgresql://u:p@one,two/shop",
    ("meta-be-url", "ro"): "postgresql://u:p@three/shop",
    ("meta-be-s3", "endpoint"): "https://s3.internal:9000",
    ("meta-be-s3", "bucket"): "files",
    ("meta-be-s3", "access_key"): "access",
    ("meta-be-s3", "secret_key"): "hidden",
    ("meta-be-frp", "FRP_TOKEN"): "token",
    ("meta-be-metrics", "METRICS_TOKEN"): "token",
}
WHOLE_URL = {"url": {"secret": "meta-be-url", "key": "uri"}, "replicaUrl": {"secret": "meta-be-url", "key": "ro"}}
S3 = {"store": "s3"}
TRACING = {"tracing": {"endpoint": "http://collector:4318"}}
METRICS_TOKEN = {"metricsToken": {"secret": "meta-be-metrics"}, "scrape": {"by": "none"}}


@pytest.fixture(scope="module")
def chart():
    with helm.Chart.load(CHART) as loaded:
        yield loaded


@pytest.fixture
def settings_in(monkeypatch):
    """The app's settings in a pod: from its environment and nothing else."""

    def read(rendering):
        for name in FIELDS:
            monkeypatch.delenv(name.upper(), raising=False)
        environment = rendering.one("ConfigMap")["data"] | {name: SECRETS[key] for name, key in rendering.secrets().items()}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Settings(_env_file=None)

    return read


class TestTheAppTakesThem:
    @pytest.mark.parametrize("namespace", ["pixel", "meta-product"])
    def test_database_keys_and_secrets_reach_it(self, settings_in, namespace):
        settings = settings_in(render(namespace))
        database = parse_dsn(settings.configured_database())
        assert (database["host"], database["port"], database["dbname"]) == ("one,two", "5432", "shop")
        assert (database["user"], database["password"]) == ("meta", "p w'd")
        assert settings.token_key == "k" * 48
        assert len(settings.platform_secrets) == 1
        assert settings.data_dir == Path("/var/lib/meta_be")

    def test_files_lie_where_the_line_says(self, settings_in):
        assert settings_in(render("pixel")).bucket is None
        bucket = settings_in(render("meta-product")).bucket
        assert (bucket.endpoint, bucket.name) == ("https://s3.internal:9000", "files")
        assert (bucket.access_key, bucket.secret_key, bucket.region) == ("access", "hidden", "us-east-1")

    def test_what_is_given_in_plain_is_not_looked_for_in_a_secret(self, settings_in):
        rendering = render(
            "default",
            {
                "database": {"host": "db.internal", "port": 5433, "user": "me", "db_name": "orders"},
                "files": {"store": "s3", "s3": {"endpoint": "http://minio:9000", "bucket": "b", "region": "eu"}},
            },
            line=False,
        )
        database = parse_dsn(settings_in(rendering).configured_database())
        assert database == {"host": "db.internal", "port": "5433", "user": "me", "dbname": "orders", "password": "p w'd"}
        bucket = settings_in(rendering).bucket
        assert (bucket.endpoint, bucket.name, bucket.region) == ("http://minio:9000", "b", "eu")
        assert {"DB_HOST", "DB_USER", "DB_NAME", "S3_ENDPOINT", "S3_BUCKET"}.isdisjoint(rendering.secrets())

    def test_a_whole_url_takes_the_place_of_the_five_keys(self, settings_in):
        rendering = render("default", {"database": WHOLE_URL}, line=False)
        assert settings_in(rendering).configured_database() == "postgresql://u:p@one,two/shop"
        assert rendering.secrets()["DATABASE_REPLICA_URL"] == ("meta-be-url", "ro")
        told = rendering.one("ConfigMap")["data"].keys() | rendering.secrets().keys()
        assert not [name for name in told if name.startswith("DB_")]

    def test_a_big_number_stays_a_whole_one(self, settings_in):
        assert settings_in(render("default", {"settings": {"TOKEN_HOURS": 1_000_000}}, line=False)).token_hours == 1_000_000

    @pytest.mark.parametrize("value", [True, False])
    def test_a_switch(self, settings_in, value):
        assert settings_in(render("default", {"settings": {"AUTO_AGREE": value}}, line=False)).auto_agree is value

    def test_nothing_is_told_twice(self):
        for values in ({"database": WHOLE_URL}, {"files": S3}, {"frp": {"mode": "image", "server": {"addr": "frp.example"}}}):
            rendering = render("default", values, line=False)
            assert rendering.secrets().keys().isdisjoint(rendering.one("ConfigMap")["data"])


class TestTheyFollowTheApp:
    @pytest.mark.parametrize("line", ["pixel", "meta-product"])
    def test_every_setting_in_the_config_map_is_the_apps_at_its_default(self, line, settings_in):
        told = render(line).one("ConfigMap")["data"]
        assert sorted(name for name in told if name.lower() not in FIELDS) == []
        read = settings_in(render(line)).model_dump(mode="json")
        expected = {name.lower(): FIELDS[name.lower()].default for name in told} | {
            name.lower(): value for name, value in (MOUNTED | LINES_OWN).items() if name in told
        }
        assert {name: read[name] for name in expected} == expected

    def test_every_setting_of_the_app_can_be_given(self):
        given = set(DEVELOPMENT_ONLY | SET_BY_DOCKERFILE | STANDARD)
        inside, beside = ({"mode": mode, "server": {"addr": "frp.example"}} for mode in ("image", "deployment"))
        apart = {"worker": {"separate": True}, "migration": {"by": "job"}}
        for values in (
            {"files": S3, "frp": inside, **METRICS_TOKEN, **apart, **TRACING},
            {"database": WHOLE_URL, "frp": beside},
        ):
            rendering = render("default", values, line=False)
            told = rendering.one("ConfigMap")["data"].keys() | rendering.secrets().keys() | rendering.plain().keys()
            given |= {name.lower() for name in told}
        assert sorted(FIELDS.keys() - given) == []

    def test_the_schema_has_the_apps_limits(self, chart):
        limits = ("minimum", "maximum", "enum")
        of_app = Settings.model_json_schema()["properties"]
        for name, found in chart.schema["properties"]["settings"]["properties"].items():
            own = of_app[name.lower()]
            assert {key: found.get(key) for key in limits} == {key: own.get(key) for key in limits}, name
