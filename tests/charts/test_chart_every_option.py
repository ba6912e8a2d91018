"""Every option of the chart, switched: Helm lints it strictly, and Kubernetes and the operators take what comes of it."""

import helm_python as helm
import kubernetes_validate
import pytest

from tests.charts.options import OPTIONS
from tests.charts.test_chart import NEWEST, OLDEST
from tests.support import custom_resources
from tests.support.chart_values import documented_values
from tests.support.charts import CHART, render

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def plain():
    return render("default", line=False)


@pytest.fixture(scope="module", params=OPTIONS, ids=lambda name: name.replace(" ", "_").replace("'", ""))
def option(request):
    return OPTIONS[request.param]


@pytest.fixture(scope="module")
def rendered(option):
    return render("default", option, line=False)


def pods(rendering):
    """Every pod, by the component that it is of."""
    for found in rendering.objects:
        kind, spec = found["kind"], found.get("spec")
        if kind in ("Deployment", "Job"):
            yield found["metadata"], spec["template"]
        elif kind == "CronJob":
            yield found["metadata"], spec["jobTemplate"]["spec"]["template"]
        elif kind == "Pod":
            yield found["metadata"], found


class TestEachOption:
    def test_helm_lints_it_strictly(self, option):
        report = helm.lint(CHART, option, strict=True, namespace="default")
        assert (report["messages"], report["errors"]) == ([], [])

    @pytest.mark.parametrize("version", [OLDEST, NEWEST])
    def test_kubernetes_takes_every_object(self, option, rendered, version):
        newer = "appArmorProfile" in str(option)  # a field of Kubernetes 1.30
        for found in rendered.objects:
            if custom_resources.is_custom(found):
                custom_resources.validate(found)
            elif not (newer and version == OLDEST):
                kubernetes_validate.validate(found, version, strict=True)

    def test_it_changes_something(self, plain, rendered, option):
        if option != OPTIONS["namespace"]:  # which only refuses
            assert rendered.text != plain.text

    def test_every_object_is_named_once_and_labelled(self, rendered):
        names = [(found["kind"], found["metadata"]["name"]) for found in rendered.objects]
        assert len(names) == len(set(names))
        for found in rendered.objects:
            assert found["metadata"]["namespace"] == "default"
            assert {"app.kubernetes.io/name", "app.kubernetes.io/component", "helm.sh/chart"} <= found["metadata"][
                "labels"
            ].keys()

    def test_every_pod_is_confined(self, rendered):
        for _, pod in pods(rendered):
            spec = pod["spec"]
            assert (spec["automountServiceAccountToken"], spec["securityContext"]["runAsNonRoot"]) == (False, True)
            for container in spec["containers"]:
                assert container["securityContext"]["readOnlyRootFilesystem"] is True
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                assert {"requests", "limits"} <= container["resources"].keys()

    def test_what_pods_mount_is_a_volume_of_theirs(self, rendered):
        for _, pod in pods(rendered):
            volumes = [volume["name"] for volume in pod["spec"].get("volumes", [])]
            assert len(volumes) == len(set(volumes))
            for container in pod["spec"]["containers"]:
                assert {mount["name"] for mount in container.get("volumeMounts", [])} <= set(volumes)
                names = [entry["name"] for entry in container.get("env", [])]
                assert len(names) == len(set(names))

    def test_selectors_never_take_pods_of_another_component(self, rendered):
        of = [pod["metadata"]["labels"]["app.kubernetes.io/component"] for _, pod in pods(rendered)]
        assert len(of) == len(set(of))
        for deployment in rendered.all("Deployment"):
            wanted = deployment["spec"]["selector"]["matchLabels"].items()
            assert sum(wanted <= pod["metadata"]["labels"].items() for _, pod in pods(rendered)) == 1
        service = rendered.one("Service")["spec"]["selector"]
        assert service["app.kubernetes.io/component"] == "api"


def test_every_value_is_switched_by_one_of_them():
    given = {path for values in OPTIONS.values() for path in paths(values)}
    assert [
        path for path in documented_values() if not any(found == path or found[: len(path)] == path for found in given)
    ] == []


def paths(values, above=()):
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, (*above, key))
