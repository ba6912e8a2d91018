"""A thousand guesses at a login or key: the throttle lets a few be looked at, however the guesser's address is written."""

import itertools
import secrets
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from argon2 import low_level

from app.config import settings
from app.db import pools
from app.db.work import Work
from app.services.accounts import slowing
from app.services.accounts.tries import PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS
from tests.support.api import PREFIX
from tests.support.effort import dice, often
from tests.support.factories import PASSWORD, new_key
from tests.support.transport import Client

pytestmark = [pytest.mark.hard, pytest.mark.long]
GUESSES = often(60, 1_000)
PROXY = "192.0.2.1"
AT_ONCE = 40
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own, and comes from addresses of its own."""
    return migrated_module


@pytest.fixture(autouse=True)
def _proxy(monkeypatch):
    monkeypatch.setattr(settings, "trusted_proxies", PROXY)


@pytest.fixture
def network():
    """Three parts of an address that no other test uses."""
    return next(_numbers)


@pytest.fixture
def peer(api):
    """Gives the client whose connection comes from that address."""

    def client(address):
        return closing(Client(api.client.portal, (address, 1)))

    yield client
    pools.leave()  # whose queue belongs to the loop in which somebody waited


def chance_of(request):
    return dice(request.node.name)


def forged(chance):
    """An address that a guesser claims."""
    return f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def ipv4(network, chance):
    """One IPv4 client, as proxies write it."""
    low = f"{network:02x}07"
    return chance.choice(
        [
            f"203.0.{network}.7",
            f"  203.0.{network}.7\t",
            f"203.0.{network}.7:{chance.randrange(1, 65536)}",
            f"::ffff:203.0.{network}.7",
            f"::FFFF:cb00:{low}",
            f"0:0:0:0:0:ffff:203.0.{network}.7",
            f"[::ffff:203.0.{network}.7]",
            f"[::ffff:203.0.{network}.7]:{chance.randrange(1, 65536)}",
        ]
    )


def ipv6(network, chance):
    """A client that has a /64 network to itself, at any address of it, as proxies write it."""
    host = ":".join(f"{chance.randrange(1, 65536):x}" for _ in range(4))
    whole = f"2001:db8:{network:x}:7:{host}"
    return chance.choice(
        [
            whole,
            whole.upper(),
            f"2001:0db8:{network:04x}:0007:{host}",
            f"2001:db8:{network:x}:7::{chance.randrange(65536):x}",
            f"{whole}%eth{chance.randrange(10)}",
            f"[{whole}]",
            f"[{whole}]:{chance.randrange(1, 65536)}",
        ]
    )


def claims(last, chance):
    """The headers of a request that a proxy passes on from `last`, who wrote others before."""
    before = [forged(chance) for _ in range(chance.choice([0, 1, 3, 500]))]
    named = [("X-Forwarded-For", ", ".join([*before, last]))]
    if chance.random() < 0.5:
        named.insert(0, ("X-Forwarded-For", forged(chance)))
    others = ("X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Forwarded-Host", "Via")
    return named + [(name, forged(chance)) for name in chance.sample(others, 3)]


def log_in(client, name, password="wrong password", headers=()):
    body = {"name": name, "password": password}
    return client.post(f"{PREFIX}/merchant/login", json=body, headers=list(headers)).status_code


def by_key(client, key, headers=()):
    named = [*headers, ("Authorization", f"Bearer {key}")]
    return client.get(f"{PREFIX}/merchant/orders", headers=named).status_code


def key_of(merchant):
    return new_key(merchant, "read")["key"]


def guess_at(key):
    """Another key that says it is this one."""
    return f"{key.rsplit('_', 1)[0] if key.count('_') == 3 else '_'.join(key.split('_')[:3])}_{secrets.token_hex(22)[:43]}"


def assert_throttled(answers, looked_at):
    assert answers == Counter({401: looked_at, 429: GUESSES - looked_at})


@pytest.mark.parametrize("written", [ipv4, ipv6])
def test_behind_a_proxy_one_client_is_one(request, world, peer, network, written, tried):
    merchant, chance = world.merchant(), chance_of(request)
    name, key = merchant.account["name"], key_of(merchant)
    with peer(PROXY) as client:
        logins = Counter(log_in(client, name, headers=claims(written(network, chance), chance)) for _ in range(GUESSES))
        assert_throttled(logins, PER_ACCOUNT_AND_ADDRESS)
        assert log_in(client, name, PASSWORD, claims(written(network, chance), chance)) == 429
        keys = Counter(by_key(client, guess_at(key), claims(written(network, chance), chance)) for _ in range(GUESSES))
        assert_throttled(keys, PER_ACCOUNT_AND_ADDRESS)
        assert by_key(client, key, claims(written(network, chance), chance)) == 200
        assert log_in(client, name, PASSWORD, claims(forged(chance), chance)) == 200
    tried("guesses at a login from an address in many forms", GUESSES)
    tried("guesses at an API key from an address in many forms", GUESSES)


def test_who_is_no_proxy_is_believed_nothing(request, world, peer, network, tried):
    merchant, chance = world.merchant(), chance_of(request)
    name, key = merchant.account["name"], key_of(merchant)
    with peer(f"198.51.{network}.1") as client:
        logins = Counter(log_in(client, name, headers=claims(ipv6(n, chance), chance)) for n in range(GUESSES))
        keys = Counter(by_key(client, guess_at(key), claims(ipv6(n, chance), chance)) for n in range(GUESSES))
    assert_throttled(logins, PER_ACCOUNT_AND_ADDRESS)
    assert_throttled(keys, PER_ACCOUNT_AND_ADDRESS)
    tried("guesses under forged addresses", 2 * GUESSES)


def test_what_is_no_address_is_counted_as_the_proxys(request, world, peer, tried):
    merchant, chance = world.merchant(), chance_of(request)
    odd = [
        "",
        "unknown",
        "_hidden",
        "203.0.113.07",
        "203.0.113",
        "1.2.3.4:",
        "1.2.3.4:x",
        "[::1",
        "::1]",
        "::g",
        "1.2.3.4,",
        "\xa0",
    ]
    with peer(PROXY) as client:
        logins = Counter(
            log_in(client, merchant.account["name"], headers=[("X-Forwarded-For", chance.choice(odd).encode("latin-1"))])
            for _ in range(GUESSES)
        )
    assert_throttled(logins, PER_ACCOUNT_AND_ADDRESS)
    tried("guesses from what is no address", GUESSES)


def test_from_everywhere_one_account_is_one(request, world, peer, network, tried):
    merchant, chance = world.merchant(), chance_of(request)
    name, key = merchant.account["name"], key_of(merchant)
    with peer(PROXY) as client:
        for guess in (lambda last: log_in(client, name, headers=last), lambda last: by_key(client, guess_at(key), last)):
            hosts = (f"10.{network}.{number // 250}.{number % 250}" for number in range(GUESSES))
            assert_throttled(Counter(guess(claims(host, chance)) for host in hosts), PER_ACCOUNT)
        assert by_key(client, key, claims(forged(chance), chance)) == 200
    tried("guesses at a login from as many addresses", GUESSES)
    tried("guesses at an API key from as many addresses", GUESSES)


@pytest.mark.parametrize("what", ["login", "API key"])
def test_from_one_address_many_accounts_are_slow(request, world, peer, network, what, tried):
    """After the first few each guess waits, and only so many wait at a time."""
    key = key_of(world.merchant())
    account, _, _ = key.removeprefix("mbk_").partition("_")

    def guess(number):
        if what == "login":
            return log_in(client, f"nobody{network}-{number}")
        return by_key(client, f"mbk_{account}_{1000 + number}_{secrets.token_hex(22)[:43]}")

    with peer(f"198.18.{network}.1") as client, ThreadPoolExecutor(AT_ONCE) as guessers:
        began = time.monotonic()
        answers = Counter(guessers.map(guess, range(GUESSES)))
        seconds = time.monotonic() - began
    until_slowest = slowing.FREE + slowing.LONGEST / slowing.STEP
    most = until_slowest + AT_ONCE + slowing.PER_SOURCE * (1 + seconds / slowing.LONGEST)
    assert set(answers) == {401, 429}
    assert slowing.FREE <= answers[401] <= most
    tried(f"guesses at each another {what} from one address", GUESSES)


@pytest.mark.parametrize("kind", ["merchant", "customer", "admin"])
def test_known_and_unknown_names_are_the_same_work(world, peer, network, kind, monkeypatch, tried):
    """The same statements are run, and the same hashing is done, whatever the machine does beside."""
    done = []

    def watched(name):
        run = getattr(Work, name)
        return lambda work, statement, **given: (done.append(statement), run(work, statement, **given))[1]

    def verify(stored, password, kind):
        done.append((bytes(stored).rsplit(b"$", 2)[0], kind))
        return verify_secret(stored, password, kind)

    verify_secret = low_level.verify_secret
    for name in ("one", "all", "do"):
        monkeypatch.setattr(Work, name, watched(name))
    monkeypatch.setattr(low_level, "verify_secret", verify)

    def work_of(client, name):
        done.clear()
        body = {"name": name, "password": "wrong password"}
        assert client.post(f"{PREFIX}/{kind}/login", json=body).status_code == 401
        return list(done)

    with peer(f"198.19.{network}.1") as client:
        work_of(client, "the first of all")  # passlib makes the hash that stands for none
        for number in range(4):
            known = work_of(client, getattr(world, kind)().account["name"])
            assert work_of(client, f"nobody{network}-{number}") == known
            assert sum(isinstance(each, tuple) for each in known) == 1
    tried("pairs of a known and an unknown name", 4)
