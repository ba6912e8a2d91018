"""What the chart's values switch: how pods are counted and replaced, where files lie, what is let in and out."""

import tomllib

import pytest

from tests.support.charts import render

S3 = {"store": "s3"}
METRICS_TOKEN = {"metricsToken": {"secret": "meta-be-metrics"}}
SHARED_VOLUME = {"store": "volume", "volume": {"accessMode": "ReadWriteMany"}}


class TestScaling:
    def test_the_autoscaler_alone_counts_the_pods(self):
        rendering = render("default", {"files": S3, "autoscaling": {"enabled": True, "maxReplicas": 4}}, line=False)
        assert "replicas" not in rendering.one("Deployment")["spec"]
        scaler = rendering.one("HorizontalPodAutoscaler")["spec"]
        assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "meta-product-web"}
        assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)
        assert scaler["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
        assert rendering.all("PodDisruptionBudget")

    @pytest.mark.parametrize(
        ("values", "budgets"),
        [
            ({"replicas": 1}, 0),
            ({"replicas": 0}, 0),
            ({"replicas": 2, "files": S3}, 1),
            ({"replicas": 3, "files": SHARED_VOLUME}, 1),
            ({"files": S3, "autoscaling": {"enabled": True, "minReplicas": 1}}, 0),
        ],
    )
    def test_a_disruption_budget_only_where_a_pod_can_be_spared(self, values, budgets):
        assert len(render("default", values, line=False).all("PodDisruptionBudget")) == budgets

    @pytest.mark.parametrize(
        ("values", "strategy"),
        [
            ({}, "Recreate"),
            ({"files": {"volume": {"accessMode": "ReadWriteOncePod"}}}, "Recreate"),
            ({"files": {"volume": {"accessMode": "ReadWriteMany"}}}, "RollingUpdate"),
            ({"files": S3}, "RollingUpdate"),
            ({"files": S3, "frp": {"mode": "image", "server": {"addr": "frp.example"}}}, "Recreate"),
        ],
    )
    def test_old_and_new_stand_side_by_side_only_where_they_can(self, values, strategy):
        assert render("default", values, line=False).one("Deployment")["spec"]["strategy"]["type"] == strategy

    @pytest.mark.parametrize(
        ("values", "connections"),
        [
            ({}, 1 * 2 * 11),
            ({"replicas": 2, "files": S3}, 3 * 2 * 11),
            ({"processes": 4, "replicas": 2, "files": S3, "settings": {"POOL_SIZE": 20}}, 3 * 5 * 21),
            ({"replicas": 2, "files": S3, "autoscaling": {"enabled": True, "maxReplicas": 6}}, 7 * 2 * 11),
        ],
    )
    def test_the_notes_count_the_database_connections(self, values, connections):
        assert f"up to {connections} at once" in render("default", values, line=False).notes

    def test_the_log_volume_grows_with_the_processes(self):
        written = 10 * 6  # MB of one program: a file and its five predecessors
        for processes in (1, 16):
            pod = render("default", {"processes": processes}, line=False).pod()
            (logs,) = (volume["emptyDir"] for volume in pod["volumes"] if volume["name"] == "logs")
            assert int(logs["sizeLimit"].removesuffix("Mi")) > (processes + 2) * written + 40


class TestVolume:
    def test_an_existing_claim_is_used_and_not_made(self):
        rendering = render("default", {"files": {"volume": {"existingClaim": "shop-files"}}}, line=False)
        assert rendering.all("PersistentVolumeClaim") == []
        assert rendering.pod()["volumes"][0]["persistentVolumeClaim"] == {"claimName": "shop-files"}

    def test_the_claim_is_as_the_values_say(self):
        volume = {"accessMode": "ReadWriteMany", "storageClass": "shared", "size": "1Ti"}
        claim = render("default", {"files": {"volume": volume}}, line=False).one(
            "PersistentVolumeClaim", "meta-product-web-files"
        )
        assert claim["spec"] == {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "shared",
            "resources": {"requests": {"storage": "1Ti"}},
        }


class TestTunnel:
    def test_it_hands_out_every_backend(self):
        proxies = [
            {"name": "meta_be", "service": "meta-product-web", "port": 8100, "proxyProtocol": "v2", "remotePort": 20071},
            {"name": "viewer", "service": "viewer", "namespace": "scenes", "port": 80, "remotePort": 20072},
        ]
        rendering = render("meta-product", {"frp": {"proxies": proxies}})
        config = tomllib.loads(rendering.one("ConfigMap", "meta-product-web-frpc")["data"]["frpc.toml"])
        assert [(found["name"], found["localIP"], found["localPort"], found["remotePort"]) for found in config["proxies"]] == [
            ("meta_be", "meta-product-web.meta-product.svc", 8100, 20071),
            ("viewer", "viewer.scenes.svc", 80, 20072),
        ]
        assert [found.get("transport") for found in config["proxies"]] == [{"proxyProtocolVersion": "v2"}, None]
        reached = rendering.one("NetworkPolicy", "meta-product-web-frpc")["spec"]["egress"][-1]["to"]
        assert [found["namespaceSelector"]["matchLabels"] for found in reached] == [
            {"kubernetes.io/metadata.name": "meta-product"},
            {"kubernetes.io/metadata.name": "scenes"},
        ]
        assert "http://frps.retailwell.com:20072/" in rendering.notes

    def test_a_changed_proxy_restarts_it_and_a_changed_app_does_not(self):
        def pod(values):
            return render("meta-product", values).one("Deployment", "meta-product-web-frpc")["spec"]["template"]

        moved = {"frp": {"proxies": [{"name": "viewer", "service": "viewer", "port": 8000, "remotePort": 20073}]}}
        assert pod({}) != pod(moved)
        assert pod({}) == pod({"image": {"tag": "0.2.0"}, "settings": {"TOKEN_HOURS": 1}})

    def test_without_one_there_is_none(self):
        rendering = render("default", line=False)
        assert [found["metadata"]["name"] for found in rendering.all("Deployment")] == ["meta-product-web"]
        assert "FRP_TOKEN" not in rendering.secrets()


class TestScrape:
    def test_a_pod_monitor_finds_the_pods_and_sends_the_token(self):
        values = {**METRICS_TOKEN, "scrape": {"by": "podMonitor", "labels": {"release": "prometheus"}}}
        rendering = render("meta-product", values)
        monitor, deployment = rendering.one("PodMonitor"), rendering.one("Deployment")
        assert (monitor["apiVersion"], monitor["metadata"]["labels"]["release"]) == ("monitoring.coreos.com/v1", "prometheus")
        assert monitor["spec"] == {
            "selector": deployment["spec"]["selector"],
            "podMetricsEndpoints": [
                {
                    "port": rendering.container()["ports"][0]["name"],
                    "path": "/metrics",
                    "authorization": {"credentials": {"name": "meta-be-metrics", "key": "METRICS_TOKEN"}},
                }
            ],
        }
        assert rendering.secrets()["METRICS_TOKEN"] == ("meta-be-metrics", "METRICS_TOKEN")
        assert not [name for name in self.annotations(rendering) if "prometheus" in name]

    def test_without_a_token_it_sends_none(self):
        (endpoint,) = render("meta-product", {"scrape": {"by": "podMonitor"}}).one("PodMonitor")["spec"]["podMetricsEndpoints"]
        assert endpoint == {"port": "http", "path": "/metrics"}

    def test_no_prometheus_is_told_of_them_by_none(self):
        rendering = render("meta-product", {**METRICS_TOKEN, "scrape": {"by": "none"}})
        assert rendering.all("PodMonitor") == []
        assert not [name for name in self.annotations(rendering) if "prometheus" in name]
        assert "Prometheus" not in rendering.notes

    def test_the_notes_say_when_it_is_not_let_in(self):
        assert "it is not let in" in render("meta-product").notes
        named = {"networkPolicy": {"ingressFrom": [{"namespaceSelector": {}}]}}
        assert "it is not let in" not in render("meta-product", named).notes

    def annotations(self, rendering):
        return rendering.one("Deployment")["spec"]["template"]["metadata"]["annotations"]


class TestNetworkPolicy:
    @pytest.fixture(scope="class")
    def product(self):
        return render("meta-product").one("NetworkPolicy")["spec"]

    def test_frpc_alone_comes_in_and_only_where_it_names_the_clients(self, product):
        frpc = render("meta-product").one("Deployment", "meta-product-web-frpc")["spec"]["selector"]
        assert product["ingress"] == [{"ports": [{"protocol": "TCP", "port": "proxy"}], "from": [{"podSelector": frpc}]}]

    def test_who_else_is_named(self):
        monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
        with_frpc = render("meta-product", {"networkPolicy": {"ingressFrom": [monitoring]}}).one("NetworkPolicy")["spec"]
        alone = render("default", {"networkPolicy": {"ingressFrom": [monitoring]}}, line=False).one("NetworkPolicy")["spec"]
        named = {"ports": [{"protocol": "TCP", "port": "http"}], "from": [monitoring]}
        assert (with_frpc["ingress"][1:], alone["ingress"]) == ([named], [named])

    def test_nobody_comes_in_where_nobody_is_named(self):
        policies = [render("pixel").one("NetworkPolicy"), render("meta-product").one("NetworkPolicy", "meta-product-web-frpc")]
        for policy in policies:
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
            assert policy["spec"]["ingress"] == []

    def test_out_to_names_database_s3_and_public_webhooks(self, product):
        dns, database, s3, webhooks = product["egress"]
        assert [(found["protocol"], found["port"]) for found in dns["ports"]] == [("UDP", 53), ("TCP", 53)]
        assert database == {"ports": [{"protocol": "TCP", "port": 5432}]}
        assert s3 == {"ports": [{"protocol": "TCP", "port": 443}]}
        assert [found["port"] for found in webhooks["ports"]] == [443, 8443]
        assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(
            webhooks["to"][0]["ipBlock"]["except"]
        )

    @pytest.mark.parametrize(
        ("endpoint", "port"),
        [
            ("http://minio:9000", 9000),
            ("http://minio", 80),
            ("https://s3.example.com", 443),
            ("https://[2001:db8::1]:9001", 9001),
        ],
    )
    def test_s3_is_reached_at_its_endpoints_port(self, endpoint, port):
        values = {"files": {"store": "s3", "s3": {"endpoint": endpoint}}}
        egress = render("default", values, line=False).one("NetworkPolicy")["spec"]["egress"]
        assert egress[2]["ports"] == [{"protocol": "TCP", "port": port}]

    @pytest.mark.parametrize(("endpoint", "port"), [("http://collector:4318", 4318), ("https://traces.example/otlp", 443)])
    def test_the_collector_of_traces_is_reached_at_its_port(self, endpoint, port):
        peers = [{"podSelector": {"matchLabels": {"app": "collector"}}}]
        values = {"tracing": {"endpoint": endpoint}, "networkPolicy": {"tracingTo": peers}}
        rendered = render("default", values, line=False)
        egress = rendered.one("NetworkPolicy")["spec"]["egress"]
        assert egress[2] == {"ports": [{"protocol": "TCP", "port": port}], "to": peers}
        assert rendered.one("ConfigMap")["data"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == endpoint

    def test_without_a_collector_nothing_is_said_of_traces(self):
        values = {"networkPolicy": {"tracingTo": [{"ipBlock": {"cidr": "192.0.2.9/32"}}]}}
        assert render("default", values, line=False).objects == render("default", line=False).objects

    def test_the_frp_server_is_reached_by_who_talks_to_it(self):
        server = {"ports": [{"protocol": "TCP", "port": 7001}]}
        values = {"frp": {"server": {"port": 7001}}}
        assert server in render("pixel", values).one("NetworkPolicy")["spec"]["egress"]
        product = render("meta-product", values)
        assert server in product.one("NetworkPolicy", "meta-product-web-frpc")["spec"]["egress"]
        assert server not in product.one("NetworkPolicy")["spec"]["egress"]

    def test_it_can_be_left_out(self):
        assert render("meta-product", {"networkPolicy": {"enabled": False}}).all("NetworkPolicy") == []
