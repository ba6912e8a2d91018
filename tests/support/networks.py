"""Networks of their own for some processes, as machines have them, that can be cut: Linux' network namespaces."""

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from types import TracebackType
from typing import Self

import pytest


def require_networks() -> None:
    """Skip where network namespaces may not be made: what runs the tests decides that, and nothing can be installed."""
    tried = shutil.which("ip") and subprocess.run(["ip", "netns", "add", _name("try")], capture_output=True, check=False)
    if not tried or tried.returncode:
        pytest.skip("NOT RUN: no network namespaces here: run as root with CAP_SYS_ADMIN and CAP_NET_ADMIN, with iproute2")
    _ip("netns", "delete", _name("try"))


class Network:
    """One machine's: a namespace with an address, joined to the others by a cable that can be pulled."""

    def __init__(self, name: str, address: str) -> None:
        self.address = address
        self._name = _name(name)

    def enter(self, user: str | None) -> list[str]:
        """What is put before a command to run it there, as this user."""
        command = ["nsenter", f"--net=/run/netns/{self._name}"]
        if user:
            account = pwd.getpwnam(user)
            command += ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        return [*command, "--"] if user else command

    def cut(self) -> None:
        """From now on nothing comes in and nothing goes out; nobody is told."""
        _ip("link", "set", self._name, "down")

    def heal(self) -> None:
        _ip("link", "set", self._name, "up")


class Networks:
    """The networks of some machines, joined by a bridge, which is where this process is."""

    def __init__(self) -> None:
        self._bridge = _name("br")
        self._prefix = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self._made: list[str] = []

    def __enter__(self) -> Self:
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("address", "add", f"{self._prefix}.1/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name in self._made:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", name)
        _ip("link", "delete", self._bridge)

    def add(self, name: str) -> Network:
        inside, address = _name(name), f"{self._prefix}.{len(self._made) + 2}"
        _ip("netns", "add", inside)
        self._made.append(inside)
        _ip("link", "add", inside, "type", "veth", "peer", "name", "eth0", "netns", inside)
        _ip("link", "set", inside, "master", self._bridge, "up")
        for command in (
            ["address", "add", f"{address}/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["link", "set", "lo", "up"],
        ):
            _ip("-netns", inside, *command)
        return Network(name, address)


def _name(name: str) -> str:
    """A name of at most 15 characters that no other test process gives."""
    return f"{name[:7]}{os.getpid()}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
