"""The chart's backup: the script of its CronJob is run on a real server, and what it makes is restored."""

import os
import subprocess
import time

import pytest

from tests.charts.options import BACKUP
from tests.support.charts import render
from tests.support.servers import BIN, Server, new_folder

PARTS = {"DB_HOST": "127.0.0.1", "DB_USER": "postgres", "DB_PWD": "x", "DB_NAME": "shop"}


@pytest.fixture
def server(postgres):
    with new_folder() as folder:
        server = Server(folder / "server").init().start()
        server.run("CREATE DATABASE shop")
        server.run("CREATE TABLE orders AS SELECT generate_series(1, 10) AS id", database="shop")
        yield server
        server.stop()


@pytest.fixture
def dumps(tmp_path):
    """The volume, with dumps of 20 and 2 days ago, and what a dump that was killed left."""
    for name, days in (("meta_be-old.dump", 20), ("meta_be-new.dump", 2), ("meta_be-killed.dump.part", 0)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, times=(0, time.time() - days * 86400))
    return tmp_path


def container(**values):
    found = render("default", {"backup": BACKUP, **values}, line=False).one("CronJob", "meta-product-web-backup")
    (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return container


def made(container, dumps, **given):
    """Run what the container runs; whether it succeeded."""
    assert {entry["name"] for entry in container["env"]} == {*given, "BACKUP_DIR", "KEEP_DAYS"}
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "BACKUP_DIR": str(dumps), "KEEP_DAYS": "14", **given}
    command = [*container["command"], *container["args"]]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False).returncode == 0


def names(dumps):
    return sorted(path.name for path in dumps.iterdir())


class TestDump:
    @pytest.mark.parametrize("by_url", [False, True])
    def test_it_restores_and_old_ones_go(self, server, dumps, by_url):
        if by_url:
            url = server.uri("shop").replace("postgresql:", "postgresql+psycopg2:")  # as the service takes it too
            assert made(container(database={"url": {"secret": "u"}}), dumps, DATABASE_URL=url)
        else:
            assert made(container(), dumps, **PARTS, DB_PORT=str(server.port))
        (dump,) = (name for name in names(dumps) if name.startswith("meta_be-2"))
        assert names(dumps) == sorted([dump, "meta_be-new.dump"])
        server.run("CREATE DATABASE again")
        restore = [BIN / "pg_restore", "--exit-on-error", "--dbname", server.uri("again"), dumps / dump]
        subprocess.run(restore, check=True, timeout=60)
        assert server.run("SELECT count(*) FROM orders", database="again") == [(10,)]

    def test_one_that_fails_leaves_nothing_and_takes_nothing(self, dumps):
        assert not made(container(), dumps, **PARTS, DB_PORT="1")
        assert names(dumps) == ["meta_be-new.dump", "meta_be-old.dump"]


class TestItsPod:
    def test_it_is_let_out_to_the_database_alone(self):
        values = {"backup": BACKUP, "networkPolicy": {"databaseTo": [{"ipBlock": {"cidr": "192.0.2.7/32"}}]}}
        policy = render("default", values, line=False).one("NetworkPolicy", "meta-product-web-backup")["spec"]
        assert policy["ingress"] == []
        assert [rule["ports"][0]["port"] for rule in policy["egress"]] == [53, 5432]
        assert policy["egress"][1]["to"] == values["networkPolicy"]["databaseTo"]

    def test_its_volume_outlives_the_release(self):
        claim = render("default", {"backup": BACKUP}, line=False).one("PersistentVolumeClaim", "meta-product-web-backup")
        assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
