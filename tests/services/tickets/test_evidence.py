"""Pictures as evidence: the buyer's on asking, the merchant's on refusing; and the buyer's own tickets."""

import psycopg2
import pytest

from app.services.uploads import customer_files
from tests.support.factories import REFUND, made
from tests.support.samples import config, glb, picture, refused, upload, uploaded


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def pictures(caller, number, start=1):
    """The names of pictures that the caller uploaded, each of its own size."""
    return [uploaded(caller, picture(size=(start + width, 1)))["name"] for width in range(number)]


def asked(customer, order, **values):
    body = {"except_type": REFUND, "back_reason": "破损", **values}
    return customer.post(f"/orders/{order['id']}/except-orders", body)


class TestUpload:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_buyer_uploads_pictures_which_anyone_reads_by_name(self, customer, form):
        shown = uploaded(customer, picture(form, (6, 5)))
        assert (shown["width"], shown["height"]) == (6, 5)
        answer = customer.client.get(shown["url"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, shown["media_type"])
        assert uploaded(customer, picture(form, (6, 5))) == shown

    @pytest.mark.parametrize("content", [config(), glb(), b"", b"text", b"GIF89a"], ids=["json", "glb", "none", "text", "gif"])
    def test_nothing_but_pictures(self, customer, content, sql):
        refused(upload(customer, content), 415, "no_picture")
        assert sql("SELECT count(*) FROM customer_file WHERE customer_id = %s", customer.id) == [(0,)]

    def test_a_broken_picture_is_refused(self, customer):
        refused(upload(customer, picture()[:40]), 422, "broken_image")

    def test_there_is_an_end_to_it(self, customer, monkeypatch):
        monkeypatch.setattr(customer_files, "MOST", 2)
        pictures(customer, 2)
        refused(upload(customer, picture(size=(9, 9))), 409, "too_many_files")


class TestEvidence:
    def test_both_sides_and_staff_see_what_each_side_showed_in_its_order(self, world, merchant, customer):
        order = world.order(merchant, customer, 1)
        of_buyer, of_merchant = pictures(customer, 9)[::-1], pictures(merchant, 2)
        ticket = made(asked(customer, order, evidence=of_buyer), 201)
        path = f"/except-orders/{ticket['id']}"
        answer = made(merchant.post(f"{path}/refuse", {"remark": "已使用", "evidence": of_merchant}))
        of_both = [("customer", name) for name in of_buyer] + [("merchant", name) for name in of_merchant]
        assert [(each["by"], each["name"]) for each in ticket["evidence"]] == of_both[:9]
        (listed,) = made(world.admin().get("/except-orders", order_id=order["id"]))["items"]
        (mine,) = made(customer.get("/except-orders"))["items"]
        of_order = made(merchant.get(f"/orders/{order['id']}"))["except_order"]
        for shown in (answer, made(merchant.get(path)), made(customer.get(path)), listed, mine, of_order):
            assert [(each["by"], each["name"]) for each in shown["evidence"]] == of_both
            assert {customer.client.get(each["url"]).status_code for each in shown["evidence"]} == {200}

    def test_the_same_picture_may_be_shown_by_both_and_counts_once(self, world, merchant, customer):
        order = world.order(merchant, customer, 1)
        (name,), (same,) = pictures(customer, 1), pictures(merchant, 1)
        assert name == same
        ticket = made(asked(customer, order, evidence=[name, name]), 201)
        shown = made(merchant.post(f"/except-orders/{ticket['id']}/refuse", {"remark": "无破损", "evidence": [name]}))
        assert [(each["by"], each["name"]) for each in shown["evidence"]] == [("customer", name), ("merchant", name)]

    def test_files_of_others_are_none_of_ones_own(self, world, merchant, customer, sql):
        order = world.order(merchant, customer, 1)
        (theirs,) = pictures(world.customer(), 1, start=20)
        (of_merchant,) = pictures(merchant, 1, start=30)
        for name in (theirs, of_merchant, "0" * 64 + ".png", "../x"):
            answer = refused(asked(customer, order, evidence=[name]), 422, "unknown_file")
            assert answer["errors"][0]["field"] == "evidence"
        assert made(customer.get(f"/orders/{order['id']}"))["status"] == 1
        ticket = world.ask(customer, order)
        path = f"/except-orders/{ticket['id']}/refuse"
        refused(merchant.post(path, {"remark": "no", "evidence": [theirs]}), 422, "unknown_file")
        settings = uploaded(merchant, config())["name"]
        refused(merchant.post(path, {"remark": "no", "evidence": [settings]}), 422, "wrong_file_kind")
        assert made(merchant.get(f"/except-orders/{ticket['id']}"))["step"] == "applied"

    @pytest.mark.parametrize("evidence", [["x"] * 10, [1], "x", [""], ["x" * 81]])
    def test_what_is_no_list_of_nine_names_is_refused(self, world, merchant, customer, evidence):
        refused(asked(customer, world.order(merchant, customer, 1), evidence=evidence), 422, "invalid_input")

    @pytest.mark.parametrize("table", ["customer_file", "stored_file"])
    def test_a_file_that_is_evidence_stays(self, world, merchant, customer, sql, table):
        order = world.order(merchant, customer, 1)
        ticket = made(asked(customer, order, evidence=pictures(customer, 1)), 201)
        made(merchant.post(f"/except-orders/{ticket['id']}/refuse", {"remark": "no", "evidence": pictures(merchant, 1)}))
        with pytest.raises(psycopg2.errors.ForeignKeyViolation):
            sql(f"DELETE FROM {table} WHERE name IN (SELECT name FROM evidence WHERE ticket_id = %s)", ticket["id"])


class TestOwnTickets:
    def test_a_buyer_lists_all_of_their_tickets_also_withdrawn_ones(self, world, merchant, customer):
        other = world.customer()
        steps = ["applied", "withdrawn", "refused", "awaiting_return", "refunded"]
        tickets = [world.ticket(merchant, customer, step) for step in steps]
        world.ticket(merchant, other, "withdrawn")
        listed = made(customer.get("/except-orders"))
        assert [ticket["id"] for ticket in listed["items"]] == [ticket["id"] for ticket in reversed(tickets)]
        assert (listed["total"], [ticket["step"] for ticket in listed["items"]]) == (5, steps[::-1])
        assert listed["items"][0] == made(customer.get(f"/except-orders/{tickets[-1]['id']}"))
        for step, ticket in zip(steps, tickets, strict=True):
            assert [each["id"] for each in made(customer.get("/except-orders", step=step))["items"]] == [ticket["id"]]
        first = made(customer.get("/except-orders", size=2))
        assert (first["pages"], len(first["items"])) == (3, 2)
        rest = made(customer.get("/except-orders", size=100, cursor=first["next_cursor"]))
        assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in listed["items"]]
        refused(customer.get("/except-orders", step="gone"), 422, "invalid_input")

    def test_a_buyer_reads_the_timeline_of_an_order(self, world, merchant, customer):
        ticket = world.ticket(merchant, customer, "refused")
        path = f"/orders/{ticket['order_id']}/events"
        assert made(customer.get(path)) == made(merchant.get(path))
        verbs = [event["verb"] for event in made(customer.get(path))["items"]]
        assert verbs == ["refuse", "refuse", "except-orders", "apply", "receive", "ship", "place"]
        assert world.customer().get(path).status_code == 404
