"""What is written down of the chart is as it is: each value in both READMEs and in the schema, and what the lines get."""

import helm_python as helm
import pytest
import yaml

from tests.support.chart_snapshots import renderings
from tests.support.chart_values import HEADS, VALUES, documented_values, table, undescribed, written
from tests.support.charts import CHART
from tests.support.rendering import FOLDER

READMES = pytest.mark.parametrize("readme", HEADS)


def test_every_value_is_described():
    assert undescribed() == []


@READMES
def test_the_table_is_that_of_the_values(readme):
    assert written(readme) == table(readme), "run `make snapshots`"


@READMES
def test_every_row_says_something(readme):
    assert [row for row in written(readme).splitlines() if row.endswith("|  |")] == []
    assert len(written(readme).splitlines()) == len(documented_values()) + 2


def test_the_schema_knows_every_value_and_no_other():
    values = yaml.safe_load(VALUES.read_text())
    with helm.Chart.load(CHART) as chart:
        schema = chart.schema
    compare(values, schema, schema["definitions"], ())


def compare(values, schema, definitions, path):
    """The keys of a map that the schema spells out are those of values.yaml, and it takes no other."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if not isinstance(values, dict) or "properties" not in schema:
        return
    assert schema["additionalProperties"] is False, path
    assert not values or values.keys() == schema["properties"].keys(), path
    for key, value in values.items():
        compare(value, schema["properties"][key], definitions, (*path, key))


def objects(schema):
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)


def test_a_map_of_the_charts_own_takes_nothing_else():
    """What is left open is written as Kubernetes writes it, and read by Kubernetes."""
    with helm.Chart.load(CHART) as chart:
        open_to = [
            sorted(found["properties"]) for found in objects(chart.schema) if found.get("additionalProperties") is not False
        ]
    assert open_to == [["name"], ["name"], ["mountPath", "name"]]


def test_nothing_changes_for_who_sets_nothing():
    changed = [name for name, text in renderings().items() if (FOLDER / name).read_text() != text]
    assert changed == [], "see what changes, and run `make snapshots`"
