"""The helm chart: both lines as Helm renders them and Kubernetes reads them."""

import configparser
import re
import tomllib

import helm_python as helm
import kubernetes_validate
import pytest

from app import __version__
from tests.conftest import ROOT
from tests.support import custom_resources
from tests.support.charts import CHART, LINES, line_values, render

OLDEST, NEWEST = "1.27.0", kubernetes_validate.latest_version()
LABELS = ("name", "instance", "version", "component", "part-of", "managed-by")


@pytest.fixture(scope="module", params=LINES)
def line(request):
    return request.param


@pytest.fixture(scope="module")
def rendered(line):
    return render(line)


@pytest.fixture(scope="module")
def pixel():
    return render("pixel")


@pytest.fixture(scope="module")
def product():
    return render("meta-product")


@pytest.fixture(scope="module")
def full():
    """Everything on that can be on."""
    return render(
        "meta-product",
        {
            "autoscaling": {"enabled": True},
            "files": {"store": "volume", "volume": {"accessMode": "ReadWriteMany", "storageClass": "shared"}},
            "database": {"url": {"secret": "meta-be-url"}, "replicaUrl": {"secret": "meta-be-url"}},
            "metricsToken": {"secret": "meta-be-metrics"},
            "scrape": {"by": "podMonitor"},
            "networkPolicy": {
                "ingressFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
                "databaseTo": [{"ipBlock": {"cidr": "192.0.2.7/32"}}],
                "extraEgress": [{"ports": [{"port": 4317}]}],
            },
            "imagePullSecrets": ["registry"],
            "podAnnotations": {"team": "meta"},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "shop", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "priorityClassName": "shop",
        },
    )


def containers(rendering):
    return [container for found in rendering.all("Deployment") for container in found["spec"]["template"]["spec"]["containers"]]


