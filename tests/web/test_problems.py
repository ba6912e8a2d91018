"""Refusals are answered on the event loop: they need no thread, so they come however busy the threads are."""

from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import sqlalchemy.exc
from anyio.to_thread import current_default_thread_limiter

from app.errors import NotFound
from tests.support import promises
from tests.support.samples import refused


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def without_threads(api):
    """Makes calls while every thread of anyio's is taken."""
    portal = api.client.portal
    limiter = portal.call(current_default_thread_limiter)
    takers = [object() for _ in range(int(limiter.total_tokens))]

    def call(act):
        for taker in takers:
            portal.call(limiter.acquire_on_behalf_of_nowait, taker)
        with ThreadPoolExecutor(1) as pool:
            acting = pool.submit(act)
            try:
                return acting.result(timeout=5)
            finally:
                for taker in takers:
                    portal.call(limiter.release_on_behalf_of, taker)

    return call


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "no_such_path"),
        ("PUT", "/orders", None, 405, "method_not_allowed"),
        ("GET", "/orders/1", None, 404, "not_found"),
        ("POST", "/products", {"unknown": 1}, 422, "invalid_input"),
        ("POST", "/products", {"name": "x" * 1_000_001}, 413, "too_large"),
    ],
)
def test_a_refusal_takes_no_thread(without_threads, merchant, method, path, body, status, code):
    refused(without_threads(lambda: merchant.call(method, path, json=body)), status, code)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (psycopg2.OperationalError(), 503, "unavailable"),
        (sqlalchemy.exc.TimeoutError(), 503, "unavailable"),
        (psycopg2.DataError(), 422, "invalid_input"),
        (psycopg2.IntegrityError(), 409, "conflict"),
        (RuntimeError(), 500, "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_a_failure_takes_no_thread(without_threads, merchant, monkeypatch, error, status, code):
    def fails(call):
        raise error

    monkeypatch.setattr("app.services.accounts.accounts.me", fails)
    with promises.broken():
        refused(without_threads(lambda: merchant.get("/me")), status, code)
