"""Values that make no sense are refused, with the reason, before anything reaches the cluster."""

import helm_python as helm
import pytest

from tests.support.charts import render

S3 = {"store": "s3"}


def reason(**values):
    with pytest.raises(helm.HelmError) as refused:
        render("default", values, line=False)
    return str(refused.value)


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "where"),
        [
            ({"image": {"tag": "latest"}}, "/image/tag"),
            ({"image": {"tag": "Latest"}}, "/image/tag"),
            ({"image": {"tag": 1.5}}, "/image/tag"),
            ({"image": {"repository": "SXKJ:32775/meta be"}}, "/image/repository"),
            ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
            ({"replica": 2}, "replica"),
            ({"replicas": "2"}, "/replicas"),
            ({"replicas": -1}, "/replicas"),
            ({"processes": 0}, "/processes"),
            ({"startupSeconds": 5}, "/startupSeconds"),
            ({"autoscaling": {"targetCPU": 0}}, "/autoscaling/targetCPU"),
            ({"resources": {"limits": {"memory": "1 gig"}}}, "/resources/limits/memory"),
            ({"resources": {"limits": None}}, "/resources"),
            ({"appSecret": ""}, "/appSecret"),
            ({"database": {"secret": ""}}, "/database/secret"),
            ({"database": {"port": 70000}}, "/database/port"),
            ({"database": {"pwd": "x"}}, "pwd"),
            ({"database": {"host": "db internal"}}, "/database/host"),
            ({"files": {"store": "disk"}}, "/files/store"),
            ({"files": {"volume": {"size": "20"}}}, "/files/volume/size"),
            ({"files": {"volume": {"accessMode": "ReadOnlyMany"}}}, "/files/volume/accessMode"),
            ({"files": {"s3": {"endpoint": "s3.example.com"}}}, "/files/s3/endpoint"),
            ({"files": {"s3": {"endpoint": "https://key:word@s3.example.com"}}}, "/files/s3/endpoint"),
            ({"files": {"s3": {"secret_key": "x"}}}, "secret_key"),
            ({"settings": {"SECRET_KEY": "x"}}, "SECRET_KEY"),
            ({"settings": {"TOKEN_HOURS": 0}}, "/settings/TOKEN_HOURS"),
            ({"settings": {"SHIP_HOURS": "two days"}}, "/settings/SHIP_HOURS"),
            ({"settings": {"RETURN_DAYS": 4000}}, "/settings/RETURN_DAYS"),
            ({"settings": {"LOG_LEVEL": "loud"}}, "/settings/LOG_LEVEL"),
            ({"frp": {"mode": "deployment"}}, "/frp/server/addr"),
            ({"frp": {"mode": "image"}}, "/frp/server/addr"),
            ({"frp": {"mode": "on"}}, "/frp/mode"),
            ({"frp": {"token": "x"}}, "token"),
            ({"frp": {"image": {"tag": "latest"}}}, "/frp/image/tag"),
            ({"frp": {"image": {"tag": ""}}}, "/frp/image/tag"),
            ({"frp": {"proxies": []}}, "/frp/proxies"),
            ({"frp": {"proxies": [{"name": "a", "service": "a", "port": 1}]}}, "/frp/proxies/0"),
            ({"frp": {"proxies": [{"name": 'a"', "service": "a", "port": 1, "remotePort": 2}]}}, "/frp/proxies/0/name"),
            (
                {"frp": {"proxies": [{"name": "a", "service": "{{.Envs}}", "port": 1, "remotePort": 2}]}},
                "/frp/proxies/0/service",
            ),
            ({"frp": {"podNetworks": ["0.0.0.0/0"]}}, "/frp/podNetworks/0"),
            (
                {"frp": {"proxies": [{"name": "a", "service": "a", "port": 1, "proxyProtocol": "v3", "remotePort": 2}]}},
                "/frp/proxies/0/proxyProtocol",
            ),
            ({"networkPolicy": {"ingressFrom": [{}]}}, "/networkPolicy/ingressFrom/0"),
            ({"networkPolicy": {"webhookPorts": [0]}}, "/networkPolicy/webhookPorts/0"),
            ({"scrape": {"by": "serviceMonitors"}}, "/scrape/by"),
            ({"scrape": {"labels": {"release": 1}}}, "/scrape/labels/release"),
            ({"scrape": {"interval": "30"}}, "/scrape/interval"),
            ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
            ({"frp": {"image": {"digest": "v0.65.0"}}}, "/frp/image/digest"),
            ({"existingSecret": {"name": "Shop"}}, "/existingSecret/name"),
            ({"existingSecret": {"keys": {"SECRET_KEY": None}}}, "/existingSecret/keys"),
            ({"existingSecret": {"keys": {"TOKEN": "x"}}}, "TOKEN"),
            ({"extraEnv": [{"value": "x"}]}, "/extraEnv/0"),
            ({"extraEnv": [{"name": "A-B", "value": "x"}]}, "/extraEnv/0/name"),
            ({"extraEnv": [{"name": "A", "value": 1}]}, "/extraEnv/0/value"),
            ({"extraEnvFrom": [{"secret": "x"}]}, "/extraEnvFrom/0"),
            ({"extraVolumes": [{"emptyDir": {}}]}, "/extraVolumes/0"),
            ({"extraVolumeMounts": [{"name": "a", "mountPath": "certs"}]}, "/extraVolumeMounts/0/mountPath"),
            ({"extraVolumeMounts": [{"name": "a", "mountPath": "/tmp"}]}, "/extraVolumeMounts/0/mountPath"),
            ({"extraContainers": [{"name": "be", "image": "x"}]}, "/extraContainers/0/name"),
            ({"initContainers": [{"name": "wait"}]}, "/initContainers/0"),
            ({"hostAliases": [{"ip": "db", "hostnames": ["db.example"]}]}, "/hostAliases/0/ip"),
            ({"extraObjects": [{"kind": "ConfigMap"}]}, "/extraObjects/0"),
            ({"commonLabels": {"a": 1}}, "/commonLabels/a"),
            ({"serviceAccount": {"automount": True}}, "automount"),
            ({"serviceAccount": {"annotations": {"a": 1}}}, "/serviceAccount/annotations/a"),
            ({"probes": {"startup": {"path": "/"}}}, "path"),
            ({"probes": {"liveness": {"periodSeconds": 0}}}, "/probes/liveness/periodSeconds"),
            ({"podSecurityContext": {"runAsNonRoot": False}}, "/podSecurityContext/runAsNonRoot"),
            ({"podSecurityContext": {"runAsUser": 0}}, "/podSecurityContext/runAsUser"),
            ({"containerSecurityContext": {"privileged": True}}, "/containerSecurityContext/privileged"),
            ({"podLabels": {"team": 1}}, "/podLabels/team"),
            ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "/topologySpreadConstraints/0"),
            ({"worker": {"separate": "yes"}}, "/worker/separate"),
            ({"worker": {"replicas": 0}}, "/worker/replicas"),
            ({"worker": {"resources": {"limits": {}}}}, "/worker/resources"),
            ({"migration": {"by": "hook"}}, "/migration/by"),
            ({"ingress": {"enabled": True}}, "/ingress/hosts"),
            ({"ingress": {"hosts": ["https://shop.example"]}}, "/ingress/hosts/0"),
            ({"ingress": {"tls": [{"secretName": "a"}]}}, "/ingress/tls/0"),
            ({"httpRoute": {"enabled": True}}, "/httpRoute/parentRefs"),
            ({"httpRoute": {"hostnames": ["shop.example/"]}}, "/httpRoute/hostnames/0"),
            ({"backup": {"schedule": "daily"}}, "/backup/schedule"),
            ({"backup": {"keepDays": 0}}, "/backup/keepDays"),
            ({"backup": {"image": {"tag": "latest"}}}, "/backup/image/tag"),
            ({"backup": {"volume": {"size": "big"}}}, "/backup/volume/size"),
            ({"monitoring": {"rules": {"on": True}}}, "on"),
            ({"monitoring": {"dashboard": {"labels": {"a": True}}}}, "/monitoring/dashboard/labels/a"),
            ({"test": {"enabled": 1}}, "/test/enabled"),
        ],
    )
    def test_a_value_that_is_wrong(self, values, where):
        assert where in reason(**values)

    @pytest.mark.parametrize("access", ["ReadWriteOnce", "ReadWriteOncePod"])
    def test_several_pods_on_a_volume_for_one(self, access):
        told = reason(replicas=2, files={"store": "volume", "volume": {"accessMode": access}})
        assert "files.store=s3, files.volume.accessMode=ReadWriteMany, or one replica" in told

    def test_scaling_out_on_a_volume_for_one(self):
        assert "do not see each other's files" in reason(autoscaling={"enabled": True, "minReplicas": 1})

    def test_several_pods_at_one_public_port(self):
        told = reason(replicas=2, files=S3, frp={"mode": "image", "server": {"addr": "frp.example"}})
        assert "every pod asks for the same public port" in told

    def test_fewest_above_most(self):
        assert "minReplicas is above" in reason(files=S3, autoscaling={"enabled": True, "minReplicas": 7, "maxReplicas": 6})

    def test_more_threads_than_connections(self):
        assert "POOL_SIZE must be more than" in reason(settings={"THREADS": 10})

    @pytest.mark.parametrize("wrong", [{"port": 8000}, {"proxyProtocol": "v1"}, {"proxyProtocol": None}])
    def test_a_way_in_that_names_no_clients(self, wrong):
        way = {"name": "a", "service": "meta-product-web", "port": 8100, "proxyProtocol": "v2", "remotePort": 2, **wrong}
        told = reason(frp={"proxies": [{key: value for key, value in way.items() if value}]})
        assert "a must have port 8100 and proxyProtocol v2" in told

    def test_a_worker_of_its_own_on_a_volume_for_one(self):
        assert "do not see each other's files" in reason(worker={"separate": True})

    @pytest.mark.parametrize(
        "way",
        [
            {"ingress": {"enabled": True, "hosts": ["a.example"]}},
            {"httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}},
        ],
    )
    def test_a_way_in_that_hides_the_clients_or_is_shut(self, way):
        trusted = {"settings": {"TRUSTED_PROXIES": "10.0.0.0/8"}}
        assert "name its pods' networks in settings.TRUSTED_PROXIES" in reason(**way)
        assert "name it in networkPolicy.ingressFrom" in reason(**way, **trusted)
        render("default", {**way, **trusted, "networkPolicy": {"enabled": False}}, line=False)

    @pytest.mark.parametrize("value", ["podLabels", "commonLabels"])
    def test_a_label_that_would_hide_the_pods(self, value):
        told = reason(**{value: {"app.kubernetes.io/component": "other"}})
        assert f"{value}: app.kubernetes.io/component is the chart's own" in told

    def test_a_volume_of_the_charts_own_name(self):
        assert "extraVolumes: tmp is the name of a volume" in reason(extraVolumes=[{"name": "tmp", "emptyDir": {}}])

    @pytest.mark.parametrize("name", ["POOL_SIZE", "DATA_DIR", "WORKER", "MIGRATE"])
    def test_a_variable_that_the_chart_sets(self, name):
        assert f"extraEnv: {name} is set by the chart" in reason(extraEnv=[{"name": name, "value": "1"}])

    def test_a_token_that_no_scrape_would_send(self):
        told = reason(metricsToken={"secret": "meta-be-metrics"})
        assert "would be answered 401: set scrape.by=podMonitor" in told

    @pytest.mark.parametrize(
        ("second", "told"),
        [
            ({"name": "a", "service": "b", "port": 1, "remotePort": 2}, "a name is used twice: a, a"),
            ({"name": "b", "service": "b", "port": 1, "remotePort": 1}, "a remotePort is used twice: 1, 1"),
        ],
    )
    def test_two_backends_at_one_door(self, second, told):
        first = {"name": "a", "service": "a", "port": 1, "remotePort": 1}
        assert told in reason(frp={"proxies": [first, second]})
