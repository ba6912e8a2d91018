"""A merchant's day through the Python client; run by tests/clients/test_days.py, which says what there is."""

import asyncio
import io
import threading

import httpx
from common import GIVEN, Endpoint, refused, until
from meta_be_client import AuthenticatedClient, File, Stream, StreamEnded, answered, connect
from meta_be_client.generated.api.merchant_account import merchant_login, merchant_logout, merchant_me
from meta_be_client.generated.api.merchant_except_orders import (
    merchant_agree_to_ticket,
    merchant_list_tickets,
    merchant_receive_goods,
    merchant_refuse_ticket,
)
from meta_be_client.generated.api.merchant_files import merchant_upload_file
from meta_be_client.generated.api.merchant_orders import (
    merchant_cancel_order,
    merchant_correct_receiver,
    merchant_export_orders,
    merchant_list_order_events,
    merchant_list_orders,
    merchant_ship_from_file,
    merchant_ship_order,
)
from meta_be_client.generated.api.merchant_products import merchant_change_product, merchant_get_product
from meta_be_client.generated.api.merchant_skus import (
    merchant_change_skus_from_file,
    merchant_export_skus,
    merchant_get_sku,
    merchant_list_skus,
)
from meta_be_client.generated.api.merchant_statistics import merchant_get_overview, merchant_get_top_skus, merchant_get_trend
from meta_be_client.generated.api.merchant_webhooks import (
    merchant_change_webhook,
    merchant_create_webhook,
    merchant_get_webhook,
)
from meta_be_client.generated.api.public import public_get_file, public_list_statuses
from meta_be_client.generated.models import (
    Agree,
    AuditView,
    Cancel,
    EventType,
    FileFormat,
    Login,
    MerchantChangeSkusFromFileBody,
    MerchantShipFromFileBody,
    MerchantUploadFileBody,
    NewWebhook,
    OrderAction,
    OrderStatus,
    Party,
    ProblemCode,
    ProductChange,
    ProductView,
    Receive,
    ReceiverChange,
    Refuse,
    Ship,
    TicketStep,
    TrendStep,
    WebhookChange,
)

URL = GIVEN["url"]
PARCEL = Ship(logistic_id=1, logistic_order_id="SF1391234567890")


def day() -> None:
    errors()
    token = answered(merchant_login.sync(client=connect(URL), body=Login(GIVEN["name"], GIVEN["password"]))).access_token
    with connect(URL, lambda: token, language="en") as client:
        asyncio.run(asynchronous(client))
        endpoint, secret = subscribe(client)
        heard, _ = follow(Stream(connect(GIVEN["relay"], token)))  # by a relay that cuts it
        shipping(client)
        files(client)
        goods(client)
        tickets(client)
        figures(client)
        until(lambda: len(heard) >= len(GIVEN["told"]))
        assert [event.type_ for event in heard] == GIVEN["told"]
        assert len({event.id for event in heard}) == len(heard)
        until(lambda: len(endpoint.taken) == 3)
        assert {delivered.type for delivered in endpoint.taken} == {"order.ship"}
        assert {delivered.event.status for delivered in endpoint.taken} == {OrderStatus.SHIPPED}
        endpoint.check(secret, GIVEN["other_secret"])
        leaving(client)


def errors() -> None:
    """Errors have types, and come in the language that was asked for."""
    outside = refused(lambda: merchant_me.sync(client=connect(URL, language="en")))
    assert (outside.status, outside.code, outside.problem.code) == (401, "not_authenticated", ProblemCode.NOT_AUTHENTICATED)
    wrong = refused(lambda: merchant_login.sync(client=connect(URL), body=Login("", "x")))
    assert (wrong.status, list(wrong.fields)) == (422, ["name"])
    assert wrong.request_id
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(wrong))
    try:
        public_list_statuses.sync(client=connect("http://127.0.0.1:9"))
    except httpx.TransportError:
        return
    raise AssertionError("nobody listens there")


