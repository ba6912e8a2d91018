"""What the tests of the way to the database share."""

from contextlib import ExitStack

import pytest

from app.db import migration
from tests.conftest import using
from tests.support.servers import Server, new_folder


@pytest.fixture
def server(postgres):
    """A server of its own, with a shop's database."""
    with new_folder() as folder, ExitStack() as stack:
        server = Server(folder / "primary").init().start()
        stack.callback(server.stop)
        server.run("CREATE DATABASE shop")
        with using(server.uri("shop")):
            migration.migrate()
            yield server
