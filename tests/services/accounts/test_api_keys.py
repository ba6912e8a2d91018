"""API keys: what they open, what they do not, and that they end at once."""

import itertools

import httpx
import pytest
from fastapi.routing import APIRoute

from app.main import app
from app.services.accounts import api_keys
from tests.services.test_isolation import AnyId, case_of
from tests.support.api import PREFIX, Caller
from tests.support.factories import SCOPES, made, new_key, with_key
from tests.support.waiting import eventually

CLOSED = {"account", "own_account", "api_keys", "own_webhooks"}  # modules of controllers
READ_ONLY = {"events", "statistics", "settings", "return_address"}
ROUTES = [
    (method, route.path.removeprefix(f"{PREFIX}/merchant"), route.endpoint.__module__.rpartition(".")[2])
    for route in app.routes
    if isinstance(route, APIRoute) and route.path.startswith(f"{PREFIX}/merchant/")
    for method in sorted(route.methods)
    if not route.path.endswith(("/login", "/register"))
]


def machine(merchant, *scopes):
    """A caller with a new key of the merchant."""
    return with_key(merchant, new_key(merchant, *scopes)["key"])


def codes(answer):
    return answer.status_code, answer.json()["code"]


class TestKeys:
    def test_a_key_is_shown_once_and_stored_as_a_digest(self, merchant, sql):
        key = new_key(merchant)
        assert key["key"].startswith(f"mbk_{merchant.id}_{key['id']}_")
        shown = {name: value for name, value in key.items() if name != "key"}
        assert made(merchant.get("/api-keys"))["items"] == [shown]
        secret = key["key"].split("_", 3)[3]
        assert sql("SELECT count(*) FROM api_key WHERE api_key::text LIKE %s", f"%{secret}%") == [(0,)]
        assert sql("SELECT count(*) FROM event WHERE event::text LIKE %s", f"%{secret}%") == [(0,)]

    def test_a_repeated_idempotency_key_makes_no_second_key_and_shows_none(self, merchant, sql):
        body, headers = {"name": "ERP", "scopes": ["read"]}, {"Idempotency-Key": "once"}
        first, again = (merchant.call("POST", "/api-keys", json=body, headers=headers) for _ in range(2))
        assert made(again, 201) == {**made(first, 201), "key": None}
        assert sql("SELECT count(*) FROM idempotency_key WHERE idempotency_key::text LIKE '%%mbk@_%%' ESCAPE '@'") == [(0,)]

    def test_several_work_beside_the_session_and_outlive_it(self, merchant):
        one, two = machine(merchant), machine(merchant)
        for caller in (one, two, merchant):
            made(caller.get("/orders"))
        assert merchant.post("/logout").status_code == 204
        for caller in (one, two):
            made(caller.get("/orders"))

    def test_a_deleted_key_is_out_at_once(self, merchant):
        key = new_key(merchant)
        caller = with_key(merchant, key["key"])
        made(caller.get("/orders"))
        assert merchant.delete(f"/api-keys/{key['id']}").status_code == 204
        assert codes(caller.get("/orders")) == (401, "not_authenticated")
        assert merchant.delete(f"/api-keys/{key['id']}").status_code == 404

    def test_a_merchant_has_twenty_at_most(self, merchant):
        for _ in range(api_keys.MOST):
            key = new_key(merchant, "read")
        assert codes(merchant.post("/api-keys", {"name": "x", "scopes": ["read"]})) == (409, "too_many_api_keys")
        merchant.delete(f"/api-keys/{key['id']}")
        new_key(merchant, "read")

    @pytest.mark.parametrize("scopes", [[], ["admin"], ["read", 1], "read", None])
    def test_scopes_are_known_ones(self, merchant, scopes):
        assert merchant.post("/api-keys", {"name": "x", "scopes": scopes}).status_code == 422

    def test_its_use_is_recorded(self, merchant):
        caller = machine(merchant)
        assert made(merchant.get("/api-keys"))["items"][0]["last_used"] is None
        made(caller.get("/orders"))
        assert made(merchant.get("/api-keys"))["items"][0]["last_used"]


