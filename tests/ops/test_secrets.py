"""No secret leaves the service: one list of all that it holds, held against all that its processes say and answer."""

import re
from secrets import token_hex

import httpx
import pytest

from app.config import settings
from app.config.definitions import Settings
from tests.conftest import environment_for
from tests.support.api import Caller, Platform
from tests.support.collector import QUICKLY, Collector
from tests.support.factories import made, new_key
from tests.support.processes import deployed, finished, running
from tests.support.receivers import Receiver
from tests.support.waiting import eventually

LIKE_SECRETS = re.compile("secret|pwd|password|token|key|url|credential")
NO_SECRETS = {"token_hours"}  # settings whose name alone is like a secret's
HANDED_OUT = {("POST", "/api/v1/merchant/login"), ("POST", "/api/v1/merchant/api-keys"), ("POST", "/api/v1/merchant/webhooks")}
"""Where a caller is given a new secret, once."""


@pytest.fixture
def given(migrated):
    """The settings that are secret, by name, as an operator gives them."""
    password = token_hex(12)
    return {
        "SECRET_KEY": str(settings.secret_key),
        "PLATFORM_SECRET": str(settings.platform_secret),
        "DATABASE_URL": f"{migrated}&password={password}",
        "DATABASE_REPLICA_URL": f"{migrated}&password={password}",
        "DB_PWD": token_hex(12),
        "FRP_TOKEN": token_hex(12),
        "METRICS_TOKEN": token_hex(12),
        "S3_ACCESS_KEY": token_hex(12),
        "S3_SECRET_KEY": token_hex(12),
    }


def words(given):
    """What must be nowhere: a URL's password in place of the URL, a signing secret without its prefix too."""
    return {value.rpartition("password=")[2].removeprefix("whsec_") for value in given.values()}


def test_the_list_has_every_setting_that_is_like_a_secret(given):
    alike = {name for name in Settings.model_fields if LIKE_SECRETS.search(name)}
    assert alike - NO_SECRETS == {name.lower() for name in given}


def use_all(client, receiver, sql):
    """Let an account do all that has to do with secrets, rightly and wrongly; the secrets that came of it."""
    name, password, later = token_hex(6), token_hex(12), token_hex(12)
    merchant = Caller(client, "merchant")
    account = {"name": name, "password": password, "storename": name}
    made(merchant.post("/register", account), 201)
    assert merchant.post("/register", account).status_code == 409
    assert merchant.post("/register", {**account, "password": [password]}).status_code == 422
    assert merchant.post("/register", {**account, "storename": {password: password}}).status_code == 422
    assert merchant.post("/login", {"name": name + "x", "password": password}).status_code == 401
    tokens = [made(merchant.post("/login", {"name": name, "password": password}))["access_token"]]
    merchant.token = tokens[0]
    assert merchant.put("/me/password", {"old_password": password, "new_password": later}).status_code == 204
    merchant.token = made(merchant.post("/login", {"name": name, "password": later}))["access_token"]
    tokens.append(merchant.token)
    assert Caller(client, "merchant", tokens[0]).get("/me").status_code == 401
    assert Caller(client, "customer", tokens[1]).get("/me").status_code in (401, 403)
    hook = made(merchant.post("/webhooks", {"url": receiver.url}), 201)
    key = new_key(merchant, "read")["key"]
    machine = Caller(client, "merchant", key)
    assert machine.get("/products").status_code == 200
    assert machine.post("/products", {}).status_code in (403, 422)
    assert Caller(client, "merchant", key[:-2] + "xx").get("/products").status_code == 401
    for path in ("/me", "/webhooks", f"/webhooks/{hook['id']}", "/api-keys", "/settings", "/products"):
        assert merchant.get(path).status_code in (200, 405), path
    product = {"name": "水杯", "skus": [{"sku_name": "蓝色", "sku_attr": "{}", "price": 9.9, "stock": 100}]}
    made(merchant.post("/products", product), 201)
    assert client.get("/api/v1/platform/products").status_code == 401
    made(Platform(client, "platform").get("/products"))
    sql("ALTER TABLE scene RENAME TO scene_away")
    try:
        assert merchant.get("/scenes").status_code == 500
    finally:
        sql("ALTER TABLE scene_away RENAME TO scene")
    kept = sql('SELECT password_hash, auth_token FROM "user" WHERE name = %s', name)[0] + sql("SELECT digest FROM api_key")[0]
    return {password, later, *tokens, *(token.rpartition(".")[2] for token in tokens), key, hook["secret"], *kept}


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_no_secret_is_in_what_the_processes_say_and_answer(migrated, sql, given, log_format):
    said: list[str] = []

    def keep(response: httpx.Response) -> None:
        hands_out = (response.request.method, response.request.url.path) in HANDED_OUT and response.is_success
        said.append(f"{response.headers} {'' if hands_out else response.read().decode()}")

    with Collector() as collector, Receiver() as receiver:
        told = {"LOG_LEVEL": "debug", "LOG_FORMAT": log_format, "WEBHOOK_ALLOW_PRIVATE": "true"}
        nowhere = {
            "S3_ENDPOINT": "http://127.0.0.1:1",
            "S3_BUCKET": "shop",
            "FRP_SERVER_ADDR": "127.0.0.1",
            "FRP_REMOTE_PORT": "1",
        }
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **QUICKLY}
        environment = {**environment_for(migrated), **told, **nowhere, **traced, **given}
        with deployed(environment) as api, running(environment, "app.worker") as worker:
            with httpx.Client(base_url=api.url, timeout=20, event_hooks={"response": [keep]}) as client:
                secrets = words(given) | use_all(client, receiver, sql)
                receiver.wait_for(1)
                assert client.get("/metrics", headers={"Authorization": f"Bearer {given['METRICS_TOKEN']}"}).status_code == 200
                assert client.get("/metrics", headers={"Authorization": f"Bearer {given['SECRET_KEY']}"}).status_code == 401
                made(client.get("/openapi.json"))
            eventually(collector.spans)
            said += [api.text(), worker.text(), collector.bytes().decode(errors="replace")]
            said += [f"{each.path} {each.headers} {each.body.decode()}" for each in receiver.received]
        away = {**environment, "DATABASE_URL": f"postgresql://meta:{given['DB_PWD']}@127.0.0.1:1/shop"}
        for each in (environment, away):
            check = finished(each, "app.cli", "check")
            assert check.stdout + check.stderr
            said += [check.stdout, check.stderr]
    assert len(secrets) > 15
    assert [(secret[:4], text) for secret in secrets for text in said if secret in text] == []
