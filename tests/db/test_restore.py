"""Coming back from a backup, as docs/operations.md says: to a point in time, and from a dump."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest

from app.db import migration, pools
from app.db.work import MERCHANT, SYSTEM, Actor, Work
from app.services.events import stream
from app.services.webhooks import fan_out
from tests.conftest import ROOT, environment_for, using
from tests.support.api import Api
from tests.support.documents import documented
from tests.support.factories import World, made, purchase
from tests.support.servers import USER, Server, command, new_folder
from tests.support.shops import Shop, numbers_of
from tests.support.waiting import eventually

LAST = 'SELECT (SELECT max(id) FROM event), (SELECT max(id) FROM "order")'


@pytest.fixture
def folder() -> Iterator[Path]:
    with new_folder() as folder:
        yield folder


def test_all_comes_back_as_it_was_at_a_moment_before_the_accident(postgres, folder):
    archive, settings = _archive(folder)
    primary, restored = Server(folder / "primary"), Server(folder / "restored")
    with ExitStack() as stack:
        stack.callback(primary.stop)
        stack.callback(restored.stop)
        primary.init().start(**settings)
        primary.run("CREATE DATABASE shop")
        with ExitStack() as before:
            shop = Shop(primary, before)
            shop.place(5)
            backup = Server(folder / "backup").copy_of(primary)
            shop.place(5)
            ((moment,),) = primary.run("SELECT clock_timestamp()::text")
            shop.place(40)  # more than the ids that PostgreSQL skips by itself when it recovers
            lost, kept = shop.placed[10:], shop.placed[:10]
            known = primary.run(LAST, database="shop")
            primary.run('SET session_replication_role = replica; DELETE FROM "order"', database="shop")
            ((segment,),) = primary.run("SELECT pg_walfile_name(pg_switch_wal())")
            eventually(lambda: (archive / segment).exists())
            primary.kill()
            shutil.rmtree(primary.data)

        shutil.copytree(backup.data, restored.data)
        recovery = documented("restore_command").replace("/backup/wal", str(archive)).replace("2026-11-24 19:10:26+00", moment)
        with (restored.data / "postgresql.auto.conf").open("a") as file:
            file.write(recovery)
        (restored.data / "recovery.signal").touch()
        _own(restored.data)
        restored.start()
        eventually(lambda: restored.run("SELECT pg_is_in_recovery()") == [(False,)])
        assert numbers_of(restored) == sorted(kept)
        assert f"{len(kept)} orders, the newest of" in _after_restore(restored)
        with using(restored.uri("shop")), Api() as api:
            for number, status in ((lost[0], 201), (lost[0], 200), (kept[0], 200)):
                again = purchase(shop.sku["id"], shop.customer.id, order_number=number)
                made(api.platform.post("/orders", again), status)
        before, after = known[0], restored.run(LAST, database="shop")[0]
        assert all(new > old for old, new in zip(before, after, strict=True)), "ids that others know are not given again"


def test_a_dump_is_a_whole_shop_and_its_news_begin_anew(postgres, folder):
    source, target = Server(folder / "source"), Server(folder / "target")
    with ExitStack() as stack:
        stack.callback(source.stop)
        stack.callback(target.stop)
        source.init().start()
        target.init().start()
        for server in (source, target):
            server.run("CREATE DATABASE shop")
        source.run("DO $$ BEGIN FOR i IN 1 .. 3000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$")
        with ExitStack() as before:
            shop = Shop(source, before)
            shop.place(5)
            made(shop.merchant.post("/webhooks", {"url": "https://example.com/hook", "verbs": ["place"]}), 201)
            shop.place(1)
            command("pg_dump", "-Fc", "-d", source.uri("shop"), "-f", folder / "shop.dump")
        command("pg_restore", "--exit-on-error", "-d", target.uri("shop"), folder / "shop.dump")
        assert "transaction ids start over here" in _after_restore(target)
        assert "transaction ids start over here" not in _after_restore(target)
        assert numbers_of(target) == sorted(shop.placed)
        with using(target.uri("shop")), Api() as api:
            actor = Actor(MERCHANT, shop.merchant.id)
            with Work(actor, writes=False) as work:
                start = stream.present(work)
            made(api.platform.post("/orders", purchase(shop.sku["id"], shop.customer.id)), 201)
            with Work(actor, writes=False) as work:
                news = stream.after(work, start)
            assert ([type_ for _, type_, _ in news.events], news.more) == (["order.place", "sku.stock"], False)
            with Work(Actor(SYSTEM), writes=True) as work:
                fan_out.spread(work)
                work.commit()
        told = "SELECT count(*), count(DISTINCT order_id) FROM webhook_delivery JOIN event ON event.id = event_id"
        assert target.run(told, database="shop") == [(2, 2)], "what the webhook had not been told of yet, and what is new"


def test_a_restored_database_is_settled_only_while_nobody_is_at_work_and_what_is_wrong_with_it_is_told(server):
    with ExitStack() as stack:
        shop = Shop(server, stack)
        shop.place(2)
        assert "stop it first" in _after_restore(server, fails=True)
    server.run("UPDATE sku SET stock = stock + 1", database="shop")
    assert "the stock of 1 SKUs is not the sum of their movements" in _after_restore(server, fails=True)


def test_connections_that_end_only_now_do_not_hold_it_up(server):
    held = psycopg2.connect(server.uri("shop"), application_name="meta_be")
    waiting = threading.Timer(3, held.close)
    waiting.start()
    assert "sequences go on" in _after_restore(server)
    assert held.closed
    waiting.join()


def test_the_services_own_role_prepares_it_and_no_id_of_what_is_gone_is_given_again(server):
    """Whatever kind of row it is: the platform knows goods by their ids, too."""
    server.run("CREATE ROLE app LOGIN")
    server.run("DROP DATABASE shop WITH (FORCE)")
    server.run("CREATE DATABASE shop OWNER app")
    with using(server.uri("shop").replace("postgres@", "app@")), Api() as api:
        migration.migrate()
        world = World(api)
        world.order(world.merchant(), world.customer(), 1)
        pools.leave()
    of_another_server = "SET session_replication_role = replica; UPDATE event SET txid = txid + 1000000"
    server.run(of_another_server, database="shop")
    given = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
    before = dict(server.run(given, database="shop"))
    assert "transaction ids start over here" in _after_restore(server, role="app")
    after = dict(server.run(given, database="shop"))
    assert {name for name in before if after[name] - before[name] < 10_000} == set()
    assert server.run("SELECT DISTINCT txid FROM event", database="shop") == [(0,)]
    assert server.run("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'", database="shop") == [(0,)]


class TestArchive:
    @pytest.fixture
    def archive(self, folder: Path) -> Path:
        return _archive(folder)[0]

    @pytest.fixture
    def primary(self, postgres, folder: Path, archive: Path) -> Iterator[Server]:
        primary = Server(folder / "primary").init()
        yield primary.start(**_archive(folder)[1])
        primary.stop()

    def test_a_crash_while_a_piece_is_written_or_before_that_is_noted_holds_up_nothing(self, primary, archive):
        known = _archived(primary)
        eventually(lambda: (archive / known).exists())
        [(following,)] = primary.run("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
        primary.kill()
        half = archive / f"{following}.part"
        half.write_bytes((archive / known).read_bytes()[:1_000_000])
        _own(archive)
        status = primary.data / "pg_wal/archive_status"
        (status / f"{known}.done").rename(status / f"{known}.ready")  # as when it was archived, and that not yet noted
        primary.start(**_archive(archive.parent)[1])
        last = _archived(primary)
        eventually(lambda: (archive / last).exists() and not (status / f"{known}.ready").exists(), 30)
        assert primary.run("SELECT failed_count FROM pg_stat_archiver") == [(0,)]
        assert {path.stat().st_size for path in archive.iterdir()} == {16 * 1024 * 1024}
        assert not half.exists()

    def test_a_piece_of_another_server_is_never_overwritten(self, primary, archive):
        [(name,)] = primary.run("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
        foreign = archive / name
        foreign.write_bytes(b"of another server")
        _own(archive)
        assert _archived(primary) == name
        eventually(lambda: primary.run("SELECT failed_count > 0, last_failed_wal FROM pg_stat_archiver") == [(True, name)])
        assert [(path.name, path.read_bytes()) for path in archive.iterdir()] == [(name, b"of another server")]


def _archive(folder: Path) -> tuple[Path, dict[str, str]]:
    """Where the pieces of WAL go, and the documented settings that send them there."""
    archive = folder / "archive"
    archive.mkdir(exist_ok=True)
    if USER:
        shutil.chown(archive, USER)
    archiving = documented("archive_mode = on").replace("/backup/wal", str(archive))
    return archive, dict(re.findall(r"^(\w+) = '?(.*?)'?$", archiving, re.MULTILINE))


def _archived(server: Server) -> str:
    """The name of a piece of WAL that is sent to the archive now."""
    server.run("CREATE TABLE IF NOT EXISTS filler AS SELECT")
    server.run("INSERT INTO filler SELECT")
    ((segment,),) = server.run("SELECT pg_walfile_name(pg_switch_wal())")
    return str(segment)


def _after_restore(server: Server, *, fails: bool = False, role: str = "postgres") -> str:
    """What the command says of a server that was restored."""
    command_line = [sys.executable, "-m", "app.cli", "after-restore"]
    environment = {**environment_for(server.uri("shop").replace("postgres@", f"{role}@")), "COLUMNS": "200"}
    done = subprocess.run(command_line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stdout


def _own(folder: Path) -> None:
    if USER:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, USER)
