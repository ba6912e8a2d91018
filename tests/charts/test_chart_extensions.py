"""What the options that are off by default bring: secrets, pods, ways in, and monitoring."""

import json
import subprocess
import sys

import helm_python as helm
import pytest
import yaml

from app.config import Settings
from tests.charts.options import DIGEST, KEYS, LET_IN, OPTIONS, S3
from tests.charts.test_chart_values import SECRETS
from tests.conftest import environment_for
from tests.support.charts import CHART, render
from tests.support.processes import service

WORKER = {"files": S3, "worker": {"separate": True}}
JOB = {"migration": {"by": "job"}}


def plain(values):
    return render("default", values, line=False)


class TestImage:
    def test_a_digest_pins_it_and_the_tag_stays_to_be_read(self):
        rendering = plain({"image": {"digest": DIGEST, "tag": "1.2.3"}, "test": {"enabled": True}, **JOB})
        pinned = f"SXKJ:32775/meta_be_product:1.2.3@{DIGEST}"
        (job,) = rendering.one("Job", "meta-product-web-migration")["spec"]["template"]["spec"]["containers"]
        (test,) = rendering.one("Pod", "meta-product-web-test")["spec"]["containers"]
        assert [rendering.container()["image"], job["image"], test["image"]] == [pinned] * 3


class TestExistingSecret:
    def test_it_holds_everything_by_the_keys_that_are_named(self):
        rendering = plain(OPTIONS["existing secret"])
        wanted = {name: ("shop", key) for name, key in KEYS.items()}
        assert rendering.secrets() | rendering.secrets("meta-product-web-frpc") == wanted

    def test_what_has_a_reference_of_its_own_keeps_it(self):
        rendering = plain(
            {
                "existingSecret": {"name": "shop"},
                **OPTIONS["database urls"],
                "metricsToken": {"secret": "m"},
                "scrape": {"by": "none"},
            }
        )
        assert {secret for secret, _ in rendering.secrets().values()} == {"shop", "u", "m"}

    def test_the_notes_tell_how_to_make_it_and_no_other(self):
        notes = plain(OPTIONS["existing secret"]).notes
        made = [line.split("create secret generic ")[1].split()[0] for line in notes.splitlines() if "create secret" in line]
        assert made == ["shop"]
        assert all(f"={key}=" in notes for key in KEYS.values())


class TestWorker:
    def test_one_of_them_sweeps_and_the_others_serve(self):
        rendering = plain(WORKER)
        assert rendering.plain()["WORKER"] == "false"
        assert rendering.plain("meta-product-web-worker")["WORKER"] == "true"
        labels = rendering.one("Deployment", "meta-product-web-worker")["spec"]["template"]["metadata"]["labels"]
        assert not rendering.one("Service")["spec"]["selector"].items() <= labels.items()

    def test_it_has_the_same_secrets_settings_and_volumes(self):
        rendering = plain(WORKER)
        assert rendering.secrets() == rendering.secrets("meta-product-web-worker")
        assert rendering.pod()["volumes"] == rendering.pod("meta-product-web-worker")["volumes"]
        assert rendering.container()["envFrom"] == rendering.container("meta-product-web-worker")["envFrom"]

    @pytest.mark.parametrize("kind", ["podMonitor", "serviceMonitor"])
    def test_policy_and_monitors_reach_both(self, kind):
        rendering = plain({**WORKER, "scrape": {"by": kind}})
        selector = rendering.one(kind[0].upper() + kind[1:])["spec"]["selector"]
        assert selector == rendering.one("NetworkPolicy")["spec"]["podSelector"]
        assert selector["matchExpressions"] == [
            {"key": "app.kubernetes.io/component", "operator": "In", "values": ["api", "worker"]}
        ]

    def test_it_asks_no_public_port(self):
        worker = plain(OPTIONS["worker beside the image's frpc"])
        assert worker.plain("meta-product-web-worker")["FRP_SERVER_ADDR"] == ""
        assert "FRP_TOKEN" not in worker.secrets("meta-product-web-worker")

    def test_the_notes_count_its_connections_and_follow_its_log(self):
        notes = plain({**WORKER, "worker": {"separate": True, "replicas": 2}, "processes": 3}).notes
        assert f"up to {(2 * 3 + 3 * 2) * 11} at once" in notes
        assert "exec -it deploy/meta-product-web-worker -- supervisorctl tail -f worker" in notes


