"""A plugin of pytest, `-p tests.support.backwards`: the last test comes first, so those fail that lean on what another left."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.reverse()
