"""An answer leaves in one packet, whatever its parts; a stream's parts leave as they come."""

import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.conftest import environment_for
from tests.support.processes import deployed


@pytest.fixture(scope="module")
def process(migrated_module):
    with deployed(environment_for(migrated_module)) as found:
        yield found


def connected(process):
    return closing(socket.create_connection((urlsplit(process.url).hostname, urlsplit(process.url).port), timeout=20))


def test_head_and_body_arrive_together(process):
    with connected(process) as connection:
        for _ in range(20):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert body


def test_what_is_larger_than_is_held_arrives_whole(process):
    with connected(process) as connection:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length"))
    assert len(body) == length > 65536