class TestMigrationJob:
    @pytest.fixture(scope="class")
    def rendering(self):
        return plain({**JOB, "files": S3, "database": {"host": "db"}})

    @pytest.fixture(scope="class")
    def job(self, rendering):
        return rendering.one("Job", "meta-product-web-migration")

    def test_it_runs_before_each_install_and_update(self, job):
        annotations = job["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert job["spec"]["activeDeadlineSeconds"] == 1800
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["command"] == ["python", "-m", "app.cli", "migrate"]

    def test_it_needs_nothing_that_the_release_makes(self, rendering, job):
        pod = job["spec"]["template"]["spec"]
        made = {found["metadata"]["name"] for found in rendering.objects} - {job["metadata"]["name"]}
        referred = json.dumps([pod.get("volumes"), pod["containers"][0].get("envFrom", []), pod.get("serviceAccountName", "")])
        assert [name for name in made if f'"{name}"' in referred] == []

    def test_it_reads_what_the_pods_read(self, rendering, job, monkeypatch):
        (container,) = job["spec"]["template"]["spec"]["containers"]
        environment = {}
        for entry in container["env"]:
            secret = entry.get("valueFrom", {}).get("secretKeyRef")
            environment[entry["name"]] = SECRETS[secret["name"], secret["key"]] if secret else entry["value"]
        assert environment.items() >= rendering.one("ConfigMap")["data"].items()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert "host=db" in Settings(_env_file=None).configured_database()

    def test_the_pods_wait_for_it(self, rendering):
        assert rendering.one("ConfigMap")["data"]["MIGRATE"] == "false"
        assert "MIGRATE" not in plain({}).one("ConfigMap")["data"]

    def test_no_policy_shuts_it_off(self, rendering, job):
        labels = job["spec"]["template"]["metadata"]["labels"].items()
        policies = rendering.all("NetworkPolicy")
        assert not any(policy["spec"]["podSelector"]["matchLabels"].items() <= labels for policy in policies)


class TestPods:
    def test_a_context_is_put_over_the_charts_own(self):
        pod = plain(
            {"podSecurityContext": {"fsGroup": 2000}, "containerSecurityContext": {"readOnlyRootFilesystem": True}}
        ).pod()
        assert (pod["securityContext"]["fsGroup"], pod["securityContext"]["runAsUser"]) == (2000, 10001)
        assert pod["securityContext"]["runAsNonRoot"] is True

    def test_further_variables_and_volumes_come_after_the_charts_own(self):
        values = OPTIONS["extra environment"] | OPTIONS["extra volumes"]
        rendering = plain(values)
        assert rendering.container()["env"][-2:] == values["extraEnv"]
        assert rendering.container()["envFrom"][1:] == values["extraEnvFrom"]
        assert rendering.pod()["volumes"][-1:] == values["extraVolumes"]
        assert rendering.container()["volumeMounts"][-1:] == values["extraVolumeMounts"]

    def test_further_containers_stand_beside_the_service(self):
        values = OPTIONS["further containers"]
        pod = plain(values).pod()
        assert [found["name"] for found in pod["containers"]] == ["be", "beside"]
        assert (pod["initContainers"], pod["hostAliases"]) == (values["initContainers"], values["hostAliases"])

    def test_further_objects_are_filled_in(self):
        rendering = plain(OPTIONS["further objects"])
        assert rendering.one("ConfigMap", "meta-product-web-more")["metadata"]["namespace"] == "default"
        assert rendering.one("Secret", "meta-product-web-more")

    def test_a_common_label_is_on_every_object_and_selects_none(self):
        rendering = plain(OPTIONS["common labels"])
        assert {found["metadata"]["labels"]["cost-center"] for found in rendering.objects} == {"meta"}
        assert "cost-center" not in rendering.one("Deployment")["spec"]["selector"]["matchLabels"]

    def test_a_probe_keeps_what_is_not_given(self):
        probe = plain(OPTIONS["startup probe"]).container()["startupProbe"]
        assert (probe["periodSeconds"], probe["failureThreshold"], probe["httpGet"]["path"]) == (10, 90, "/healthz")

    @pytest.mark.parametrize(
        ("account", "made", "used"),
        [
            ({}, [], None),
            ({"create": True}, ["meta-product-web"], "meta-product-web"),
            ({"create": True, "name": "shop"}, ["shop"], "shop"),
            ({"name": "shop"}, [], "shop"),
        ],
    )
    def test_a_service_account(self, account, made, used):
        rendering = plain({"serviceAccount": account})
        assert [found["metadata"]["name"] for found in rendering.all("ServiceAccount")] == made
        assert rendering.pod().get("serviceAccountName") == used
        assert all(found["automountServiceAccountToken"] is False for found in rendering.all("ServiceAccount"))


class TestWaysIn:
    def test_an_ingress_leads_to_the_service(self):
        rendering = plain(OPTIONS["ingress"])
        rules = rendering.one("Ingress")["spec"]["rules"]
        assert [rule["host"] for rule in rules] == ["shop.example", "*.shop.example"]
        for rule in rules:
            (path,) = rule["http"]["paths"]
            assert path["backend"] == {"service": {"name": "meta-product-web", "port": {"name": "http"}}}
        assert "http://shop.example" not in rendering.notes
        assert "https://shop.example/" in rendering.notes

    def test_a_route_leads_to_the_service(self):
        route = plain(OPTIONS["http route"]).one("HTTPRoute")["spec"]
        assert route["parentRefs"] == OPTIONS["http route"]["httpRoute"]["parentRefs"]
        assert route["rules"][0]["backendRefs"] == [{"name": "meta-product-web", "port": 8000}]

    def test_the_test_is_let_in(self):
        rendering = plain({"test": {"enabled": True}, **LET_IN})
        labels = rendering.one("Pod", "meta-product-web-test")["metadata"]["labels"]
        peers = [peer for rule in rendering.one("NetworkPolicy")["spec"]["ingress"] for peer in rule["from"]]
        assert any(
            peer.get("podSelector", {"matchLabels": {"no": "no"}})["matchLabels"].items() <= labels.items() for peer in peers
        )

    def test_the_test_asks_a_service_that_runs(self, migrated):
        (container,) = plain({"test": {"enabled": True}}).one("Pod", "meta-product-web-test")["spec"]["containers"]
        program = container["command"][2]
        with service(environment_for(migrated)) as process:
            there = program.replace("http://meta-product-web.default.svc:8000", process.url)
            asked = subprocess.run([sys.executable, "-c", there], capture_output=True, text=True, timeout=30, check=True)
            assert [line.split()[:2] for line in asked.stdout.splitlines()] == [
                ["/healthz", "200"],
                ["/readyz", "200"],
                ["/openapi.json", "200"],
            ]
        assert subprocess.run([sys.executable, "-c", there], capture_output=True, timeout=30, check=False).returncode == 1


class TestMonitoring:
    def test_a_service_monitor_finds_the_service_and_sends_the_token(self):
        rendering = plain(OPTIONS["service monitor"])
        monitor, found = rendering.one("ServiceMonitor"), rendering.one("Service")
        assert monitor["spec"]["selector"]["matchLabels"].items() <= found["metadata"]["labels"].items()
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in [port["name"] for port in found["spec"]["ports"]]
        assert endpoint["authorization"]["credentials"] == {"name": "token", "key": "METRICS_TOKEN"}
        assert endpoint["interval"] == "15s"
        assert "Prometheus finds /metrics by the ServiceMonitor meta-product-web." in rendering.notes

    def test_the_rules_are_those_of_the_file(self):
        rule = plain(OPTIONS["rules"]).one("PrometheusRule")
        assert rule["spec"] == yaml.safe_load((CHART / "monitoring/alerts.yaml").read_text())
        assert rule["metadata"]["labels"]["release"] == "prometheus"

    def test_the_dashboard_is_that_of_the_file(self):
        dashboard = plain(OPTIONS["dashboard"]).one("ConfigMap", "meta-product-web-dashboard")
        assert json.loads(dashboard["data"]["meta_be.json"]) == json.loads(
            (CHART / "monitoring/grafana-dashboard.json").read_text()
        )
        assert dashboard["metadata"]["labels"]["dashboards"] == "yes"

    def test_a_packed_chart_brings_the_files(self, tmp_path):
        values = OPTIONS["rules"] | OPTIONS["backup"]
        with helm.Chart.load(helm.package(CHART, destination=tmp_path)) as packed:
            files = packed.render(values, name="meta-product-web", namespace="default")
        rule = yaml.safe_load(files["meta-product-web/templates/prometheusrule.yaml"])
        assert rule == plain(values).one("PrometheusRule")
        assert "pg_dump" in files["meta-product-web/templates/backup-cronjob.yaml"]
