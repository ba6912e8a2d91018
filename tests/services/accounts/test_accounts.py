"""Accounts and sessions: registering, logging in and out, being shut out, and guessing passwords in vain."""

import base64
import hashlib
import hmac
import itertools
import json
import statistics
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from fastapi.testclient import TestClient
from jose import jwt

from app.config import settings
from app.db import pools
from app.main import app
from app.security import DELETED, _matches, hash_now, new_token
from app.services.accounts import slowing
from tests.support.api import Caller
from tests.support.effort import dice, often
from tests.support.factories import PASSWORD, made, purchase
from tests.support.transport import Client
from tests.support.waiting import WAITING, eventually

TABLES = {"merchant": '"user"', "customer": "customer", "admin": "admin"}
KINDS = list(TABLES)
HOUR = 3600
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own, and comes from addresses of its own."""
    return migrated_module


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def account(world, kind):
    """A logged-in account of each kind."""
    return getattr(world, kind)()


@pytest.fixture
def at():
    """Gives the client of a new address, or of the one named."""
    network = next(_numbers)
    hosts = itertools.count(1)
    clients = []

    def client(address=None):
        clients.append(TestClient(app, client=(address or f"10.0.{network}.{next(hosts)}", 1)))
        return clients[-1]

    yield client
    for opened in clients:
        opened.close()


@pytest.fixture
def log_in(at):
    """Tries a password: `log_in(kind, name, password)`, from an address that no other test uses, or from `client`."""
    own = at()

    def run(kind, name, password=PASSWORD, *, client=None):
        return Caller(client or own, kind).post("/login", {"name": name, "password": password})

    return run


def as_holder(account, token):
    """The same account with another token."""
    return Caller(account.client, account.audience, token, account.account)


LOOK_ALIKE = [
    ("Demo", "demo"),
    ("Café", "Cafe\u0301"),
    ("ＡＢＣ", "abc"),
    ("名", "名\u200b"),
    ("名\t字", "名  字 "),
    ("ÉCOLE", "école"),
    ("ﬁsh", "fish"),
]


class TestRegister:
    def body(self, kind):
        number = next(_numbers)
        contact = {"email_address": "a@b.cn", "tel_phone": "13800000000"}
        own = {"merchant": {"storename": f"店{number}"}, "customer": contact}[kind]
        return {"name": f"新{number}", "password": "long enough", **own}

    @pytest.mark.parametrize("kind", ["merchant", "customer"])
    def test_an_account_is_made_that_can_log_in(self, api, log_in, kind):
        body = self.body(kind)
        account = made(api.stranger(kind).post("/register", body), 201)
        assert {name: account[name] for name in body if name != "password"} == {
            k: v for k, v in body.items() if k != "password"
        }
        assert account["last_login"] is None
        assert made(log_in(kind, body["name"], body["password"]))["token_type"] == "bearer"

    @pytest.mark.parametrize("kind", ["merchant", "customer"])
    def test_a_name_is_taken_once(self, api, kind):
        body = self.body(kind)
        made(api.stranger(kind).post("/register", body), 201)
        again = api.stranger(kind).post("/register", {**self.body(kind), "name": f" {body['name']} "})
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")

    def test_a_storename_is_taken_once(self, api):
        body = self.body("merchant")
        made(api.stranger("merchant").post("/register", body), 201)
        again = api.stranger("merchant").post("/register", {**self.body("merchant"), "storename": body["storename"]})
        assert (again.status_code, again.json()["code"]) == (409, "storename_taken")

    @pytest.mark.parametrize("kind", ["merchant", "customer"])
    @pytest.mark.parametrize(("first", "second"), LOOK_ALIKE)
    def test_a_name_that_looks_the_same_is_taken_and_logs_in(self, api, log_in, kind, first, second):
        number = next(_numbers)
        first, second = f"{number}{first}", f"{number}{second}"
        body = self.body(kind) | {"name": first}
        account = made(api.stranger(kind).post("/register", body), 201)
        assert account["name"] == unicodedata.normalize("NFC", " ".join(first.replace("\u200b", "").split()))
        again = api.stranger(kind).post("/register", self.body(kind) | {"name": second})
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")
        assert made(log_in(kind, second, body["password"]))

    def test_a_storename_that_looks_the_same_is_taken(self, api, world):
        for first, second in LOOK_ALIKE:
            number = next(_numbers)
            made(api.stranger("merchant").post("/register", self.body("merchant") | {"storename": f"{number}{first}"}), 201)
            again = api.stranger("merchant").post("/register", self.body("merchant") | {"storename": f"{number}{second}"})
            assert (again.status_code, again.json()["code"]) == (409, "storename_taken")
            changed = world.merchant().patch("/me", {"storename": f"{number}{second}"})
            assert (changed.status_code, changed.json()["code"]) == (409, "storename_taken")

    def test_the_longest_names_have_room(self, api):
        body = self.body("merchant")
        made(api.stranger("merchant").post("/register", body | {"name": "\ufdfa" * 254 + body["name"][-1]}), 201)

    def test_two_that_come_at_once_are_one(self, api):
        number = next(_numbers)
        names = [f"Ann{number}", f"ANN{number}", f"Ａnn{number}", f"ann{number}"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(
                pool.map(lambda name: api.stranger("customer").post("/register", self.body("customer") | {"name": name}), names)
            )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]

    def test_a_merchant_and_a_customer_may_share_a_name(self, api):
        name = f"同名{next(_numbers)}"
        for kind in ("merchant", "customer"):
            made(api.stranger(kind).post("/register", {**self.body(kind), "name": name}), 201)

    def test_admins_are_made_by_admins_only(self, api, world, log_in):
        assert api.stranger("admin").post("/register", {"name": "x", "password": "long enough"}).status_code == 404
        assert api.stranger("admin").post("/admins", {"name": "x", "password": "long enough"}).status_code == 401
        name = f"管理{next(_numbers)}"
        made(world.admin().post("/admins", {"name": name, "password": "long enough"}), 201)
        made(log_in("admin", name, "long enough"))


class TestLogin:
    def test_the_token_opens_the_door_and_says_how_long(self, account, kind, log_in):
        answer = log_in(kind, account.account["name"])
        assert made(answer)["expires_in"] == settings.token_hours * HOUR
        assert answer.headers["cache-control"] == "no-store"
        before = int(time.time()) - 5
        assert made(as_holder(account, answer.json()["access_token"]).get("/me"))["last_login"] >= before

    def test_an_unknown_name_and_a_wrong_password_are_told_alike(self, account, kind, log_in):
        wrong = log_in(kind, account.account["name"], "wrong password")
        unknown = log_in(kind, "nobody of this name", "wrong password")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
        assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)
        headers = [{k: v for k, v in answer.headers.items() if k != "x-request-id"} for answer in (wrong, unknown)]
        assert headers[0] == headers[1]

    def test_no_clock_tells_which_names_there_are(self, world):
        """The password of a name that does not exist is hashed too, as are those of accounts that have none."""
        stored = {"known": hash_now(PASSWORD), "unknown": None, "deleted": DELETED}
        took = {name: [] for name in stored}
        for _ in range(often(15, 100)):
            for name, hashed in stored.items():
                began = time.process_time()
                assert not _matches("wrong password", hashed)
                took[name].append(time.process_time() - began)
        known = statistics.median(took["known"])
        assert [abs(statistics.median(each) / known - 1) < 0.1 for each in took.values()] == [True] * 3

    def test_a_password_is_taken_by_the_letter(self, world, log_in):
        name = world.merchant().account["name"]
        for password in (PASSWORD.upper(), PASSWORD + " ", "", PASSWORD[:-1]):
            assert log_in("merchant", name, password).status_code == 401

    def test_a_new_login_ends_the_session_before(self, account, kind, log_in):
        first = made(log_in(kind, account.account["name"]))["access_token"]
        assert account.get("/me").status_code == 401
        second = made(log_in(kind, account.account["name"]))["access_token"]
        assert [as_holder(account, token).get("/me").status_code for token in (first, second)] == [401, 200]

    def test_an_account_of_one_kind_does_not_open_the_doors_of_others(self, account, kind, log_in):
        for other in KINDS:
            if other != kind:
                assert log_in(other, account.account["name"]).status_code == 401
                answer = Caller(account.client, other, account.token).get("/me")
                assert (answer.status_code, answer.json()["code"]) == (403, "wrong_audience")


class TestLogout:
    def test_it_ends_the_session_at_once(self, account):
        assert account.post("/logout").status_code == 204
        answer = account.get("/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert account.post("/logout").status_code == 401


class TestToken:
    def claims(self, account, **changes):
        claims = {"sub": str(account.id), "aud": account.audience, "jti": "x", "exp": int(time.time()) + 60, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def live(self, sql, account, jti):
        sql(f"UPDATE {TABLES[account.audience]} SET auth_token = %s WHERE id = %s", sha256(jti), account.id)

    def test_one_signed_by_us_opens(self, account, sql):
        self.live(sql, account, "x")
        token = jwt.encode(self.claims(account), settings.token_key, algorithm="HS256")
        assert as_holder(account, token).get("/me").status_code == 200

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"exp": None}, 401),
            ({"exp": 1}, 401),
            ({"exp": "never"}, 401),
            ({"exp": -1}, 401),
            ({"exp": 1.5}, 401),
            ({"exp": [4_000_000_000]}, 401),
            ({"exp": True}, 401),
            ({"aud": ["merchant"]}, 403),
            ({"sub": "1.0"}, 401),
            ({"sub": "1' OR 1=1"}, 401),
            ({"jti": ["x"]}, 401),
            ({"nbf": 4_000_000_000}, 401),
            ({"aud": "nobody"}, 403),
            ({"aud": None}, 401),
            ({"jti": None}, 401),
            ({"jti": "y"}, 401),
            ({"sub": "0"}, 401),
            ({"sub": "x"}, 401),
            ({"sub": None}, 401),
        ],
        ids=str,
    )
    def test_one_that_says_something_else_does_not(self, world, sql, change, status):
        merchant = world.merchant()
        self.live(sql, merchant, "x")
        token = jwt.encode(self.claims(merchant, **change), settings.token_key, algorithm="HS256")
        assert as_holder(merchant, token).get("/me").status_code == status

    @pytest.mark.parametrize(("key", "algorithm"), [("another key of more than 32 bytes...", "HS256"), (None, "HS384")])
    def test_one_signed_otherwise_does_not(self, world, sql, key, algorithm):
        merchant = world.merchant()
        self.live(sql, merchant, "x")
        token = jwt.encode(self.claims(merchant), key or settings.token_key, algorithm=algorithm)
        assert as_holder(merchant, token).get("/me").status_code == 401

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
    def test_one_not_signed_does_not(self, world, sql, algorithm):
        merchant = world.merchant()
        self.live(sql, merchant, "x")
        head, body = (encoded(part) for part in ({"alg": algorithm, "typ": "JWT"}, self.claims(merchant)))
        assert as_holder(merchant, f"{head}.{body}.").get("/me").status_code == 401

    @pytest.mark.parametrize(
        "head",
        [
            {"alg": "HS256", "kid": "../../dev/null"},
            {"alg": "HS256", "kid": "x' UNION SELECT ''"},
            {"alg": "HS256", "jku": "https://shop.example.com/keys"},
            {"alg": "HS256", "jwk": {"kty": "oct", "k": ""}},
            {"alg": "HS256", "x5u": "https://shop.example.com/keys"},
            {"alg": "RS256"},
        ],
        ids=str,
    )
    def test_no_key_that_its_head_names_counts(self, world, sql, head):
        merchant = world.merchant()
        self.live(sql, merchant, "x")
        signed = f"{encoded(head)}.{encoded(self.claims(merchant))}"
        for key in (b"", b"x", str(head.get("kid", "")).encode()):
            digest = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).decode().rstrip("=")
            assert as_holder(merchant, f"{signed}.{digest}").get("/me").status_code == 401

    def test_no_bit_of_one_may_be_another(self, world):
        merchant = world.merchant()
        chance = dice("bits of a token")
        for _ in range(often(100, 3_000)):
            at = chance.randrange(len(merchant.token) - 1)  # the last letter has bits that say nothing
            letter = chr(ord(merchant.token[at]) ^ 1 << chance.randrange(7))
            if letter.isprintable() and letter != ".":
                forged = merchant.token[:at] + letter + merchant.token[at + 1 :]
                assert as_holder(merchant, forged).get("/me").status_code == 401
        assert merchant.get("/me").status_code == 200

    def test_one_with_another_body_under_the_same_signature_does_not(self, world):
        merchant, other = world.merchant(), world.merchant()
        head, _, signature = merchant.token.split(".")
        forged = f"{head}.{encoded(self.claims(other))}.{signature}"
        assert as_holder(merchant, forged).get("/me").status_code == 401

    @pytest.mark.parametrize(
        "header",
        ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer ...", "Basic {}", "{}", b"Bearer \xff\xfe", "Bearer {}x"],
        ids=repr,
    )
    def test_a_header_that_is_no_token_does_not(self, world, header):
        merchant = world.merchant()
        header = header if isinstance(header, bytes) else header.format(merchant.token)
        answer = merchant.call("GET", "/me", headers={"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

    def test_the_scheme_is_written_as_one_likes(self, world):
        merchant = world.merchant()
        assert merchant.call("GET", "/me", headers={"Authorization": f"bEARER {merchant.token}"}).status_code == 200

    @pytest.mark.parametrize(("left", "status"), [(60, 200), (-1, 401)])
    def test_it_lives_for_the_hours_that_are_set(self, account, kind, sql, left, status):
        opened = int(time.time()) - settings.token_hours * HOUR + left
        token, session = new_token(kind, account.id, opened)
        sql(f"UPDATE {TABLES[kind]} SET auth_token = %s WHERE id = %s", session, account.id)
        assert as_holder(account, token).get("/me").status_code == status


class TestOwnAccount:
    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            ("merchant", {"name": "新名"}),
            ("merchant", {"storename": "新店"}),
            ("customer", {"email_address": "new@b.cn", "tel_phone": "13900000000"}),
            ("customer", {"name": "新名"}),
        ],
    )
    def test_what_is_named_changes(self, account, change):
        before = made(account.get("/me"))
        after = made(account.patch("/me", change))
        assert after == {**before, **change, "update_time": after["update_time"]}
        assert made(account.get("/me")) == after

    def test_nothing_named_changes_nothing(self, world):
        merchant = world.merchant()
        before = made(merchant.get("/me"))
        assert made(merchant.patch("/me", {})) == before
        assert made(merchant.get("/me")) == before

    @pytest.mark.parametrize(("field", "code"), [("name", "name_taken"), ("storename", "storename_taken")])
    def test_what_another_has_is_refused(self, world, field, code):
        merchant, other = world.merchant(), world.merchant()
        before = made(merchant.get("/me"))
        answer = merchant.patch("/me", {field: other.account[field]})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert made(merchant.get("/me")) == before
        assert made(merchant.patch("/me", {field: merchant.account[field]}))[field] == merchant.account[field]


class TestPassword:
    def test_the_new_one_opens_the_old_one_does_not_and_the_session_goes_on(self, account, kind, log_in):
        change = {"old_password": PASSWORD, "new_password": "another password"}
        assert account.put("/me/password", change).status_code == 204
        assert account.get("/me").status_code == 200
        assert log_in(kind, account.account["name"], PASSWORD).status_code == 401
        assert log_in(kind, account.account["name"], "another password").status_code == 200

    def test_a_wrong_old_one_changes_nothing(self, account, kind, log_in):
        answer = account.put("/me/password", {"old_password": "wrong one", "new_password": "another password"})
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_old_password")
        assert [error["field"] for error in answer.json()["errors"]] == ["old_password"]
        assert log_in(kind, account.account["name"], "another password").status_code == 401
        assert log_in(kind, account.account["name"]).status_code == 200

    def test_a_dead_session_changes_nothing(self, world, log_in):
        merchant = world.merchant()
        assert merchant.post("/logout").status_code == 204
        change = {"old_password": PASSWORD, "new_password": "another password"}
        assert merchant.put("/me/password", change).status_code == 401
        assert log_in("merchant", merchant.account["name"]).status_code == 200


class TestSecrets:
    def test_a_password_is_kept_as_argon2(self, api, sql):
        number = next(_numbers)
        body = {"name": f"密{number}", "password": "long enough", "storename": f"密{number}"}
        made(api.stranger("merchant").post("/register", body), 201)
        ((kept,),) = sql('SELECT password_hash FROM "user" WHERE name = %s', body["name"])
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_a_token_is_kept_as_the_digest_of_its_id(self, account, kind, log_in, sql):
        token = made(log_in(kind, account.account["name"]))["access_token"]
        ((kept,),) = sql(f"SELECT auth_token FROM {TABLES[kind]} WHERE id = %s", account.id)
        assert kept == sha256(jwt.get_unverified_claims(token)["jti"])

    def test_neither_password_nor_token_is_written_down_anywhere(self, api, sql):
        number = next(_numbers)
        secret, new_secret = f"secret password {number}", f"new secret {number}"
        stranger = api.stranger("merchant")
        name = f"藏{number}"
        made(stranger.post("/register", {"name": name, "password": secret, "storename": name}), 201)
        token = made(stranger.post("/login", {"name": name, "password": secret}))["access_token"]
        change = {"old_password": secret, "new_password": new_secret}
        assert Caller(api.client, "merchant", token).put("/me/password", change).status_code == 204
        tables = sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in tables:
            for hidden in (secret, new_secret, token, jwt.get_unverified_claims(token)["jti"]):
                assert sql(f'SELECT count(*) FROM "{table}" t WHERE strpos(t::text, %s) > 0', hidden) == [(0,)], table

    def test_no_answer_shows_them(self, world, api):
        admin, merchant, customer = world.admin(), world.merchant(), world.customer()
        answers = [account.get("/me") for account in (admin, merchant, customer)]
        answers += [admin.get(path) for path in ("/admins", "/users", "/customers")]
        answers += [admin.get(f"/users/{merchant.id}"), admin.get(f"/customers/{customer.id}")]
        answers += [merchant.patch("/me", {"name": f"改{next(_numbers)}"}), admin.post(f"/users/{merchant.id}/disable")]
        answers += [admin.post(f"/users/{merchant.id}/reset-password", {"new_password": "another password"})]
        for answer in answers:
            assert answer.status_code == 200
            assert "password_hash" not in answer.text
            assert "argon2" not in answer.text
            assert "auth_token" not in answer.text


class TestByAdmin:
    def test_a_disabled_merchant_is_out_at_once_and_can_not_come_back(self, world, log_in):
        admin, merchant = world.admin(), world.merchant()
        assert made(admin.post(f"/users/{merchant.id}/disable"))["status"] == 1
        login = log_in("merchant", merchant.account["name"])
        for answer in (merchant.get("/me"), merchant.get("/orders"), merchant.post("/products", {"name": "水杯"}), login):
            assert (answer.status_code, answer.json()["code"]) == (403, "disabled")
        assert log_in("merchant", merchant.account["name"], "wrong password").status_code == 401

    def test_a_disabled_merchants_goods_are_offered_no_more_and_what_was_paid_comes_in(self, world, api):
        admin, merchant, customer = world.admin(), world.merchant(), world.customer()
        sku = world.sku(merchant)
        made(admin.post(f"/users/{merchant.id}/disable"))
        assert api.platform.get(f"/skus/{sku['id']}").status_code == 404
        made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)

    def test_an_enabled_merchant_logs_in_anew(self, world, log_in):
        admin, merchant = world.admin(), world.merchant()
        made(admin.post(f"/users/{merchant.id}/disable"))
        assert made(admin.post(f"/users/{merchant.id}/enable"))["status"] == 0
        assert merchant.get("/me").status_code == 401
        token = made(log_in("merchant", merchant.account["name"]))["access_token"]
        assert as_holder(merchant, token).get("/me").status_code == 200

    def test_enabling_one_who_is_enabled_leaves_the_session(self, world):
        admin, merchant = world.admin(), world.merchant()
        made(admin.post(f"/users/{merchant.id}/enable"))
        assert merchant.get("/me").status_code == 200

    def test_a_password_is_reset_and_the_session_ends(self, world, log_in):
        admin, merchant = world.admin(), world.merchant()
        made(admin.post(f"/users/{merchant.id}/reset-password", {"new_password": "another password"}))
        assert merchant.get("/me").status_code == 401
        assert log_in("merchant", merchant.account["name"]).status_code == 401
        assert log_in("merchant", merchant.account["name"], "another password").status_code == 200

    def test_a_merchant_is_made(self, world, log_in):
        number = next(_numbers)
        body = {"name": f"商{number}", "password": "long enough", "storename": f"商店{number}"}
        user = made(world.admin().post("/users", body), 201)
        assert (user["name"], user["storename"], user["status"]) == (body["name"], body["storename"], 0)
        assert log_in("merchant", body["name"], body["password"]).status_code == 200

    @pytest.mark.parametrize("verb", ["disable", "enable", "reset-password"])
    def test_a_merchant_who_does_not_exist_is_not_found(self, world, verb):
        body = {"new_password": "another password"} if verb == "reset-password" else None
        assert world.admin().post(f"/users/{2**31 - 1}/{verb}", body).status_code == 404

    def test_a_removed_admin_is_out_at_once(self, world, log_in):
        admin, other = world.admin(), world.admin()
        assert admin.delete(f"/admins/{other.id}").status_code == 204
        assert other.get("/me").status_code == 401
        assert log_in("admin", other.account["name"]).status_code == 401
        assert admin.delete(f"/admins/{other.id}").status_code == 404

    def test_the_last_admin_stays(self, world, sql):
        admin = world.admin()
        sql("DELETE FROM admin WHERE id <> %s", admin.id)
        answer = admin.delete(f"/admins/{admin.id}")
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
        assert admin.get("/me").status_code == 200


class TestThrottle:
    """Tries count for 15 minutes: 5 on one account from one address, 50 on one account; after 20 an address is slowed."""

    def fail(self, log_in, kind, name, times, **options):
        for _ in range(times):
            assert log_in(kind, name, "wrong password", **options).status_code == 401

    def test_the_sixth_try_waits_even_with_the_right_password(self, account, kind, log_in):
        name = account.account["name"]
        self.fail(log_in, kind, name, 5)
        for password in ("wrong password", PASSWORD):
            answer = log_in(kind, name, password)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
            assert 14 * 60 < int(answer.headers["retry-after"]) <= 15 * 60
            assert answer.headers["retry-after"] in answer.json()["detail"]
        assert account.get("/me").status_code == 200

    def test_when_the_time_is_over_it_goes_on(self, world, log_in, sql):
        merchant = world.merchant()
        name = merchant.account["name"]
        self.fail(log_in, "merchant", name, 5)
        turn_back(sql, merchant, 14 * 60)
        assert int(log_in("merchant", name).headers["retry-after"]) <= 60
        turn_back(sql, merchant, 60)
        assert log_in("merchant", name).status_code == 200

    def test_the_wait_does_not_grow_by_trying(self, world, log_in, sql):
        merchant = world.merchant()
        name = merchant.account["name"]
        self.fail(log_in, "merchant", name, 5)
        turn_back(sql, merchant, 10 * 60)
        waits = [int(log_in("merchant", name).headers["retry-after"]) for _ in range(3)]
        assert waits == sorted(waits, reverse=True)
        assert waits[0] <= 5 * 60

    def test_a_right_password_is_no_failed_try(self, world, log_in):
        name = world.merchant().account["name"]
        for _ in range(3):
            self.fail(log_in, "merchant", name, 1)
            assert log_in("merchant", name).status_code == 200
        self.fail(log_in, "merchant", name, 2)
        assert log_in("merchant", name).status_code == 429

    def test_other_accounts_and_addresses_go_on(self, world, log_in, at):
        merchant, other = world.merchant(), world.merchant()
        self.fail(log_in, "merchant", merchant.account["name"], 5)
        assert log_in("merchant", other.account["name"]).status_code == 200
        assert log_in("merchant", merchant.account["name"], client=at()).status_code == 200

    def test_names_that_do_not_exist_are_throttled_the_same(self, log_in):
        name = f"nobody{next(_numbers)}"
        self.fail(log_in, "merchant", name, 5)
        answer = log_in("merchant", name.upper())
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")

    def test_a_name_is_counted_as_it_is_stored(self, world, log_in):
        name = world.merchant().account["name"]
        for written in (name, f" {name}", name.upper(), f"{name}\u200b", name):
            assert log_in("merchant", written, "wrong password").status_code == 401
        assert log_in("merchant", name).status_code == 429

    def test_the_same_name_behind_another_door_is_another_account(self, world, log_in):
        name = f"两处{next(_numbers)}"
        world.merchant(name=name)
        world.customer(name=name)
        self.fail(log_in, "merchant", name, 5)
        assert log_in("customer", name).status_code == 200

    def test_it_is_counted_in_the_database_and_so_by_all_processes(self, world, log_in, at):
        name, address = world.merchant().account["name"], "203.0.113.77"
        first, second = at(address), at(address)
        self.fail(log_in, "merchant", name, 3, client=first)
        self.fail(log_in, "merchant", name, 2, client=second)
        assert [log_in("merchant", name, client=client).status_code for client in (first, second)] == [429, 429]

    def test_strangers_guesses_keep_strangers_out_but_not_the_owner(self, world, at, log_in, sql):
        merchant, home = world.merchant(), at()
        name = merchant.account["name"]
        assert log_in("merchant", name, client=home).status_code == 200
        tries = "INSERT INTO login_attempt (account, address, succeeded, create_time) SELECT %s, n::text, false, %s"
        sql(f"{tries} FROM generate_series(1, 49) n", counted_as(merchant), int(time.time()))
        self.fail(log_in, "merchant", name, 1, client=at())
        assert log_in("merchant", name, client=at()).status_code == 429
        assert log_in("merchant", name, client=home).status_code == 200

    def test_a_new_name_is_no_new_account(self, world, log_in):
        merchant = world.merchant()
        self.fail(log_in, "merchant", merchant.account["name"], 5)
        name = made(merchant.patch("/me", {"name": f"改名{next(_numbers)}"}))["name"]
        assert log_in("merchant", name).status_code == 429

    def test_an_ipv6_client_is_counted_by_its_network(self, world, at, log_in):
        name = world.merchant().account["name"]
        for host in range(5):
            self.fail(log_in, "merchant", name, 1, client=at(f"2001:db8:0:{next(_numbers):x}::{host}"))
        network = f"2001:db8:1:{next(_numbers):x}"
        for host in range(5):
            self.fail(log_in, "merchant", name, 1, client=at(f"{network}::{host}"))
        assert log_in("merchant", name, client=at(f"{network}:ffff::1")).status_code == 429

    @pytest.mark.parametrize(("door", "other"), [("change", "login"), ("login", "change")])
    def test_wrong_old_passwords_count_as_logins_do(self, account, kind, at, log_in, door, other):
        client, name = at(), account.account["name"]
        holder = Caller(client, kind, account.token)

        def tried(door, password):
            if door == "login":
                return log_in(kind, name, password, client=client)
            return holder.put("/me/password", {"old_password": password, "new_password": "another password"})

        for _ in range(5):
            assert tried(door, "wrong password").json()["code"] in ("wrong_password", "wrong_old_password")
        for refused in (tried(door, PASSWORD), tried(other, PASSWORD)):
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
        assert holder.get("/me").status_code == 200
        assert log_in(kind, name).status_code == 200


@pytest.mark.long
class TestSlowing:
    """An address from which many tries fail is slowed down, and shut out of no account that has few of them."""

    def failed(self, sql, address, number):
        tries = "INSERT INTO login_attempt (account, address, succeeded, create_time) SELECT n::text, %s, false, %s"
        sql(f"{tries} FROM generate_series(1, %s) n", address, int(time.time()), number)

    def timed(self, act):
        start = time.monotonic()
        return act(), time.monotonic() - start

    def test_the_delay_grows_to_its_end(self):
        grown = [slowing.delay(failed) for failed in range(200)]
        assert grown == sorted(grown)
        assert (grown[slowing.FREE], grown[slowing.FREE + 1], grown[-1]) == (0, slowing.STEP, slowing.LONGEST)
        assert slowing.delay(slowing.MOST_COUNTED) == slowing.LONGEST

    def test_another_accounts_right_password_opens_after_a_while(self, world, at, log_in, sql):
        address = f"198.51.100.{next(_numbers)}"
        self.failed(sql, address, slowing.FREE + 3)
        for password, status in (("wrong password", 401), (PASSWORD, 200)):
            name = world.merchant().account["name"]
            answer, seconds = self.timed(lambda: log_in("merchant", name, password, client=at(address)))  # noqa: B023
            assert answer.status_code == status
            assert seconds >= 3 * slowing.STEP

    def test_an_old_password_waits_too(self, world, at, sql):
        address = f"198.51.100.{next(_numbers)}"
        self.failed(sql, address, slowing.FREE + 3)
        holder = Caller(at(address), "merchant", world.merchant().token)
        change = {"old_password": PASSWORD, "new_password": "another password"}
        answer, seconds = self.timed(lambda: holder.put("/me/password", change))
        assert answer.status_code == 204
        assert seconds >= 3 * slowing.STEP

    def test_who_logged_in_from_there_before_waits_for_nothing(self, world, at, log_in, sql):
        address = f"198.51.100.{next(_numbers)}"
        name = world.merchant().account["name"]
        assert log_in("merchant", name, client=at(address)).status_code == 200
        self.failed(sql, address, 200)
        answer, seconds = self.timed(lambda: log_in("merchant", name, client=at(address)))
        assert answer.status_code == 200
        assert seconds < slowing.LONGEST

    def test_so_many_wait_and_no_more_and_they_hold_no_connection(self, world, at, api, log_in, sql, monkeypatch):
        address, free = f"198.51.100.{next(_numbers)}", slowing.PER_SOURCE
        known, new = world.merchant(), world.merchant()
        assert log_in("merchant", known.account["name"], client=at(address)).status_code == 200
        self.failed(sql, address, 200)
        monkeypatch.setattr(slowing, "LONGEST", 1.5)
        with ThreadPoolExecutor(free) as pool:
            crowd = [Caller(api_at(api, address), "merchant") for _ in range(free)]
            body = {"password": "wrong password"}
            waiting = [
                pool.submit(guesser.post, "/login", {**body, "name": f"群{number}"}) for number, guesser in enumerate(crowd)
            ]
            eventually(lambda: slowing._waiting[address] == free)
            assert pools.checked_out() == 0
            one_more = log_in("merchant", new.account["name"], client=at(address))
            assert (one_more.status_code, one_more.headers["retry-after"]) == (429, "2")
            assert log_in("merchant", known.account["name"], client=at(address)).status_code == 200
            assert log_in("merchant", new.account["name"]).status_code == 200
            assert {waited.result().status_code for waited in waiting} == {401}
        assert not slowing._waiting


class TestVerifiedThenChanged:
    """A password that was right when it was looked at, and is not any more when the session would open."""

    @pytest.fixture
    def reset(self, migrated, account, kind):
        """Sets another password, in a transaction that the test commits once somebody waits for it."""
        connection = psycopg2.connect(migrated)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {TABLES[kind]} SET password_hash = %s WHERE id = %s", (hash_now("another one"), account.id))
        yield connection
        connection.close()

    def after_the_reset(self, sql, reset, ask):
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask)
            eventually(lambda: sql(WAITING))
            reset.commit()
            return asked.result()

    def test_the_old_one_opens_no_session(self, account, kind, reset, sql, log_in):
        answer = self.after_the_reset(sql, reset, lambda: log_in(kind, account.account["name"]))
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
        assert account.get("/me").status_code == 200
        assert log_in(kind, account.account["name"], "another one").status_code == 200

    def test_the_old_one_is_not_exchanged_for_a_third(self, account, kind, reset, sql, log_in):
        change = {"old_password": PASSWORD, "new_password": "a third one"}
        answer = self.after_the_reset(sql, reset, lambda: account.put("/me/password", change))
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_old_password")
        assert log_in(kind, account.account["name"], "another one").status_code == 200

    def test_a_merchant_who_is_disabled_meanwhile_is_told_so(self, world, migrated, sql, log_in):
        merchant = world.merchant()
        disabling = psycopg2.connect(migrated)
        with disabling.cursor() as cursor:
            cursor.execute('UPDATE "user" SET status = 1 WHERE id = %s', (merchant.id,))
        answer = self.after_the_reset(sql, disabling, lambda: log_in("merchant", merchant.account["name"]))
        disabling.close()
        assert (answer.status_code, answer.json()["code"]) == (403, "disabled")


def api_at(api, address):
    """The client of an address whose calls run on the one event loop of `api`."""
    return Client(api.client.portal, (address, 1))


def turn_back(sql, merchant, seconds):
    changed = "UPDATE login_attempt SET create_time = create_time - %s WHERE account = %s RETURNING id"
    assert sql(changed, seconds, counted_as(merchant))


def counted_as(merchant):
    return sha256(f"merchant#{merchant.id}")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
