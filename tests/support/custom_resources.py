"""The kinds that Kubernetes itself does not know, as strictly as this chart uses them: a field that is not here is refused."""

from typing import Any

import jsonschema

TEXT = {"type": "string", "minLength": 1}
MAP = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def _some(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


METADATA = _object(["name", "namespace", "labels"], name=TEXT, namespace=TEXT, labels=MAP, annotations=MAP)
SELECTOR = _object(
    ["matchLabels"],
    matchLabels=MAP,
    matchExpressions=_some(
        _object(["key", "operator"], key=TEXT, operator={"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}, values=_some(TEXT))
    ),
)
ENDPOINT = _object(
    ["port"],
    port=TEXT,
    path={"type": "string", "pattern": "^/"},
    interval=DURATION,
    authorization=_object(["credentials"], type=TEXT, credentials=_object(["name", "key"], name=TEXT, key=TEXT)),
)
RULE = _object(["alert", "expr", "labels", "annotations"], alert=TEXT, expr=TEXT, labels=MAP, annotations=MAP)
RULE["properties"]["for"] = DURATION
PARENT = _object(["name"], group={"type": "string"}, kind=TEXT, namespace=TEXT, name=TEXT, sectionName=TEXT)
PARENT["properties"]["port"] = {"type": "integer"}
MATCH = _object(["path"], path=_object(["type", "value"], type={"enum": ["Exact", "PathPrefix"]}, value=TEXT))
BACKEND = _object(["name", "port"], name=TEXT, port={"type": "integer", "minimum": 1, "maximum": 65535})

SPECS = {
    ("monitoring.coreos.com/v1", "PodMonitor"): _object(
        ["selector", "podMetricsEndpoints"], selector=SELECTOR, podMetricsEndpoints=_some(ENDPOINT)
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _object(
        ["selector", "endpoints"], selector=SELECTOR, endpoints=_some(ENDPOINT), jobLabel=TEXT
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _object(
        ["groups"], groups=_some(_object(["name", "rules"], name=TEXT, interval=DURATION, rules=_some(RULE)))
    ),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _object(
        ["parentRefs", "rules"],
        parentRefs=_some(PARENT),
        hostnames=_some(TEXT),
        rules=_some(_object(["backendRefs"], matches=_some(MATCH), backendRefs=_some(BACKEND))),
    ),
}


def is_custom(found: dict[str, Any]) -> bool:
    return (found["apiVersion"], found["kind"]) in SPECS


def validate(found: dict[str, Any]) -> None:
    """Raise jsonschema.ValidationError when the object is not one of its kind."""
    spec = SPECS[found["apiVersion"], found["kind"]]
    jsonschema.validate(
        found, _object(["apiVersion", "kind", "metadata", "spec"], apiVersion={}, kind={}, metadata=METADATA, spec=spec)
    )
