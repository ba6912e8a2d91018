"""Webhooks as merchants keep them: what is accepted, what is shown, and who sees it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.config import settings
from app.services.orders.states import MOVES as ORDER_MOVES
from app.services.tickets.states import MOVES as TICKET_MOVES
from app.services.webhooks.secrets import secret_of
from tests.support.factories import made

URL = "https://shop.example.com/hook"


@pytest.fixture
def hook(merchant):
    return made(merchant.post("/webhooks", {"url": URL}), 201)


def refused(answer):
    assert answer.status_code == 422, answer.text
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


class TestCreate:
    def test_it_is_shown_with_its_secret_once(self, merchant, sql):
        hook = made(merchant.post("/webhooks", {"url": URL, "verbs": ["ship", "place", "ship"], "description": " ERP "}), 201)
        secret = hook.pop("secret")
        assert secret.startswith("whsec_")
        assert (hook["url"], hook["verbs"], hook["description"]) == (URL, ["ship", "place"], "ERP")
        assert (hook["status"], hook["disabled_reason"], hook["failing_since"]) == ("enabled", None, None)
        assert made(merchant.get(f"/webhooks/{hook['id']}")) == hook
        assert made(merchant.get("/webhooks"))["items"] == [hook]
        stored = str([sql(f'SELECT t::text FROM "{table}" t') for table in ("webhook", "event", "idempotency_key")])
        assert secret.removeprefix("whsec_") not in stored

    def test_no_verbs_are_all_verbs(self, merchant):
        for body in ({"url": URL}, {"url": URL, "verbs": []}, {"url": URL, "verbs": None}):
            assert made(merchant.post("/webhooks", body), 201)["verbs"] is None

    def test_a_repeated_request_is_answered_with_the_secret_that_is_not_kept(self, merchant, sql):
        sent = {"headers": {"Idempotency-Key": "one"}}
        first = made(merchant.post("/webhooks", {"url": URL}, **sent), 201)
        again = merchant.post("/webhooks", {"url": URL}, **sent)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == first
        assert first["secret"]
        assert first["secret"] not in str(sql("SELECT body FROM idempotency_key"))

    def test_two_webhooks_have_two_secrets(self, merchant):
        assert len({made(merchant.post("/webhooks", {"url": URL}), 201)["secret"] for _ in range(3)}) == 3

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://shop.example.com/", "url_not_https"),
            ("ftp://shop.example.com/", "url_scheme"),
            ("shop.example.com", "url_parsing"),
            ("https://", "url_parsing"),
            ("", "url_parsing"),
            (7, "url_type"),
            ("https://user:secret@shop.example.com/", "url_with_credentials"),
            ("https://user@shop.example.com/", "url_with_credentials"),
            ("https://shop.example.com/#part", "url_with_fragment"),
            ("https://shop.example.com:25/", "url_port"),
            ("https://shop.example.com:0/", "url_port"),
            ("https://shop.example.com:65536/", "url_parsing"),
            ("https://127.0.0.1/", "url_not_public"),
            ("https://2130706433/", "url_not_public"),
            ("https://0x7f.1/", "url_not_public"),
            ("https://localhost/", "url_not_public"),
            ("https://a.localhost/", "url_not_public"),
            ("https://10.1.2.3:8443/", "url_not_public"),
            ("https://169.254.169.254/latest/meta-data", "url_not_public"),
            ("https://100.100.100.200/", "url_not_public"),
            ("https://[::1]/", "url_not_public"),
            ("https://[::ffff:192.168.0.1]/", "url_not_public"),
            ("https://[fd00:ec2::254]/", "url_not_public"),
            ("https://224.0.0.1/", "url_not_public"),
            ("https://0177.0.0.1/", "url_not_public"),
            ("https://0x7f000001/", "url_not_public"),
            ("https://127.1/", "url_not_public"),
            ("https://0/", "url_not_public"),
            ("https://0.0.0.0/", "url_not_public"),
            ("https://１２７.0.0.1/", "url_not_public"),
            ("https://127。0。0。1/", "url_not_public"),
            ("https://127.0.0.1./", "url_not_public"),
            ("https://LOCALHOST./", "url_not_public"),
            ("https://2852039166/", "url_not_public"),
            ("https://0xa9fea9fe/", "url_not_public"),
            ("https://172.31.255.255/", "url_not_public"),
            ("https://192.168.1.1/", "url_not_public"),
            ("https://100.64.0.1/", "url_not_public"),
            ("https://168.63.129.16/", "url_not_public"),
            ("https://[::]/", "url_not_public"),
            ("https://[::127.0.0.1]/", "url_not_public"),
            ("https://[::ffff:7f00:1]/", "url_not_public"),
            ("https://[0:0:0:0:0:ffff:a9fe:a9fe]/", "url_not_public"),
            ("https://[64:ff9b::7f00:1]/", "url_not_public"),
            ("https://[64:ff9b::169.254.169.254]/", "url_not_public"),
            ("https://[64:ff9b:1::1]/", "url_not_public"),
            ("https://[2002:7f00:1::]/", "url_not_public"),
            ("https://[2001:0:4136:e378::]/", "url_not_public"),
            ("https://[fe80::1]/", "url_not_public"),
            ("https://[ff02::1]/", "url_not_public"),
            ("https://8.8.8.8@127.0.0.1/", "url_with_credentials"),
            ("https://shop.example.com/" + "a" * 2048, "url_too_long"),
        ],
    )
    def test_a_url_that_can_not_be_called_is_refused(self, merchant, url, code):
        assert refused(merchant.post("/webhooks", {"url": url})) == {("url", code)}
        zh = merchant.call("POST", "/webhooks", json={"url": url}, headers={"Accept-Language": "zh"})
        assert any("一" <= character <= "鿿" for character in zh.json()["errors"][0]["detail"])

    @pytest.mark.parametrize("url", ["https://8.8.8.8:8443/a?b=c", "https://例子.cn/", "https://[2606:4700::1111]/"])
    def test_a_public_url_is_accepted(self, merchant, url):
        assert made(merchant.post("/webhooks", {"url": url}), 201)["url"].isascii()

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"url": URL, "verbs": ["shipped"]},
            {"url": URL, "verbs": "ship"},
            {"url": URL, "secret": "mine"},
            {"url": URL, "status": "disabled"},
            {"url": URL, "description": "a" * 256},
            {"url": None},
        ],
    )
    def test_what_is_not_known_is_refused(self, merchant, body):
        assert refused(merchant.post("/webhooks", body))
        assert made(merchant.get("/webhooks"))["total"] == 0

    def test_a_merchant_has_ten_at_most_however_they_are_asked_for(self, world, merchant):
        made(world.merchant().post("/webhooks", {"url": URL}), 201)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: merchant.post("/webhooks", {"url": URL}), range(14)))
        assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 4
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many_webhooks"}
        made_first = made(merchant.get("/webhooks"))["items"][0]
        assert merchant.delete(f"/webhooks/{made_first['id']}").status_code == 204
        made(merchant.post("/webhooks", {"url": URL}), 201)


class TestChange:
    def test_what_is_named_is_changed(self, merchant, hook):
        path = f"/webhooks/{hook['id']}"
        changed = made(merchant.patch(path, {"url": "https://b.example.com/", "verbs": ["receive"], "description": "b"}))
        assert (changed["url"], changed["verbs"], changed["description"]) == ("https://b.example.com/", ["receive"], "b")
        assert changed["secret"] is None
        assert made(merchant.patch(path, {"verbs": None}))["verbs"] is None
        assert made(merchant.patch(path, {}))["description"] == "b"

    def test_it_is_disabled_and_enabled(self, merchant, hook):
        path = f"/webhooks/{hook['id']}"
        disabled = made(merchant.patch(path, {"status": "disabled"}))
        assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "merchant")
        assert made(merchant.get("/webhooks", status="enabled"))["items"] == []
        assert made(merchant.get("/webhooks", status="disabled"))["total"] == 1
        enabled = made(merchant.patch(path, {"status": "enabled"}))
        assert (enabled["status"], enabled["disabled_reason"]) == ("enabled", None)

    def test_a_rotated_secret_is_shown_once(self, merchant, hook):
        path = f"/webhooks/{hook['id']}"
        new = made(merchant.patch(path, {"rotate_secret": True}))["secret"]
        assert new.startswith("whsec_")
        assert new != hook["secret"]
        assert made(merchant.patch(path, {"rotate_secret": False}))["secret"] is None

    @pytest.mark.parametrize(
        "body",
        [
            {"url": "http://a.example.com/"},
            {"status": "removed"},
            {"status": None},
            {"rotate_secret": 1},
            {"id": 3},
            {"url": None},
        ],
    )
    def test_what_is_not_known_is_refused(self, merchant, hook, body):
        assert refused(merchant.patch(f"/webhooks/{hook['id']}", body))


def test_a_removed_one_is_gone(merchant, hook):
    path = f"/webhooks/{hook['id']}"
    assert merchant.delete(path).status_code == 204
    assert [merchant.get(p).status_code for p in (path, f"{path}/deliveries")] == [404, 404]
    assert [merchant.patch(path, {}).status_code, merchant.delete(path).status_code] == [404, 404]
    assert made(merchant.get("/webhooks"))["items"] == []


def test_a_secret_takes_the_secret_key_and_is_of_one_webhook_and_one_rotation(monkeypatch):
    secrets = [secret_of(1, "a"), secret_of(1, "b"), secret_of(2, "a")]
    assert secret_of(1, "a") == secrets[0]
    monkeypatch.setitem(settings.__dict__, "token_key", "another key of thirty-two bytes or more")
    assert len({*secrets, secret_of(1, "a")}) == 4


def test_every_move_can_be_asked_for(merchant):
    moves = {"order": ORDER_MOVES, "except_order": TICKET_MOVES}
    types = sorted({f"{subject}.{move.verb}" for subject, of in moves.items() for move in of})
    assert made(merchant.post("/webhooks", {"url": URL, "types": types}), 201)["types"] == types
    verbs = sorted({move.verb for of in moves.values() for move in of})
    assert made(merchant.post("/webhooks", {"url": URL, "verbs": verbs}), 201)["verbs"] == verbs


class TestFilter:
    def test_types_are_shown_as_named_each_once(self, merchant):
        hook = made(merchant.post("/webhooks", {"url": URL, "types": ["sku.stock", "order.ship", "sku.stock"]}), 201)
        assert (hook["types"], hook["verbs"], hook["verb_as_type"]) == (["sku.stock", "order.ship"], None, False)

    def test_the_last_one_named_counts(self, merchant, hook):
        path = f"/webhooks/{hook['id']}"
        shown = ("types", "verbs", "verb_as_type")
        steps = [
            ({"verbs": ["ship"]}, (None, ["ship"], True)),
            ({"description": "ERP"}, (None, ["ship"], True)),
            ({"verbs": None}, (None, None, True)),
            ({"types": ["order.ship"]}, (["order.ship"], None, False)),
            ({"types": None, "verbs": ["place"]}, (None, ["place"], True)),
            ({"types": []}, (None, None, False)),
        ]
        for body, told in steps:
            changed = made(merchant.patch(path, body))
            assert tuple(changed[name] for name in shown) == told, body

    @pytest.mark.parametrize(
        "body",
        [
            {"types": ["order.shipped"]},
            {"types": ["ship"]},
            {"types": ["order.*"]},
            {"types": "order.ship"},
            {"types": ["order.ship"], "verbs": ["ship"]},
            {"verb_as_type": True},
        ],
    )
    def test_what_is_not_known_is_refused(self, merchant, hook, body):
        assert refused(merchant.post("/webhooks", {"url": URL, **body}))
        assert refused(merchant.patch(f"/webhooks/{hook['id']}", body))

    def test_both_at_once_are_refused_in_words(self, merchant):
        body = {"url": URL, "types": ["order.ship"], "verbs": ["ship"]}
        for language, words in (("zh", "types 或 verbs 之一"), ("en", "not by both")):
            answer = merchant.call("POST", "/webhooks", json=body, headers={"Accept-Language": language})
            assert words in answer.json()["errors"][0]["detail"]


class TestPlatform:
    def test_its_webhooks_and_merchants_are_apart(self, world, merchant, hook):
        platform = world.api.platform
        own = made(platform.post("/webhooks", {"url": URL, "types": ["refund.due"]}), 201)
        assert made(platform.get("/webhooks"))["items"] == [{name: own[name] for name in hook if name != "secret"}]
        assert [one["id"] for one in made(merchant.get("/webhooks"))["items"]] == [hook["id"]]
        for caller, webhook in ((platform, hook), (merchant, own)):
            path = f"/webhooks/{webhook['id']}"
            asked = (caller.get(path), caller.patch(path, {}), caller.delete(path), caller.get(f"{path}/deliveries"))
            assert [answer.status_code for answer in asked] == [404] * 4
            assert caller.post(f"{path}/deliveries/1/redeliver").status_code == 404

    def test_it_is_changed_disabled_and_removed(self, world):
        platform = world.api.platform
        own = made(platform.post("/webhooks", {"url": URL}), 201)
        path = f"/webhooks/{own['id']}"
        assert made(platform.patch(path, {"status": "disabled"}))["disabled_reason"] == "platform"
        assert made(platform.patch(path, {"rotate_secret": True}))["secret"] not in (None, own["secret"])
        assert platform.delete(path).status_code == 204
        assert platform.get(path).status_code == 404

    def test_it_has_ten_at_most_however_they_are_asked_for(self, world):
        platform = world.api.platform
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: platform.post("/webhooks", {"url": URL}), range(14)))
        assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 4
