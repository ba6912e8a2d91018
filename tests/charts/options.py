"""Sets of values that together switch every option of the chart; each is rendered, linted and validated."""

from typing import Any

DIGEST = "sha256:" + "0123456789abcdef" * 4
S3 = {"store": "s3"}
TINY = {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "1Mi"}
RESOURCES = {"requests": TINY, "limits": TINY}
MONITORING = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
LET_IN = {"networkPolicy": {"ingressFrom": MONITORING}, "settings": {"TRUSTED_PROXIES": "10.0.0.0/8"}}
KEYS = {
    "SECRET_KEY": "token-key",
    "PLATFORM_SECRET": "platform",
    "DB_HOST": "db-host",
    "DB_USER": "db-user",
    "DB_PWD": "db-password",
    "DB_NAME": "db-name",
    "S3_ENDPOINT": "s3-endpoint",
    "S3_BUCKET": "s3-bucket",
    "S3_ACCESS_KEY": "s3-access",
    "S3_SECRET_KEY": "s3-secret",
    "FRP_TOKEN": "frp-token",
}
FRPC = {"mode": "deployment", "server": {"addr": "frp.example"}}
BACKUP = {"enabled": True}

CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
BESIDE = {"image": "registry.example/beside:1", "securityContext": CONFINED, "resources": RESOURCES}
OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "{{ .Release.Name }}-more",
        "namespace": "{{ .Release.Namespace }}",
        "labels": {
            "app.kubernetes.io/name": "more",
            "app.kubernetes.io/component": "more",
            "helm.sh/chart": "{{ .Chart.Name }}",
        },
    },
    "data": {"A": "b"},
}

