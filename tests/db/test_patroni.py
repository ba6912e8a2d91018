"""Failover by Patroni with the files of deploy/patroni, under load: machines that fail, hang, are cut off or are relieved.

One process of the service names both machines in its URL, the other one goes through HAProxy. Clients send again what was
not answered, with the same order number. What is acknowledged is then there once, and nothing else is.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from app.db import migration, pools
from tests.conftest import environment_for, serving, using
from tests.support.api import Api, Platform
from tests.support.documents import Runbook
from tests.support.effort import HARD, often
from tests.support.factories import World, purchase
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.networks import require_networks
from tests.support.patroni import FOLLOWS, Cluster, cluster, in_front_of, require_patroni
from tests.support.patroni_machine import Machine
from tests.support.waiting import eventually

UNPLANNED, PLANNED = 30, 5  # seconds without writes, at most
STOCK = 1_000_000


def tell(what: str, seconds: float) -> None:
    sys.stdout.write(f"{what}: {seconds:.1f} s without writes\n")


class Shop:
    """A cluster with a shop in it, two processes that serve it, and clients that buy there all the time."""

    def __init__(self, made: Cluster, stack: ExitStack) -> None:
        self.cluster = made
        self.runbook = _runbook(made)
        self.runbook.give("/etc/patroni_env.conf")
        self.runbook.run("CREATE ROLE app")
        direct = made.uri("app", "first").replace("first", "…")
        proxied = f"postgresql://app:…@127.0.0.1:{stack.enter_context(in_front_of(made))}/shop"
        with using(direct), Api() as api:
            migration.migrate()
            world = World(api)
            self._customer = world.customer().id
            self._sku = world.sku(world.merchant(), stock=STOCK)["id"]
            pools.leave()
        urls = [stack.enter_context(serving(environment_for(uri))) for uri in (direct, proxied)]
        self._loads = [Load(url, asks_again=True, pause=often(0.05, 0)) for url in urls]
        self._done: list[list[float]] = [[] for _ in urls]
        self._keys: set[str] = set()
        for number, load in enumerate(self._loads):
            for client in range(3):
                load.start(self._place, f"order-{number}-{client}-")
        self.goes_on()

    def without_writes(self, happens: Callable[[], None], is_over: Callable[[], object]) -> float:
        """Let something happen; the most seconds that either process acknowledged nothing until it was over and all went on."""
        self._gather()
        begun = time.monotonic()
        happens()
        eventually(is_over, 60, told=self.cluster.log)
        self.goes_on()
        longest = 0.0
        for done in self._done:
            times = [begun, *(at for at in done if at > begun)]
            longest = max(longest, *(later - earlier for earlier, later in itertools.pairwise(times)))
        return longest

    def survives(self, what: str, fail: Callable[[Machine], None], mend: Callable[[Machine], None]) -> None:
        """The leader fails: the other one leads within the time; the one before, mended, becomes its standby."""
        lost = self.cluster.leader()
        other = self.cluster.other(lost)
        seconds = self.without_writes(lambda: fail(lost), other.leads)
        tell(what, seconds)
        assert seconds <= UNPLANNED
        mend(lost)
        eventually(lambda: other.leads() and self.cluster.is_whole(), 90, told=self.cluster.log)
        self.goes_on()

    def survives_often(self, what: str, fail: Callable[[Machine], None], mend: Callable[[Machine], None]) -> int:
        """The same once, or more often in hard mode, with the orders judged at the end; how often."""
        times = often(1, 2)
        for _ in range(times):
            self.survives(what, fail, mend)
        self.judge()
        return times

    def goes_on(self) -> None:
        """Each process acknowledges more."""
        self._gather()
        before = [len(done) for done in self._done]

        def more() -> bool:
            self._gather()
            return all(len(done) > number + 20 for done, number in zip(self._done, before, strict=True))

        eventually(more, 60, told=self.cluster.log)

    def judge(self) -> int:
        """Stop buying; every order that was acknowledged is there, once, and no other; how many there are."""
        for load in self._loads:
            self._keys |= {key for _, key, _ in load.stop()}
            assert load.faults == []
        placed = [number for (number,) in self.cluster.run('SELECT order_number FROM "order"')]
        assert sorted(placed) == sorted(self._keys)
        assert broken(self.cluster.run) == {}
        assert self.cluster.run("SELECT stock FROM sku") == [(STOCK - len(placed),)]
        return len(placed)

    def answers(self) -> str:
        return " and ".join(str(dict(load.answers)) for load in self._loads)

    def _place(self, client: httpx.Client, key: str) -> httpx.Response:
        time.sleep(0.01)  # the machines need some of the CPU too
        return Platform(client, "platform").post("/orders", purchase(self._sku, self._customer, order_number=key))

    def _gather(self) -> None:
        for load, done in zip(self._loads, self._done, strict=True):
            for _ in range(load.acknowledged.qsize()):
                at, key, _ = load.acknowledged.get()
                done.append(at)
                self._keys.add(key)


@contextmanager
def shop(**options: bool) -> Iterator[Shop]:
    require_patroni()
    with ExitStack() as stack:
        yield Shop(stack.enter_context(cluster(**options)), stack)


def _runbook(made: Cluster) -> Runbook:
    """The section of docs/operations.md, with the addresses of this cluster."""
    machine = made.databases[0]
    hosts, ports = (
        ",".join(str(part) for part in parts) for parts in zip(*((m.host, m.ports[5432]) for m in made.databases), strict=True)
    )
    here = {
        "/etc/patroni_env.conf": str(machine.environment_file()),
        "/etc/patroni/config.yml": str(machine.configuration()),
        "host=db1,db2": f"host={hosts} port={ports}",
        **{f"{each.name}:2379": f"{each.host}:{each.ports[2379]}" for each in made.machines.values()},
    }
    return Runbook("Failover", here, {"PATH": os.environ["PATH"], "HOME": str(made.folder), "LC_ALL": "C.UTF-8"})


@pytest.fixture
def networked(postgres: str) -> Iterator[Shop]:
    """A shop whose machines are in networks of their own."""
    require_networks()
    with shop(in_networks=True) as at:
        yield at


def test_a_planned_switchover_a_machine_that_dies_and_the_runbook(postgres):
    with shop() as at:
        made, runbook = at.cluster, at.runbook
        assert "Sync Standby" in runbook.run("patronictl list")
        assert runbook.run("etcdctl").count(" 3.") == 3
        runbook.run("patronictl pause")
        runbook.run("patronictl resume")

        before = made.leader()
        seconds = at.without_writes(lambda: runbook.run("patronictl switchover"), lambda: made.leader() is not before)
        tell("planned switchover", seconds)
        assert seconds <= PLANNED
        eventually(made.is_whole, 60, told=made.log)

        lost = made.leader()
        seconds = at.without_writes(lost.kill, lambda: made.leader() is not lost)
        tell("machine killed", seconds)
        assert seconds <= UNPLANNED
        lost.start()
        eventually(made.is_whole, 60, told=made.log)
        if made.leader().name == "db1":
            runbook.run("patronictl switchover")
            eventually(made.is_whole, 60, told=made.log)
        runbook.run("patronictl reinit")
        eventually(made.is_whole, 60, told=made.log)

        orders = at.judge()
        sys.stdout.write(f"{orders} orders, answers {at.answers()}\n")
        assert runbook.left() == []


@pytest.mark.hard
@pytest.mark.skipif(not HARD, reason="NOT RUN: takes minutes, HARD=1 runs it")
class TestWhatElseMayHappen:
    """Each time the other machine takes over, and the one before comes back by itself as its standby."""

    @pytest.fixture
    def at(self, postgres: str) -> Iterator[Shop]:
        with shop() as at:
            yield at

    def test_the_database_alone_is_killed(self, at, tried):
        """It comes back where it was, or the other machine takes over."""
        times = often(1, 2)
        for _ in range(times):
            seconds = at.without_writes(at.cluster.leader().kill_database, at.cluster.is_whole)
            tell("PostgreSQL killed", seconds)
            assert seconds <= UNPLANNED
        at.judge()
        tried("leaders' PostgreSQL killed alone", times)

    def test_the_leader_stands_still_and_goes_on(self, at, tried):
        tried("leaders that stood still (SIGSTOP)", at.survives_often("leader stopped", Machine.stand_still, Machine.go_on))

    def test_the_machine_is_killed_again_and_again(self, at, tried):
        tried("machines killed", at.survives_often("machine killed", Machine.kill, Machine.start))

    def test_one_relieves_the_other_again_and_again(self, at, tried):
        times = often(1, 5)
        for _ in range(times):
            before = at.cluster.leader()
            seconds = at.without_writes(
                lambda: at.runbook.run("patronictl switchover"), lambda before=before: at.cluster.leader() is not before
            )
            tell("planned switchover", seconds)
            assert seconds <= PLANNED
            eventually(at.cluster.is_whole, 60, told=at.cluster.log)
        at.judge()
        tried("planned switchovers", times)

    def test_the_leaders_network_is_cut(self, networked, tried):
        tried("leaders whose network was cut", networked.survives_often("network cut", Machine.cut, Machine.heal))

    def test_the_standbys_network_is_cut(self, networked, tried):
        """Commits wait for it until PostgreSQL gives it up and Patroni goes on with one copy."""
        made = networked.cluster
        lost = made.other(made.leader())
        seconds = networked.without_writes(lost.cut, lambda: made.run(FOLLOWS) == [(0,)])
        tell("standby's network cut", seconds)
        assert seconds <= UNPLANNED
        lost.heal()
        eventually(made.is_whole, 90, told=made.log)
        networked.judge()
        tried("standbys whose network was cut", 1)
