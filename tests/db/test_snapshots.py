"""The big statements are what `tests/snapshots` shows, so that a change of one is seen as the SQL that runs."""

import pytest

from tests.support.rendering import FOLDER, rendered, statements

STATEMENTS = statements()


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_what_its_file_shows(name):
    file = FOLDER / f"{name}.sql"
    assert file.exists(), "run `make snapshots`, and commit what it writes"
    assert file.read_text(encoding="utf-8") == rendered(STATEMENTS[name]), "run `make snapshots`, and look at what it changes"


def test_no_file_is_left_of_a_statement_that_is_gone():
    assert {file.stem for file in FOLDER.glob("*.sql")} == set(STATEMENTS), "run `make snapshots`"
