"""A whole run of the suite fails for each code that the document lists and nothing reaches."""

import os
from fnmatch import fnmatchcase

import pytest

from tests.support import promises
from tests.support.processes import finished

LITTLE = "testpaths=tests/document/test_reference.py"  # as if this were the whole suite, of which it reaches nothing


@pytest.mark.parametrize(("options", "fails"), [(["-n", "1"], True), (["-n", "0"], True), (["-n", "0", "-k", "code"], False)])
def test_it_fails_where_all_tests_were_run(tmp_path, options, fails):
    ended = finished(dict(os.environ), "pytest", "-o", f"cache_dir={tmp_path}", "-o", LITTLE, *options)
    told = "FAILED: the document lists what no test reaches: merchant_ship_order 404 not_found"
    assert (told in ended.stdout) == fails, ended.stdout + ended.stderr
    assert ended.returncode == (pytest.ExitCode.TESTS_FAILED if fails else pytest.ExitCode.OK)


def test_each_exception_has_a_reason_and_is_of_what_is_listed():
    written = [line for line in promises.UNREACHED.read_text().splitlines() if line and not line.startswith("#")]
    known = promises.excepted()
    assert len(known) == len(written)
    assert [pattern for pattern in known if not any(fnmatchcase(one, pattern) for one in promises.promised())] == []
