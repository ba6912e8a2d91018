"""The pages of errors and events in docs/ are those that the code makes."""

import pytest

from app.document.reference import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_it_is_as_the_code_says(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run make reference"