class TestBothLines:
    def test_helm_lints_it_strictly(self, line):
        report = helm.lint(CHART, line_values(line), strict=True, namespace=line)
        assert (report["total_charts_linted"], report["messages"], report["errors"]) == (1, [], [])

    @pytest.mark.parametrize("version", [OLDEST, NEWEST])
    def test_kubernetes_takes_every_object(self, rendered, full, version):
        for found in rendered.objects + full.objects:
            if custom_resources.is_custom(found):
                custom_resources.validate(found)
            else:
                kubernetes_validate.validate(found, version, strict=True)

    def test_the_oldest_kubernetes_is_the_one_the_chart_says(self):
        with helm.Chart.load(CHART) as chart:
            assert chart.metadata["kubeVersion"] == f">={OLDEST}-0"
            assert chart.metadata["appVersion"] == __version__

    def test_a_packed_chart_renders_the_same(self, line, rendered, tmp_path):
        with helm.Chart.load(helm.package(CHART, destination=tmp_path)) as packed:
            again = packed.render(line_values(line), name="meta-product-web", namespace=line)
        assert again["meta-product-web/templates/deployment.yaml"] in rendered.text

    def test_every_object_is_in_the_lines_namespace_and_labelled(self, line, rendered):
        for found in rendered.objects:
            assert found["metadata"]["namespace"] == line
            assert all(f"app.kubernetes.io/{label}" in found["metadata"]["labels"] for label in LABELS)

    def test_it_listens_on_port_8000(self, rendered):
        assert rendered.container()["ports"][0] == {"name": "http", "containerPort": 8000}
        assert rendered.one("Service")["spec"]["ports"][0] == {"name": "http", "port": 8000, "targetPort": "http"}

    def test_frpc_names_the_clients_on_a_port_of_its_own(self, line, rendered):
        told = rendered.one("ConfigMap")["data"]
        assert told["PROXY_PORT"] == "8100"
        if line == "pixel":  # frpc connects from inside the pod, which is who may by default
            assert "PROXY_PEERS" not in told
        else:
            assert rendered.container()["ports"][1:] == [{"name": "proxy", "containerPort": 8100}]
            assert rendered.one("Service")["spec"]["ports"][1:] == [{"name": "proxy", "port": 8100, "targetPort": "proxy"}]
            assert "10.0.0.0/8" in told["PROXY_PEERS"]
        assert told["TRUSTED_PROXIES"] == ""

    def test_what_selects_pods_finds_them(self, rendered):
        labels = rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"].items()
        assert rendered.one("Service")["spec"]["selector"].items() <= labels
        for kind in ("PodDisruptionBudget", "Deployment"):
            for found in rendered.all(kind):
                if found["metadata"]["name"] == "meta-product-web":
                    assert found["spec"]["selector"]["matchLabels"].items() <= labels
        assert rendered.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels

    def test_what_pods_refer_to_is_there(self, rendered):
        made = {(found["kind"], found["metadata"]["name"]) for found in rendered.objects}
        for deployment in rendered.all("Deployment"):
            pod = deployment["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
            needed = {("ConfigMap", entry["configMapRef"]["name"]) for entry in container.get("envFrom", [])}
            needed |= {("ConfigMap", volume["configMap"]["name"]) for volume in pod["volumes"] if "configMap" in volume}
            claims = [
                volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume
            ]
            assert needed | {("PersistentVolumeClaim", claim) for claim in claims} <= made

    def test_pods_are_confined(self, rendered):
        for found in rendered.all("Deployment"):
            pod = found["spec"]["template"]["spec"]
            assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
            assert pod["securityContext"] == {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "fsGroup": 10001,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        for container in containers(rendered):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys() & container["resources"]["limits"].keys()
            assert not container["image"].endswith(":latest")

    def test_what_the_image_writes_to_is_writable(self, rendered):
        mounts = {mount["mountPath"]: mount for mount in rendered.container()["volumeMounts"]}
        assert set(mounts) == {"/var/lib/meta_be", "/var/log/meta_be", "/run/meta_be", "/tmp"}
        assert not any(mount.get("readOnly") for mount in mounts.values())
        assert rendered.one("ConfigMap")["data"]["DATA_DIR"] == "/var/lib/meta_be"

    def test_probes(self, rendered):
        container = rendered.container()
        paths = {kind: container[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {kind: found["path"] for kind, found in paths.items()} == {
            "startupProbe": "/healthz",
            "livenessProbe": "/healthz",
            "readinessProbe": "/readyz",
        }
        assert {found["port"] for found in paths.values()} == {"http"}

    def test_a_long_migration_is_neither_killed_nor_called_a_failure(self, rendered):
        startup = rendered.container()["startupProbe"]
        patience = startup["periodSeconds"] * startup["failureThreshold"]
        assert patience >= 1800
        assert rendered.one("Deployment")["spec"]["progressDeadlineSeconds"] > patience

    def test_stopping_waits_for_who_stops_inside(self, rendered):
        pause = rendered.container()["lifecycle"]["preStop"]["exec"]["command"]
        assert pause[0] == "sleep"
        supervisor = configparser.RawConfigParser()
        supervisor.read_string((ROOT / "supervisord.conf").read_text(encoding="utf-8"))
        assert int(pause[1]) + supervisor.getint("program:be", "stopwaitsecs") < rendered.pod()["terminationGracePeriodSeconds"]

    def test_prometheus_is_told_where_to_look(self, rendered):
        annotations = rendered.one("Deployment")["spec"]["template"]["metadata"]["annotations"]
        assert {key.removeprefix("prometheus.io/"): value for key, value in annotations.items() if "prometheus" in key} == {
            "scrape": "true",
            "port": "8000",
            "path": "/metrics",
        }

    def test_a_changed_setting_restarts_the_pods(self, line, rendered):
        changed = render(line, {"settings": {"TOKEN_HOURS": 1}})
        before, after = (
            found.one("Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for found in (rendered, changed)
        )
        assert before != after

    def test_no_secret_is_made_or_written(self, rendered):
        assert rendered.all("Secret") == []
        for container in containers(rendered):
            assert all("value" not in entry for entry in container["env"])
        told = rendered.one("ConfigMap")["data"]
        assert not any(
            word in name for name in told for word in ("PWD", "SECRET", "TOKEN", "ACCESS_KEY") if name != "TOKEN_HOURS"
        )

    def test_the_notes_tell_every_secret_and_how_to_follow_the_logs(self, line, rendered):
        made = {
            secret for name in rendered.all("Deployment") for secret, _ in rendered.secrets(name["metadata"]["name"]).values()
        }
        for secret in made:
            assert f"kubectl -n {line} create secret generic {secret}" in rendered.notes
        for _, key in rendered.secrets().values():
            assert f"{key}=" in rendered.notes
        assert f"kubectl -n {line} exec -it deploy/meta-product-web -- supervisorctl tail -f be" in rendered.notes

    def test_another_namespace_is_refused(self, line):
        with pytest.raises(helm.HelmRenderError, match=f"pass --namespace {line}"):
            helm.Chart.load(CHART).render(line_values(line), name="meta-product-web", namespace="default")


class TestTestLine:
    def test_image(self, pixel):
        assert pixel.container()["image"] == "SXKJ:32775/meta_be:0.1.0"

    def test_frpc_runs_in_the_image_at_the_port_of_its_dockerfile(self, pixel):
        assert [found["metadata"]["name"] for found in pixel.all("Deployment")] == ["meta-product-web"]
        told = {name: value for name, value in pixel.one("ConfigMap")["data"].items() if name.startswith("FRP")}
        assert told == {"FRP_SERVER_ADDR": "frps.retailwell.com", "FRP_SERVER_PORT": "7000"}
        assert pixel.secrets()["FRP_TOKEN"] == ("meta-be-frp", "FRP_TOKEN")
        assert "20068" not in pixel.text

    def test_that_frpc_names_the_clients(self, pixel):
        *_, environment = re.findall(r"^ENV (.+?\n)\n", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
        given = dict(re.findall(r"(\w+)=(\S+)", environment)) | pixel.one("ConfigMap")["data"] | {"FRP_TOKEN": "the token"}
        written = re.sub(r"{{ \.Envs\.(\w+) \| printf \"%q\" }}", r'"{{ .Envs.\1 }}"', (ROOT / "deploy/frpc.toml").read_text())
        config = tomllib.loads(re.sub(r"{{ \.Envs\.(\w+) }}", lambda found: given[found[1]], written))
        assert (config["serverAddr"], config["auth"]["token"]) == ("frps.retailwell.com", "the token")
        assert config["proxies"] == [
            {
                "name": "meta_be",
                "type": "tcp",
                "localIP": "127.0.0.1",
                "localPort": 8100,
                "remotePort": 20068,
                "transport": {"proxyProtocolVersion": "v2"},
            }
        ]

    def test_the_old_pod_leaves_the_port_before_the_new_one_asks_for_it(self, pixel):
        spec = pixel.one("Deployment")["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
        assert pixel.all("PodDisruptionBudget") == []

    def test_uploaded_files_outlive_pod_and_release(self, pixel):
        claim = pixel.one("PersistentVolumeClaim", "meta-product-web-files")
        assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
        (data,) = (volume for volume in pixel.pod()["volumes"] if volume["name"] == "data")
        assert data["persistentVolumeClaim"]["claimName"] == "meta-product-web-files"


class TestProductionLine:
    def test_image_and_names(self, product):
        assert product.container()["image"] == "SXKJ:32775/meta_be_product:0.1.0"
        assert {found["metadata"]["name"] for found in product.all("Deployment")} == {
            "meta-product-web",
            "meta-product-web-frpc",
        }

    def test_an_update_or_a_drained_node_takes_no_pod_away_too_many(self, product):
        spec = product.one("Deployment")["spec"]
        assert spec["replicas"] == 2
        assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        assert product.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
        spread = product.pod()["topologySpreadConstraints"]
        assert [found["topologyKey"] for found in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]

    def test_uploaded_files_lie_in_s3(self, product):
        assert product.all("PersistentVolumeClaim") == []
        names = ("endpoint", "bucket", "access_key", "secret_key")
        assert {key: product.secrets()[f"S3_{key.upper()}"] for key in names} == {key: ("meta-be-s3", key) for key in names}

    def test_frpc_is_one_pod_that_never_meets_its_successor(self, product):
        spec = product.one("Deployment", "meta-product-web-frpc")["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})

    def test_frpc_hands_out_port_20071(self, product):
        written = product.one("ConfigMap", "meta-product-web-frpc")["data"]["frpc.toml"]
        config = tomllib.loads(written.replace("{{ .Envs.FRP_TOKEN }}", "the token"))
        assert config["proxies"] == [
            {
                "name": "meta_be",
                "type": "tcp",
                "localIP": "meta-product-web.meta-product.svc",
                "localPort": 8100,
                "remotePort": 20071,
                "transport": {"proxyProtocolVersion": "v2"},
            }
        ]
        assert (config["serverAddr"], config["serverPort"]) == ("frps.retailwell.com", 7000)
        assert config["auth"] == {"method": "token", "token": "the token"}
        assert config["webServer"]["password"] == "the token"
        assert "http://frps.retailwell.com:20071/" in product.notes

    def test_frpc_reads_that_config_and_the_token_of_a_secret(self, product):
        frpc = product.container("meta-product-web-frpc")
        assert product.secrets("meta-product-web-frpc") == {"FRP_TOKEN": ("meta-be-frp", "FRP_TOKEN")}
        (mount,) = frpc["volumeMounts"]
        assert frpc["args"] == ["-c", f"{mount['mountPath']}/frpc.toml"]
        port = tomllib.loads(product.one("ConfigMap", "meta-product-web-frpc")["data"]["frpc.toml"])["webServer"]["port"]
        assert frpc["ports"] == [{"name": "admin", "containerPort": port}]
        assert frpc["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}