async def asynchronous(client: AuthenticatedClient) -> None:
    """The same calls are there for asyncio."""
    found = answered(await merchant_me.asyncio(client=client))
    assert found.name == GIVEN["name"]
    await client.get_async_httpx_client().aclose()


def subscribe(client: AuthenticatedClient) -> tuple[Endpoint, str]:
    endpoint = Endpoint()
    wanted = NewWebhook(url=endpoint.url, types=[EventType.ORDER_SHIP], description="for the day")
    made = answered(merchant_create_webhook.sync(client=client, body=wanted))
    assert isinstance(made.secret, str)
    endpoint.secrets.append(made.secret)
    answered(merchant_change_webhook.sync(client=client, webhook_id=made.id, body=WebhookChange(description="changed")))
    kept = answered(merchant_get_webhook.sync(client=client, webhook_id=made.id))
    assert (kept.url, kept.types, kept.description) == (made.url, made.types, "changed")
    return endpoint, made.secret


def follow(stream: Stream) -> tuple[list[AuditView], list[str]]:
    """Everything that happens from now on, and why the stream ended once it has."""
    heard: list[AuditView] = []
    ended: list[str] = []

    def listen() -> None:
        try:
            for event in stream:
                heard.append(event)
        except StreamEnded as end:
            ended.append(end.code)

    threading.Thread(target=listen, daemon=True).start()
    until(lambda: stream.position)
    return heard, ended


def shipping(client: AuthenticatedClient) -> None:
    page = answered(merchant_list_orders.sync(client=client, status=[OrderStatus.TO_SHIP], size=2))
    assert page.total == 3
    rest = answered(merchant_list_orders.sync(client=client, status=[0], size=2, cursor=page.next_cursor))
    last, middle = page.items
    [first] = rest.items
    assert OrderAction.SHIP in first.actions

    change = ReceiverChange(receiver_name="李四")
    changed = answered(merchant_correct_receiver.sync(client=client, order_id=first.id, body=change))
    assert (changed.receiver.name, changed.receiver.phone) == ("李四", first.receiver.phone)

    done = merchant_ship_order.sync_detailed(client=client, order_id=first.id, body=PARCEL, idempotency_key="once")
    again = merchant_ship_order.sync_detailed(client=client, order_id=first.id, body=PARCEL, idempotency_key="once")
    assert answered(again.parsed) == answered(done.parsed)
    assert "Idempotent-Replayed" in again.headers
    assert "Idempotent-Replayed" not in done.headers
    other = Ship(logistic_id=1, logistic_order_id="SF2")
    reused = refused(lambda: merchant_ship_order.sync(client=client, order_id=first.id, body=other, idempotency_key="once"))
    assert reused.code == "key_reused"
    answered(merchant_ship_order.sync(client=client, order_id=first.id, body=other))  # mends the tracking number

    rows = f"order_number,logistic_id,logistic_order_id\n{middle.order_number},1,SF3\nNONE,1,SF4\n"
    body = MerchantShipFromFileBody(File(io.BytesIO(rows.encode()), "ship.csv", "text/csv"))
    tried = answered(merchant_ship_from_file.sync(client=client, body=body, dry_run=True))
    body = MerchantShipFromFileBody(File(io.BytesIO(rows.encode()), "ship.csv", "text/csv"))
    shipped = answered(merchant_ship_from_file.sync(client=client, body=body, idempotency_key="file"))
    assert (tried.shipped, shipped.shipped, shipped.failed) == (1, 1, 1)

    cancelled = answered(merchant_cancel_order.sync(client=client, order_id=last.id, body=Cancel("缺货")))
    assert cancelled.status == OrderStatus.REFUNDED
    illegal = refused(lambda: merchant_cancel_order.sync(client=client, order_id=last.id, body=Cancel("缺货")))
    assert illegal.status == 409
    assert isinstance(illegal.problem.actions, list)
    assert answered(merchant_list_order_events.sync(client=client, order_id=last.id)).items


