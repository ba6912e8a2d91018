"""HAProxy as a TCP proxy that names its clients by the PROXY protocol, as frpc does, in front of a server of a test."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.needed import require
from tests.support.servers import free_port, new_folder
from tests.support.waiting import answers, eventually

HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
_CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen be
    bind {address}:{port}
    option httpchk GET /healthz
    server be 127.0.0.1:{behind} send-proxy-v2 proxy-v2-options crc32c,unique-id check check-send-proxy inter 200ms fall 1
"""


def require_haproxy() -> None:
    """Skip where HAProxy is not installed, but not in CI."""
    require(HAPROXY, "HAProxy is not installed: apt-get install haproxy")


@contextmanager
def in_front_of(behind: int, address: str = "127.0.0.1") -> Iterator[str]:
    """HAProxy at a port of `address`, passing on to the port `behind`; its base URL."""
    assert HAPROXY is not None
    port = free_port()
    with new_folder() as folder:
        file = folder / "haproxy.cfg"
        file.write_text(_CONFIGURATION.format(address=address, port=port, behind=behind))
        process = subprocess.Popen([HAPROXY, "-q", "-f", str(file)])
        url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        try:
            eventually(lambda: answers(f"{url}/readyz") or process.poll() is not None)
            assert process.poll() is None
            yield url
        finally:
            process.terminate()
            process.wait(10)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
