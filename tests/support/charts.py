"""The chart as Helm itself renders it, and its objects as Kubernetes would read them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import helm_python as helm
import yaml
from kubernetes_validate import utils

from tests.conftest import ROOT

CHART = ROOT / "charts" / "meta-product-web"
LINES = {"pixel": "values-pixel.yaml", "meta-product": "values-product.yaml"}
utils.schema_contents = cache(utils.schema_contents)  # which reads some megabytes of JSON for each object


@dataclass(frozen=True)
class Rendering:
    objects: list[dict[str, Any]]
    notes: str
    text: str

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [found for found in self.objects if found["kind"] == kind]

    def one(self, kind: str, name: str = "meta-product-web") -> dict[str, Any]:
        (found,) = (found for found in self.all(kind) if found["metadata"]["name"] == name)
        return found

    def pod(self, name: str = "meta-product-web") -> dict[str, Any]:
        return self.one("Deployment", name)["spec"]["template"]["spec"]

    def container(self, name: str = "meta-product-web") -> dict[str, Any]:
        (found,) = self.pod(name)["containers"]
        return found

    def secrets(self, name: str = "meta-product-web") -> dict[str, tuple[str, str]]:
        """The environment variables that come from a Secret: its name and key."""
        given = [entry for entry in self.container(name).get("env", []) if "value" not in entry]
        references = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in given}
        assert all(set(found) == {"name", "key"} for found in references.values()), "a missing secret must stop the pod"
        return {variable: (found["name"], found["key"]) for variable, found in references.items()}

    def plain(self, name: str = "meta-product-web") -> dict[str, str]:
        """The environment variables that the pod itself gives."""
        return {entry["name"]: entry["value"] for entry in self.container(name)["env"] if "value" in entry}


def line_values(namespace: str) -> dict[str, Any]:
    return helm.values_from_yaml((CHART / LINES[namespace]).read_text(encoding="utf-8"))


def render(namespace: str, values: dict[str, Any] | None = None, *, line: bool = True) -> Rendering:
    """The chart with a line's values (none of them without `line`) and `values` over them; raises HelmError when refused."""
    given = merged(line_values(namespace) if line else {}, values or {})
    with helm.Chart.load(CHART) as chart:
        files = chart.render(given, name="meta-product-web", namespace=namespace)
    notes = files.pop("meta-product-web/templates/NOTES.txt")
    objects = [found for text in files.values() for found in yaml.safe_load_all(text) if found]
    return Rendering(objects, notes, "\n".join(files.values()))


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Helm puts several values files together: maps key by key, the rest replaced."""
    both = {
        key: merged(under[key], over[key]) for key in over if isinstance(under.get(key), dict) and isinstance(over[key], dict)
    }
    return {**under, **over, **both}
