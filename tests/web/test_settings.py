"""GET /merchant/settings: what a page must know of the service."""

from app.config import settings
from app.schemas.settings import DeadlinesView
from tests.support.factories import made


def test_deadlines_are_those_in_force(merchant, set_deadline):
    set_deadline("ship_hours", 1)
    set_deadline("after_sale_days", 0)
    shown = made(merchant.get("/settings"))
    assert (shown["deadlines"]["ship"], shown["deadlines"]["after_sale"]) == (3600, 0)
    assert shown["timezone"] == settings.timezone


def test_every_deadline_is_shown(merchant):
    """A deadline that is new would be refused by the view, and one that is gone missed by it."""
    assert set(made(merchant.get("/settings"))["deadlines"]) == set(DeadlinesView.model_fields)


def test_the_limit_of_a_page_is_kept(merchant):
    limit = made(merchant.get("/settings"))["limits"]["page_size"]
    made(merchant.get("/orders", size=limit))
    assert merchant.get("/orders", size=limit + 1).status_code == 422


def test_the_limit_of_api_keys_is_kept(merchant):
    for _ in range(made(merchant.get("/settings"))["limits"]["api_keys"]):
        made(merchant.post("/api-keys", {"name": "x", "scopes": ["read"]}), 201)
    assert merchant.post("/api-keys", {"name": "x", "scopes": ["read"]}).status_code == 409
