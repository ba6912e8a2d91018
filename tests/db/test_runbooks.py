"""docs/operations.md: each query that it shows runs on our schema, and each alert and heading that is named is there."""

import re

import psycopg2
import pytest
import yaml

from tests.conftest import ROOT

TEXT = (ROOT / "docs/operations.md").read_text()
TEXT_OUTSIDE_BLOCKS = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
QUERIES = sorted(set(re.findall(r"`((?:SELECT|VACUUM \(ANALYZE\)) [^`]+)`", TEXT_OUTSIDE_BLOCKS)))
HEADINGS = set(re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE))
ALERTS = yaml.safe_load((ROOT / "charts/meta-product-web/monitoring/alerts.yaml").read_text())["groups"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_it_shows_runs(migrated, query):
    connection = psycopg2.connect(migrated)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            assert query.startswith("VACUUM") or cursor.description
    finally:
        connection.close()


def test_it_shows_some_queries():
    assert len(QUERIES) >= 8


def test_the_alerts_that_it_names_are_there():
    named = set(re.findall(r"\bMetaBe\w+", TEXT))
    assert named
    assert named <= {rule["alert"] for group in ALERTS for rule in group["rules"]}


def test_what_it_leads_to_in_itself_is_there():
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADINGS}
    led = set(re.findall(r"\]\(#([\w-]+)\)", TEXT))
    assert led
    assert led <= anchors


def test_the_runbooks_that_alerts_name_are_there():
    named = re.findall(r"docs/operations\.md, ([\w ]+)\)", str(ALERTS))
    assert named
    assert set(named) <= HEADINGS
