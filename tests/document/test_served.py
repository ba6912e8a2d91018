"""The document as it is served, and what it says of the door."""

import re

import httpx

from app.document.headers import EXPOSED
from tests.document.test_words import COMPONENTS, DOCUMENT, resolved


def test_it_is_sent_as_it_was_made(api):
    for _ in range(2):
        answer = api.client.get("/openapi.json")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == DOCUMENT


def test_the_page_asks_no_other_host(api):
    page = api.client.get("/docs").text
    assert "https://" not in page
    assert "/openapi.json" in page
    needed = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(needed) >= 3
    assert {api.client.get(path).status_code for path in needed} == {200}


def test_pages_of_other_origins_may_read_the_headers_that_answers_have():
    hidden = {"WWW-Authenticate", "Accept-Ranges", "Cache-Control", "Last-Modified"}  # of no use to a page, or readable anyway
    assert set(COMPONENTS["headers"]) - hidden <= set(EXPOSED)


def test_nothing_of_the_frameworks_own_errors_is_shown():
    assert "HTTPValidationError" not in str(DOCUMENT)


def test_a_post_takes_a_key_and_the_platform_signs():
    placing = DOCUMENT["paths"]["/api/v1/platform/orders"]["post"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in placing["parameters"]
    assert placing["security"] == [{"webhookId": [], "webhookTimestamp": [], "webhookSignature": []}]
    assert resolved(placing["responses"]["409"])["x-codes"] == ["order_differs", "out_of_stock", "still_running"]


def test_every_post_takes_a_key_but_logging_in():
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    takers = {
        operation["operationId"]: key in operation["parameters"]
        for methods in DOCUMENT["paths"].values()
        for method, operation in methods.items()
        if method == "post"
    }
    assert [name for name, takes in takers.items() if not takes] == ["merchant_login", "customer_login", "admin_login"]


def test_a_page_of_another_origin_reads_them(served):
    origin = "https://shop.example.com"
    answer = httpx.get(served(CORS_ORIGINS=origin) + "/api/v1/statuses", headers={"Origin": origin})
    assert answer.headers["access-control-expose-headers"] == ", ".join(EXPOSED)