class TestScopes:
    @pytest.mark.parametrize(("method", "path", "module"), ROUTES)
    def test_a_route_opens_to_its_scope_and_to_no_other(self, merchant, method, path, module):
        route = f"{method} /merchant{path}"
        case = case_of(route)
        if module in CLOSED or (module in READ_ONLY and method != "GET"):
            assert codes(case.by(machine(merchant), route, AnyId())) == (403, "not_for_api_keys")
            return
        if path == "/events":
            return  # a stream: see below
        opened = {scope for scope in SCOPES if _is_open(case.by(machine(merchant, scope), route, AnyId()))}
        assert opened == {"read"} if method == "GET" else len(opened - {"read"}) == 1

    def test_a_missing_scope_is_named(self, merchant):
        answer = machine(merchant, "orders").get("/orders")
        assert codes(answer) == (403, "scope_missing")
        assert "read" in answer.json()["detail"]

    @pytest.mark.parametrize("audience", ["customer", "admin"])
    def test_it_is_for_merchants_alone(self, merchant, audience):
        caller = Caller(merchant.client, audience, new_key(merchant)["key"])
        assert codes(caller.get("/me")) == (403, "wrong_audience")


class TestForged:
    def test_no_other_key_opens(self, world):
        mine, theirs = world.merchant(), world.merchant()
        ours, other = new_key(mine), new_key(theirs)
        secret, stolen = ours["key"].split("_", 3)[3], other["key"].split("_", 3)[3]
        flipped = ("A" if secret[0] != "A" else "B") + secret[1:]
        named = itertools.count(1)
        for merchant_id, key_id, part in (
            (mine.id, ours["id"], flipped),
            (mine.id, ours["id"], stolen),
            (mine.id, other["id"], stolen),
            (theirs.id, ours["id"], secret),
            (mine.id, 999_999, secret),
        ):
            headers = {"X-Forwarded-For": f"203.0.113.{next(named)}"}
            answer = mine.client.get(
                f"{PREFIX}/merchant/orders", headers={**headers, "Authorization": f"Bearer mbk_{merchant_id}_{key_id}_{part}"}
            )
            assert codes(answer) == (401, "not_authenticated")

    @pytest.mark.parametrize("key", ["mbk_", "mbk_1_1_x", "mbk_1_1_" + "x" * 44, "mbk_0_1_" + "x" * 43, "mbk_١_1_" + "x" * 43])
    def test_what_is_no_key_is_refused(self, merchant, key):
        answer = merchant.client.get(f"{PREFIX}/merchant/orders", headers={"Authorization": b"Bearer " + key.encode()})
        assert codes(answer) == (401, "not_authenticated")

    def test_guessing_is_throttled_and_the_holder_is_not(self, merchant):
        key = new_key(merchant)
        wrong = with_key(merchant, key["key"][:-1] + ("A" if key["key"][-1] != "A" else "B"))
        answers = [wrong.get("/orders") for _ in range(8)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
        assert int(answers[-1].headers["retry-after"]) > 0
        made(with_key(merchant, key["key"]).get("/orders"))

    def test_the_key_of_a_disabled_merchant_is_refused(self, world):
        merchant = world.merchant()
        caller = machine(merchant)
        admin = world.admin()
        made(admin.post(f"/users/{merchant.id}/disable"))
        assert codes(caller.get("/orders")) == (403, "disabled")
        made(admin.post(f"/users/{merchant.id}/enable"))
        made(caller.get("/orders"))


class TestTraces:
    def test_the_audit_says_which_key_acted(self, world):
        merchant, customer, admin = world.merchant(), world.customer(), world.admin()
        key = new_key(merchant)
        caller = with_key(merchant, key["key"])
        alone, many = (world.order(merchant, customer) for _ in range(2))
        parcel = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}
        made(caller.post(f"/orders/{alone['id']}/ship", parcel))
        made(caller.post("/orders/ship", {"items": [{"order_id": many["id"], **parcel}]}))
        for order in (alone, many):
            event = made(merchant.get(f"/orders/{order['id']}/events"))["items"][0]
            shown = (event["verb"], event["actor_kind"], event["actor_id"], event["api_key_id"])
            assert shown == ("ship", "merchant", merchant.id, key["id"])
        events = made(admin.get("/events", business_id=merchant.id, size=100))["items"]
        made_key = next(event for event in events if event["subject"] == "api_key")
        assert (made_key["verb"], made_key["details"]) == ("create", {"name": "ERP", "scopes": list(SCOPES)})
        assert made_key["api_key_id"] is None

    def test_the_stream_accepts_a_key_and_ends_with_it(self, served, merchant):
        url = served()
        key = new_key(merchant, "read")
        headers = {"Authorization": f"Bearer {key['key']}"}
        with httpx.stream("GET", f"{url}{PREFIX}/merchant/events", headers=headers, timeout=30) as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("id:"))
            assert merchant.delete(f"/api-keys/{key['id']}").status_code == 204
            assert next(line for line in lines if line == "event: closed")
        eventually(lambda: made(merchant.get("/api-keys"))["items"] == [])


def _is_open(answer):
    if answer.status_code != 403:
        return True
    assert answer.json()["code"] == "scope_missing"
    return False
