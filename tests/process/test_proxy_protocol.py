"""The header of the PROXY protocol, version 2, in all its forms."""

import socket
from struct import pack

import pytest

from app.process.proxy_protocol import BrokenHeader, Header, read

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
LOCAL, PROXY = 0, 1
UNKNOWN, TCP4, UDP4, TCP6, UNIX = 0x00, 0x11, 0x12, 0x21, 0x31
TLV = b"\x04" + pack("!H", 3) + b"abc"  # a NOOP, which is there to be skipped


def header(command, family, rest=b"", *, version=0x20):
    return SIGNATURE + pack("!BBH", version | command, family, len(rest)) + rest


def ipv4(source="203.0.113.7"):
    return socket.inet_aton(source) + socket.inet_aton("192.0.2.1") + pack("!HH", 40_000, 80)


def ipv6(source="2001:db8::7"):
    return socket.inet_pton(socket.AF_INET6, source) + bytes(16) + pack("!HH", 40_000, 80)


WHOLE = {
    "IPv4": (header(PROXY, TCP4, ipv4()), ("203.0.113.7", 40_000)),
    "IPv6": (header(PROXY, TCP6, ipv6()), ("2001:db8::7", 40_000)),
    "IPv4 in IPv6": (header(PROXY, TCP6, ipv6("::ffff:203.0.113.7")), ("203.0.113.7", 40_000)),
    "with additions": (header(PROXY, TCP4, ipv4() + TLV), ("203.0.113.7", 40_000)),
    "of the proxy itself": (header(LOCAL, UNKNOWN), None),
    "of the proxy itself, with addresses": (header(LOCAL, TCP4, ipv4()), None),
    "of an unknown client": (header(PROXY, UNKNOWN, TLV), None),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_header(name):
    sent, client = WHOLE[name]
    for after in (b"", b"GET / HTTP/1.1\r\n", SIGNATURE):
        assert read(sent + after) == Header(len(sent), client)


@pytest.mark.parametrize("name", WHOLE)
def test_a_part_of_one_is_waited_for(name):
    sent, _ = WHOLE[name]
    assert [read(sent[:end]) for end in range(len(sent))] == [None] * len(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"G",
        b"PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n",
        SIGNATURE[:-1] + b"X",
        header(PROXY, TCP4, ipv4(), version=0x10),
        header(2, TCP4, ipv4()),
        header(PROXY, UDP4, ipv4()),
        header(PROXY, UNIX, bytes(216)),
        header(PROXY, 0x41, ipv4()),
        header(PROXY, TCP4, ipv4()[:-1]),
        header(PROXY, TCP6, ipv4()),
        header(LOCAL, UNKNOWN, bytes(4097))[:16],
    ],
)
def test_what_is_no_header(sent):
    with pytest.raises(BrokenHeader):
        read(sent)
