"""The TypeScript client against the running service: what it is compiled from is held against the document by `tsc`."""

import base64
import json
import os
import secrets
import subprocess
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from app.main import app
from tests.conftest import ROOT
from tests.support.factories import PASSWORD

NODE = ROOT / ".venv" / "bin" / "node"


@pytest.fixture(autouse=True)
def _client_is_there() -> None:
    if not (NODE.exists() and (ROOT / "node_modules" / "openapi-fetch").exists()):
        why = "what the client needs is not installed: make clients"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def delivery(key: str) -> dict:
    body, now = '{"type":"order.ship","data":{"订单":1}}', datetime.now(UTC)
    signature = Webhook(key).sign("evt_1", now, body)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return {"secret": key, "body": body, "headers": headers}


def test_a_merchants_day(world, served):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    for _ in range(2):
        world.order(merchant, customer, sku=sku)
    account = {"url": served(), "name": merchant.account["name"], "password": PASSWORD}
    given = {**account, "delivery": delivery(secret()), "otherSecret": secret()}
    command = [str(NODE), "tests/clients/day.ts", json.dumps(given)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "a day went by\n", ended.stderr


def test_it_has_types_for_every_path():
    """`make clients` writes them; a path that the service serves and they lack means that they are old."""

    types = ROOT / "clients" / "typescript" / "src" / "schema.d.ts"
    if not types.exists():
        pytest.skip("the types are not made: make clients")
    written = types.read_text()
    assert [path for path in app.openapi()["paths"] if f'"{path}": {{' not in written] == []