OPTIONS: dict[str, dict[str, Any]] = {
    "namespace": {"namespace": "default"},
    "image": {"image": {"repository": "registry.example:5000/meta", "tag": "9.9.9", "pullPolicy": "Always"}},
    "image digest": {"image": {"digest": DIGEST}},
    "image pull secrets": {"imagePullSecrets": ["registry", "other"]},
    "replicas": {"replicas": 3, "files": S3},
    "no replicas": {"replicas": 0},
    "autoscaling": {"files": S3, "autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 9, "targetCPU": 50}},
    "processes": {"processes": 4},
    "resources": {"resources": RESOURCES},
    "startup seconds": {"startupSeconds": 600},
    "startup probe": {"probes": {"startup": {"periodSeconds": 10, "timeoutSeconds": 3, "failureThreshold": 90}}},
    "liveness probe": {"probes": {"liveness": {"failureThreshold": 12}}},
    "readiness probe": {"probes": {"readiness": {"timeoutSeconds": 2}}},
    "worker": {"files": S3, "worker": {"separate": True, "replicas": 2, "resources": RESOURCES}},
    "worker on a shared volume": {"files": {"volume": {"accessMode": "ReadWriteMany"}}, "worker": {"separate": True}},
    "worker beside the image's frpc": {
        "files": S3,
        "worker": {"separate": True},
        "frp": {"mode": "image", "server": {"addr": "frp.example"}},
    },
    "migration job": {"migration": {"by": "job"}},
    "migration job with all that reaches pods": {
        "migration": {"by": "job"},
        "files": S3,
        "worker": {"separate": True},
        "database": {"url": {"secret": "meta-be-url"}},
        "serviceAccount": {"name": "shop"},
        "extraEnv": [{"name": "PGSSLROOTCERT", "value": "/certs/ca.crt"}],
        "extraEnvFrom": [{"configMapRef": {"name": "shop"}}],
        "extraVolumes": [{"name": "certs", "secret": {"secretName": "database-ca"}}],
        "extraVolumeMounts": [{"name": "certs", "mountPath": "/certs", "readOnly": True}],
        "frp": {"mode": "image", "server": {"addr": "frp.example"}},
    },
    "app secret": {"appSecret": "other"},
    "existing secret": {"files": S3, "frp": FRPC, "existingSecret": {"name": "shop", "keys": KEYS}},
    "existing secret for a backup": {"backup": BACKUP, "existingSecret": {"name": "shop"}},
    "database": {"database": {"secret": "db", "host": "one,two", "port": 6432, "user": "me", "db_name": "orders"}},
    "database urls": {"database": {"url": {"secret": "u", "key": "uri"}, "replicaUrl": {"secret": "u", "key": "ro"}}},
    "metrics token": {"metricsToken": {"secret": "token", "key": "t"}, "scrape": {"by": "none"}},
    "pod monitor": {
        "metricsToken": {"secret": "token"},
        "scrape": {"by": "podMonitor", "labels": {"release": "prometheus"}, "interval": "15s"},
    },
    "pod monitor of workers": {"files": S3, "worker": {"separate": True}, "scrape": {"by": "podMonitor"}},
    "service monitor": {
        "metricsToken": {"secret": "token"},
        "scrape": {"by": "serviceMonitor", "labels": {"release": "prometheus"}, "interval": "15s"},
    },
    "service monitor of workers": {"files": S3, "worker": {"separate": True}, "scrape": {"by": "serviceMonitor"}},
    "tracing": {
        "tracing": {
            "endpoint": "http://otel-collector.monitoring:4318",
            "headers": {"secret": "collector", "key": "headers"},
        },
        "networkPolicy": {"tracingTo": MONITORING},
    },
    "rules": {"monitoring": {"rules": {"enabled": True, "labels": {"release": "prometheus"}}}},
    "dashboard": {
        "monitoring": {
            "dashboard": {"enabled": True, "labels": {"dashboards": "yes"}, "annotations": {"grafana_folder": "meta"}}
        }
    },
    "volume": {"files": {"volume": {"accessMode": "ReadWriteOncePod", "storageClass": "fast", "size": "1Ti"}}},
    "existing claim": {"files": {"volume": {"existingClaim": "shop-files"}}},
    "s3": {"files": S3 | {"s3": {"secret": "s", "endpoint": "http://minio:9000", "bucket": "b", "region": "eu"}}},
    "settings": {
        "settings": {
            "TOKEN_HOURS": 1,
            "CORS_ORIGINS": "https://shop.example",
            "TIMEZONE": "UTC",
            "SHIP_HOURS": 0,
            "AUTO_RECEIVE_DAYS": 0,
            "AFTER_SALE_DAYS": 0,
            "ANSWER_HOURS": 0,
            "AUTO_AGREE": True,
            "CONSENT_HOURS": 0,
            "RETURN_DAYS": 0,
            "RETURN_RECEIVE_DAYS": 0,
            "UNUSED_FILE_DAYS": 0,
            "POOL_SIZE": 20,
            "THREADS": 8,
            "TRUSTED_PROXIES": "10.0.0.0/8",
            "STATEMENT_SECONDS": 20,
            "FROZEN_SECONDS": 90,
            "LOG_FORMAT": "text",
            "LOG_LEVEL": "debug",
            "REPLICA_PATIENCE": 0.5,
        }
    },
    "extra environment": {
        "extraEnv": [
            {"name": "PGSSLMODE", "value": "verify-full"},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        "extraEnvFrom": [{"secretRef": {"name": "proxies"}, "prefix": "P_"}],
    },
    "extra volumes": {
        "extraVolumes": [{"name": "certs", "secret": {"secretName": "database-ca"}}],
        "extraVolumeMounts": [{"name": "certs", "mountPath": "/certs", "readOnly": True}],
    },
    "further containers": {
        "initContainers": [{"name": "wait", **BESIDE}],
        "extraContainers": [{"name": "beside", **BESIDE}],
        "hostAliases": [{"ip": "192.0.2.9", "hostnames": ["db.internal"]}],
    },
    "further objects": {"extraObjects": [OBJECT, OBJECT | {"kind": "Secret", "data": {}}]},
    "common labels": {"commonLabels": {"cost-center": "meta"}, "migration": {"by": "job"}},
    "frpc": {
        "frp": {
            "mode": "deployment",
            "server": {"addr": "frp.example", "port": 7001},
            "secret": "frp",
            "image": {"repository": "registry.example/frpc", "tag": "v1", "digest": DIGEST, "pullPolicy": "Never"},
            "resources": RESOURCES,
            "proxies": [{"name": "v", "service": "viewer", "namespace": "scenes", "port": 80, "remotePort": 20072}],
            "podNetworks": ["10.1.0.0/16"],
        }
    },
    "frpc in the image": {"frp": {"mode": "image", "server": {"addr": "frp.example"}}},
    "ingress": {
        **LET_IN,
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "64m"},
            "hosts": ["shop.example", "*.shop.example"],
            "tls": [{"secretName": "shop-tls", "hosts": ["shop.example"]}],
        },
    },
    "http route": {
        **LET_IN,
        "httpRoute": {
            "enabled": True,
            "annotations": {"team": "meta"},
            "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
            "hostnames": ["shop.example"],
        },
    },
    "no network policy": {"networkPolicy": {"enabled": False}},
    "network policy": {
        "files": S3,
        "networkPolicy": {
            "ingressFrom": MONITORING,
            "databaseTo": [{"ipBlock": {"cidr": "192.0.2.7/32"}}],
            "s3": {"to": [{"ipBlock": {"cidr": "192.0.2.8/32"}}], "port": 9000},
            "webhookPorts": [443],
            "privateRanges": ["10.0.0.0/8"],
            "extraEgress": [{"ports": [{"port": 4317}]}],
        },
    },
    "no webhooks": {"networkPolicy": {"webhookPorts": []}},
    "backup": {
        "backup": {
            "enabled": True,
            "schedule": "@daily",
            "timeZone": "UTC",
            "keepDays": 30,
            "image": {"repository": "registry.example/pg", "tag": "18", "digest": DIGEST, "pullPolicy": "Always"},
            "volume": {"storageClass": "slow", "size": "1Ti"},
            "resources": RESOURCES,
        }
    },
    "backup onto a claim": {
        "backup": BACKUP | {"volume": {"existingClaim": "dumps"}},
        "database": {"url": {"secret": "u"}},
    },
    "test": {"test": {"enabled": True}},
    "test beside frpc": {"test": {"enabled": True}, "frp": FRPC},
    "service account": {
        "serviceAccount": {"create": True, "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/shop"}}
    },
    "service account of another name": {"serviceAccount": {"create": True, "name": "shop"}, "migration": {"by": "job"}},
    "pods": {
        "podAnnotations": {"team": "meta"},
        "podLabels": {"team": "meta"},
        "podSecurityContext": {"fsGroupChangePolicy": "Always", "supplementalGroups": [2000]},
        "containerSecurityContext": {"capabilities": {"drop": ["ALL"]}, "appArmorProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "shop", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/component": "api"}},
            }
        ],
        "priorityClassName": "shop",
    },
}
EVERYTHING: dict[str, Any] = {
    "replicas": 3,
    "files": {"store": "volume", "volume": {"accessMode": "ReadWriteMany"}},
    "worker": {"separate": True, "replicas": 2},
    "migration": {"by": "job"},
    "existingSecret": {"name": "shop"},
    "metricsToken": {"secret": "token"},
    "scrape": {"by": "serviceMonitor"},
    "monitoring": {"rules": {"enabled": True}, "dashboard": {"enabled": True}},
    "frp": FRPC,
    **LET_IN,
    "ingress": OPTIONS["ingress"]["ingress"],
    "httpRoute": OPTIONS["http route"]["httpRoute"],
    "backup": BACKUP,
    "test": {"enabled": True},
    "serviceAccount": {"create": True},
    **OPTIONS["extra environment"],
    **OPTIONS["extra volumes"],
    **OPTIONS["pods"],
    "imagePullSecrets": ["registry"],
}
OPTIONS["everything"] = EVERYTHING
