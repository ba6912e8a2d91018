"""What range partitions of `event` and `stock_movement` would cost and bring: both tables plain and partitioned, in one run.

Each call's CPU time in PostgreSQL, then removing the oldest tenth by DELETE and by DETACH, and folding as many tallies.

    python -m bench.partitions
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from app.config import settings
from app.db import migration, pools
from bench import data, ledgers
from bench.load import print_row
from bench.partition_cases import CASES, MERCHANTS, Shop
from bench.servers import create_database, execute, postgres, settle

CHUNK = 5_000  # rows that one DELETE takes, as many as the worker takes of old deliveries
_DELETE = """
    SET session_replication_role = replica;
    EXPLAIN (ANALYZE, WAL, TIMING OFF, FORMAT JSON) DELETE FROM event WHERE id >= {first} AND id < {first} + {chunk}
"""
_TALLIES = "INSERT INTO order_tally (business_id, status, delta) SELECT 1 + g % 10, g / 10 % 5, 1 FROM generate_series(1, {}) g"


def _serve(uri: str, pipe: Connection) -> None:
    """Make calls when asked: some of a case, answered by the CPU seconds of PostgreSQL, or placing for some seconds."""
    settings.database_url = uri
    data.make_secrets()
    shop = Shop()
    connection = pools.take(pools.thread_engine())  # the one that all calls will be made on
    backend = Path("/proc", str(connection.connection.info.backend_pid), "schedstat")
    connection.close()
    while (asked := pipe.recv()) is not None:
        case, amount = asked
        if case == "latencies":
            pipe.send(_latencies(shop, amount))
            continue
        if case == "fold":
            shop.fold()
            pipe.send([])
            continue
        before = int(backend.read_text().split()[0])
        for _ in range(amount):
            CASES[case][0](shop)
        pipe.send([(int(backend.read_text().split()[0]) - before) / 1e9])


def _latencies(shop: Shop, seconds: float) -> list[float]:
    """The milliseconds that each order took that was placed meanwhile, one after another."""
    taken, end = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        shop.place()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


@dataclass(frozen=True, slots=True)
class Side:
    """A database, and a process that makes calls on it."""

    uri: str
    pipe: Connection

    def ask(self, case: str, amount: int) -> list[float]:
        """The one figure of a case, or many latencies."""
        self.pipe.send((case, amount))
        return list(self.pipe.recv())


def _side(uri: str) -> Side:
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=_serve, args=(uri, theirs), daemon=True).start()
    return Side(uri, ours)


def _compare(sides: dict[str, Side], rounds: int) -> None:
    """Print the cost of each call on each side, and how many times that of the first side it is."""
    first, *others = sides
    print_row("µs of CPU of a call", *sides, *(f"÷ {name}" for name in others))
    for name, (_, calls) in CASES.items():
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for number in range(rounds + 2):
            for side in sorted(sides, reverse=number % 2 == 1):
                taken[side].append(sides[side].ask(name, calls)[0] / calls * 1e6)
        costs = {side: statistics.median(each[2:]) for side, each in taken.items()}
        print_row(name, *costs.values(), *(f"{costs[other] / costs[first]:.3f}" for other in others))


def _delete(uri: str, ids: range, *, until: Callable[[], bool] = lambda: False) -> tuple[int, float]:
    """Delete the events with these ids, some at a time; returns how many went, and the megabytes of WAL they took."""
    gone, wal = 0, 0.0
    for first in ids[::CHUNK]:
        ((plan,),) = execute(uri, _DELETE.format(first=first, chunk=min(CHUNK, ids.stop - first)))
        gone, wal = gone + min(CHUNK, ids.stop - first), wal + plan[0]["Plan"]["WAL Bytes"] / 1e6
        if until():
            break
    return gone, wal


def _retire(plain: Side, parted: Side, rows: int, partitions: int, seconds: int) -> None:
    """Remove the oldest events in both ways, half of them while orders are placed."""
    old = rows // partitions
    size = ledgers.size_of(plain.uri, "event")
    settle(plain.uri)
    start = time.perf_counter()
    gone, wal = _delete(plain.uri, range(1, 1 + old // 2))
    print_row(f"\n{gone:,} events deleted", f"{time.perf_counter() - start:.1f} s", f"WAL {wal:.0f} MB")
    _print_latencies("an order, ms", plain.ask("latencies", seconds))
    plain.pipe.send(("latencies", seconds))
    more, _ = _delete(plain.uri, range(1 + gone, 1 + old), until=plain.pipe.poll)
    _print_latencies(f"while {more:,} are deleted", plain.pipe.recv())
    before, start = _wal(plain.uri), time.perf_counter()
    execute(plain.uri, "VACUUM event")
    print_row("VACUUM", f"{time.perf_counter() - start:.1f} s", f"WAL {_wal(plain.uri) - before:.0f} MB")
    print_row("megabytes, before and after", size, ledgers.size_of(plain.uri, "event"))

    size = ledgers.size_of(parted.uri, "event")
    _print_latencies("\nin partitions: an order, ms", parted.ask("latencies", seconds))
    parted.pipe.send(("latencies", seconds))
    time.sleep(seconds / 2)
    start = time.perf_counter()
    execute(parted.uri, "ALTER TABLE event DETACH PARTITION event_0; DROP TABLE event_0")
    print_row(f"{old:,} events detached", f"{(time.perf_counter() - start) * 1000:.0f} ms")
    _print_latencies("meanwhile", parted.pipe.recv())
    print_row("megabytes, before and after", size, ledgers.size_of(parted.uri, "event"))


def _print_latencies(name: str, taken: list[float]) -> None:
    found = sorted(taken)
    print_row(
        name,
        *(f"{label} {found[int(len(found) * share)]:.1f}" for label, share in (("p50", 0.5), ("p99", 0.99))),
        f"most {found[-1]:.1f}",
    )


def _wal(uri: str) -> float:
    return float(execute(uri, "SELECT pg_current_wal_lsn() - '0/0'")[0][0]) / 1e6


def _fold(side: Side, numbers: list[int]) -> None:
    """Fold tallies of so many changes into one row for each merchant and state."""
    print_row("\nchanges of orders to fold", "seconds", "rows left", "MB left")
    for number in numbers:
        execute(side.uri, _TALLIES.format(number))
        start = time.perf_counter()
        side.ask("fold", 1)
        taken = time.perf_counter() - start
        execute(side.uri, "VACUUM order_tally")
        (left,) = execute(side.uri, "SELECT count(*) FROM order_tally")[0]
        print_row(f"{number:,}", f"{taken:.2f}", left, ledgers.size_of(side.uri, "order_tally"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--partitions", type=int, nargs="+", default=[10, 50])
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seconds", type=int, default=20)
    given = options.parse_args()
    data.make_secrets()
    with postgres() as server:
        execute(server, "ALTER SYSTEM SET fsync = off")
        execute(server, "SELECT pg_reload_conf()")
        shapes = {"plain": 0, "again": 0} | {f"{number} parts": number for number in given.partitions}
        sides = {name: _side(_filled(server, name.replace(" ", "_"), given.rows, number)) for name, number in shapes.items()}
        print(f"\n{given.rows:,} events and as many movements; medians of {given.rounds} alternating rounds\n")
        _compare(sides, given.rounds)
        fewest = min(given.partitions)
        _retire(sides["plain"], sides[f"{fewest} parts"], given.rows, fewest, given.seconds)
        _fold(sides["plain"], [10_000, 100_000, 1_000_000])
        for side in sides.values():
            side.pipe.send(None)


def _filled(server: str, name: str, rows: int, partitions: int) -> str:
    start = time.perf_counter()
    uri = create_database(server, f"shops_{name}")
    settings.database_url = uri
    with migration.running():
        pass
    foreign = [text for table in ledgers.LEDGERS for text in ledgers.build(uri, table, rows, partitions)]
    data.fill(uri, orders=20_000, merchants=MERCHANTS)
    execute(uri, "UPDATE sku SET stock = 2000000000")
    for text in foreign:
        execute(uri, text)
    settle(uri)
    print(f"{name}: made in {time.perf_counter() - start:.0f} s", flush=True)
    return uri


if __name__ == "__main__":
    main()
