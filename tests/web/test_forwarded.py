"""Which headers of a proxy are believed, and of whom."""

import logging

import pytest

from app.config import settings
from app.web import forwarded

PROXIES = "192.0.2.1, 2001:db8::/64"


@pytest.fixture
def believed(monkeypatch):
    """The client and the scheme of a request from `peer` with these headers, once they have been looked at."""

    def run(peer, *headers, trusted=PROXIES):
        monkeypatch.setattr(settings, "trusted_proxies", trusted)
        scope = {"client": peer and (peer, 40_000), "scheme": "http", "headers": list(headers)}
        forwarded.believe(scope)
        return scope["client"] and scope["client"][0], scope["scheme"]

    return run


def for_(text):
    return b"x-forwarded-for", text.encode()


def proto(text):
    return b"x-forwarded-proto", text.encode()


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::9"])
def test_a_trusted_proxy_names_the_client_and_the_scheme(believed, peer):
    assert believed(peer, for_("203.0.113.7"), proto("https")) == ("203.0.113.7", "https")


@pytest.mark.parametrize("peer", ["192.0.2.2", "127.0.0.1", "::1", "2001:db8:0:1::9", "testclient"])
def test_nobody_else_does(believed, peer):
    assert believed(peer, for_("203.0.113.7"), proto("https")) == (peer, "http")
    assert believed(peer, for_("203.0.113.7"), trusted="") == (peer, "http")


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        (["203.0.113.7, 198.51.100.1"], "198.51.100.1"),
        (["203.0.113.7", "198.51.100.1"], "198.51.100.1"),
        (["203.0.113.7, 192.0.2.1"], "192.0.2.1"),
        (["2001:db8:1::7"], "2001:db8:1::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 198.51.100.1:4711"], "198.51.100.1"),
        (["[2001:db8:1::7]:4711"], "2001:db8:1::7"),
        (["[::ffff:203.0.113.7]"], "203.0.113.7"),
        (["203.0.113.7:"], "192.0.2.1"),
        (["203.0.113.7:471100"], "192.0.2.1"),
        (["[203.0.113.7"], "192.0.2.1"),
        (["203.0.113.7, unknown"], "192.0.2.1"),
        ([""], "192.0.2.1"),
    ],
)
def test_of_several_addresses_the_one_that_the_proxy_saw_counts(believed, headers, client):
    assert believed("192.0.2.1", *map(for_, headers))[0] == client


def test_a_scheme_of_no_web_is_not_taken(believed):
    assert believed("192.0.2.1", proto("javascript")) == ("192.0.2.1", "http")


def test_a_connection_without_an_address_names_nobody(believed):
    assert believed(None, for_("203.0.113.7")) == (None, "http")


def test_a_neighbour_who_is_not_believed_is_warned_of_once(believed, caplog, monkeypatch):
    monkeypatch.setattr(forwarded, "_is_warned", False)
    with caplog.at_level(logging.WARNING):
        for peer in ("8.8.8.8", "10.0.0.7", "10.0.0.8"):
            believed(peer, for_("203.0.113.7"))
    assert [record.getMessage() for record in caplog.records] == [
        "X-Forwarded-* from 10.0.0.7 is not believed: TRUSTED_PROXIES does not name it"
    ]
