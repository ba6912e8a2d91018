"""Our service compared to a plain Django REST framework backend over the same tables, in one run, on one machine.

Both have two worker processes, the same PostgreSQL server with the same settings, as many orders of the same shops,
and the same connections and load. Prints the median of rounds that take turns, and whether ours is 4 times as fast.

    python -m bench.against_drf ../shared/peers/drf
"""

import argparse
import contextlib
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench import data
from bench.load import Void, print_row, require_wrk
from bench.servers import ROOT, create_database, execute, postgres, service, serving, settle
from bench.sides import CONNECTIONS, MERCHANTS, PROCESSES, Ours, Side, measure

GOAL = 4.0


@contextlib.contextmanager
def ours(server: str, orders: int) -> Iterator[Side]:
    secrets = data.make_secrets()
    uri = create_database(server, "ours")
    tokens = data.fill(uri, orders=orders, merchants=MERCHANTS)
    with service(uri, secrets, PROCESSES) as urls:
        yield Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"])


@contextlib.contextmanager
def the_peer(server: str, folder: Path, python: Path, orders: int) -> Iterator[Side]:
    uri = create_database(server, "peer")
    schema = (folder / "schema.sql").read_text()
    for name, value in {"n": orders, "m": MERCHANTS}.items():
        schema = re.sub(rf"(?<!:):{name}\b", str(value), schema)
    execute(uri, schema)
    settle(uri)
    gunicorn = [str(python), "-m", "gunicorn", "app:application", "-w", str(PROCESSES), "--threads", "4"]
    gunicorn += ["--bind", "127.0.0.1:{port}", "--log-level", "warning", "--chdir", str(folder)]
    with serving(gunicorn, "/orders", PEER_DB=uri.replace("postgresql://", "postgres://", 1)) as url:
        yield Side(uri, [url] * PROCESSES, {merchant: f"token{merchant}" for merchant in range(1, MERCHANTS + 1)})


def peer_python(folder: Path) -> Path:
    """The Python of a virtual environment with the peer's requirements, which is made once."""
    home = ROOT / "var/bench/peer"
    python = home / "bin/python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", folder / "requirements.txt"], check=True)
        (home / "ready").touch()
    return python


def check(side: Side) -> None:
    """Check one answer of each kind."""
    order = orjson.loads(side.one_order(1)[0].answer(side.urls[0]))
    assert {"order_number", "sku_snapshot", "receiver_address"} <= order.keys()
    assert len(orjson.loads(side.list_of_20(1)[0].answer(side.urls[0]))[side.items]) == 20


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("peer", type=Path, help="the peer's folder: app.py, schema.sql, requirements.txt")
    options.add_argument("--peer-python", type=Path, help="a Python that has the peer's requirements")
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    given = options.parse_args()
    require_wrk()
    folder = given.peer.resolve()
    python = given.peer_python or peer_python(folder)
    reached = True
    with postgres() as server, ours(server, given.orders) as our, the_peer(server, folder, python, given.orders) as peer:
        for side in (our, peer):
            check(side)
        print(f"{given.orders:,} orders, {MERCHANTS} merchants, {PROCESSES} processes each, {CONNECTIONS} connections;")
        print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
        print_row("", "ours /s", "p50", "p99", "peer /s", "p50", "p99", "ratio", f"≥ {GOAL:.0f}×")
        for name, found in measure({"ours": our, "peer": peer}, given.rounds, given.seconds):
            mine, theirs = found["ours"], found["peer"]
            ratio = mine.rate / theirs.rate
            reached &= ratio >= GOAL
            cells = (mine.rate, mine.p50, mine.p99, theirs.rate, theirs.p50, theirs.p99, ratio)
            print_row(name, *cells, "yes" if ratio >= GOAL else "NO")
    return 0 if reached else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