def files(client: AuthenticatedClient) -> None:
    content = bytes.fromhex(GIVEN["picture"])
    body = MerchantUploadFileBody(File(io.BytesIO(content), "a.png", "image/png"))
    uploaded = answered(merchant_upload_file.sync(client=client, body=body))
    assert (uploaded.kind.value, uploaded.uploaded_as, uploaded.width) == ("image", "a.png", 4)
    found = public_get_file.sync_detailed(client=client, name=uploaded.name)
    assert isinstance(found.parsed, File)
    assert found.parsed.payload.read().startswith(b"\x89PNG")
    etag = found.headers["ETag"]
    assert public_get_file.sync_detailed(client=client, name=uploaded.name, if_none_match=etag).status_code == 304

    exported = answered(merchant_export_orders.sync(client=client)).payload.read()
    assert GIVEN["order_number"] in exported.decode("utf-8-sig")
    sheet = answered(merchant_export_orders.sync(client=client, format_=FileFormat.XLSX, status=[1])).payload.read()
    assert sheet.startswith(b"PK")


def goods(client: AuthenticatedClient) -> None:
    before = answered(merchant_get_product.sync(client=client, product_id=GIVEN["product_id"]))
    assert ProductView.from_dict(before.to_dict()) == before
    after = answered(merchant_change_product.sync(client=client, product_id=before.id, body=sent_back(before, "说明")))
    assert after == with_desc(before, "说明", after)
    alone = answered(merchant_change_product.sync(client=client, product_id=before.id, body=ProductChange(desc=None)))
    assert alone == with_desc(before, None, alone)

    skus = answered(merchant_list_skus.sync(client=client, product_id=before.id)).items
    file = answered(merchant_export_skus.sync(client=client, product_id=before.id)).payload
    imported = MerchantChangeSkusFromFileBody(File(file, "skus.csv", "text/csv"))
    results = answered(merchant_change_skus_from_file.sync(client=client, body=imported))
    assert results.failed == 0
    assert results.results
    assert answered(merchant_get_sku.sync(client=client, sku_id=skus[0].id)) == skus[0]


def sent_back(read: ProductView, desc: str) -> ProductChange:
    """The product as it was read, but for its description."""
    names = [picture.name for picture in read.pictures]
    return ProductChange(read.name, desc, read.unit, read.meta_obj_id, names, read.listed)


def with_desc(product: ProductView, desc: str | None, changed: ProductView) -> ProductView:
    """The product with this description, and the time at which it was changed."""
    return ProductView.from_dict({**product.to_dict(), "desc": desc, "last_update": changed.last_update})


def tickets(client: AuthenticatedClient) -> None:
    waiting = answered(merchant_list_tickets.sync(client=client, waiting_for=Party.MERCHANT))
    assert {ticket.id for ticket in waiting.items} == set(GIVEN["tickets"])
    agreed, unwanted, returned = GIVEN["tickets"]
    ticket = answered(merchant_agree_to_ticket.sync(client=client, ticket_id=agreed, body=Agree()))
    assert ticket.step == TicketStep.AWAITING_RETURN
    reason = Refuse("已使用")
    assert answered(merchant_refuse_ticket.sync(client=client, ticket_id=unwanted, body=reason)).remark == "已使用"
    received = answered(merchant_receive_goods.sync(client=client, ticket_id=returned, body=Receive(restock=False)))
    assert received.step == TicketStep.REFUNDED
    assert received.refund is not None


def figures(client: AuthenticatedClient) -> None:
    assert answered(merchant_get_overview.sync(client=client)).today.orders == 6
    assert answered(merchant_get_top_skus.sync(client=client)).items
    trend = answered(merchant_get_trend.sync(client=client, by=TrendStep.HOUR))
    assert trend.by == TrendStep.HOUR


def leaving(client: AuthenticatedClient) -> None:
    """A stream whose session ends says so, and does not come back."""
    _, ended = follow(Stream(client))
    merchant_logout.sync(client=client)
    until(lambda: ended)
    assert ended == ["not_authenticated"]


if __name__ == "__main__":
    day()
