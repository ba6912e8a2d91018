"""The clients that tests ask with: what they share, and what they pass on as it is."""

import pytest
from fastapi.testclient import TestClient

from app.main import app
from tests.support.api import PREFIX, Api, Caller
from tests.support.tls import shared_context


def test_the_context_of_other_authorities_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = shared_context()
    assert shared_context() is usual
    assert shared_context(verify=False) is not usual
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with pytest.raises(OSError, match="NO_CERTIFICATE_OR_CRL_FOUND"):
        shared_context()


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("GET", "/orders", {"params": {"page": 1, "q": "水 杯"}}),
        ("HEAD", "/orders", {}),
        ("POST", "/orders", {"json": {"unknown": "值"}}),
        ("POST", "/files", {"files": {"file": ("a%2Fb.txt", b"\0\1", "text/plain")}}),
    ],
)
def test_an_answer_is_what_starlettes_client_shows(api: Api, merchant: Caller, method: str, path: str, given: dict) -> None:
    slow = TestClient(app, raise_server_exceptions=False)
    slow.portal = api.client.portal
    ours, theirs = (Caller(client, "merchant", merchant.token).call(method, path, **given) for client in (api.client, slow))
    assert (ours.status_code, _shown(ours)) == (theirs.status_code, _shown(theirs))
    assert ours.headers.keys() == theirs.headers.keys()


def test_a_path_is_decoded_once_as_by_a_server(api: Api) -> None:
    answer = api.stranger("merchant").get("/files/50%2525/nothing")
    assert answer.json()["instance"] == f"{PREFIX}/merchant/files/50%25/nothing"


def _shown(answer: object) -> object:
    known = answer.json() if answer.content else None
    return {**known, "request_id": None} if isinstance(known, dict) else known
