"""The platform's day through the Python client; run by tests/clients/test_days.py, which says what there is."""

from common import GIVEN, Endpoint, refused, until
from meta_be_client import AuthenticatedClient, answered, connect, connect_platform
from meta_be_client.generated.api.merchant_orders import merchant_cancel_order
from meta_be_client.generated.api.platform_orders import (
    platform_correct_receiver,
    platform_get_order,
    platform_list_orders,
    platform_place_order,
)
from meta_be_client.generated.api.platform_products import platform_get_product, platform_get_sku, platform_list_products
from meta_be_client.generated.api.platform_refunds import platform_fail_refund, platform_list_refunds, platform_pay_refund
from meta_be_client.generated.api.platform_webhooks import platform_create_webhook, platform_list_deliveries
from meta_be_client.generated.models import (
    Cancel,
    EventType,
    Fail,
    NewWebhook,
    OrderStatus,
    Pay,
    Place,
    ReceiverChange,
    RefundStatus,
)

URL = GIVEN["url"]
ADDRESS = "上海市浦东新区世纪大道 1 号"


def day() -> None:
    with connect_platform(URL, GIVEN["other_secret"]) as stranger:
        assert refused(lambda: platform_list_orders.sync(client=stranger)).code == "bad_signature"
    with connect_platform(URL, GIVEN["secret"], language="en") as client, connect(URL, GIVEN["merchant_token"]) as shop:
        endpoint = Endpoint()
        types = [EventType.ORDER_PLACE, EventType.REFUND_DUE, EventType.REFUND_PAID]
        webhook = answered(platform_create_webhook.sync(client=client, body=NewWebhook(url=endpoint.url, types=types)))
        assert isinstance(webhook.secret, str)
        endpoint.secrets.append(webhook.secret)
        reading(client)
        numbers = placing(client)
        walking(client, numbers)
        refunds(client, shop)
        until(lambda: len(endpoint.taken) == 7)
        assert sorted(endpoint.types()) == ["order.place"] * 3 + ["refund.due"] * 2 + ["refund.paid"] * 2
        endpoint.check(webhook.secret, GIVEN["other_secret"])
        until(lambda: answered(platform_list_deliveries.sync(client=client, webhook_id=webhook.id)).total == 7)


def reading(client: AuthenticatedClient) -> None:
    products = answered(platform_list_products.sync(client=client, size=100))
    assert GIVEN["product_id"] in [product.id for product in products.items]
    product = answered(platform_get_product.sync(client=client, product_id=GIVEN["product_id"]))
    sku = answered(platform_get_sku.sync(client=client, sku_id=GIVEN["sku_id"]))
    assert (sku.product_id, sku.id) == (product.id, product.skus[0].id)


def purchase(number: str, num: int = 1) -> Place:
    return Place(number, GIVEN["customer_id"], GIVEN["sku_id"], num, "张三", "13800000000", ADDRESS)


def placing(client: AuthenticatedClient) -> list[str]:
    numbers = [f"{GIVEN['number']}-{each}" for each in range(3)]
    for number in numbers:
        placed = platform_place_order.sync_detailed(client=client, body=purchase(number))
        again = platform_place_order.sync_detailed(client=client, body=purchase(number))
        assert (placed.status_code, again.status_code) == (201, 200)
        assert answered(again.parsed) == answered(placed.parsed)
    differs = refused(lambda: platform_place_order.sync(client=client, body=purchase(numbers[0], 2)))
    assert (differs.status, differs.code) == (409, "order_differs")
    short = refused(lambda: platform_place_order.sync(client=client, body=purchase(f"{GIVEN['number']}-many", 1_000_000)))
    assert (short.code, short.problem.refund_due) == ("out_of_stock", True)

    change = ReceiverChange(receiver_address="北京市朝阳区 2 号")
    changed = answered(platform_correct_receiver.sync(client=client, order_number=numbers[2], body=change))
    assert (changed.receiver.name, changed.receiver.address) == ("张三", "北京市朝阳区 2 号")
    assert answered(platform_get_order.sync(client=client, order_number=numbers[2])) == changed
    return numbers


def walking(client: AuthenticatedClient, numbers: list[str]) -> None:
    """All orders of the shop, by cursor."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = answered(platform_list_orders.sync(client=client, size=2, cursor=cursor, business_id=GIVEN["merchant_id"]))
        found += [order.order_number for order in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == numbers[::-1]


def refunds(client: AuthenticatedClient, shop: AuthenticatedClient) -> None:
    """Orders that the shop cancels are paid back, one at the second attempt."""
    orders = answered(platform_list_orders.sync(client=client, business_id=GIVEN["merchant_id"], status=[OrderStatus.TO_SHIP]))
    for order in orders.items[:2]:
        answered(merchant_cancel_order.sync(client=shop, order_id=order.id, body=Cancel("缺货")))
    due = answered(platform_list_refunds.sync(client=client, status=[RefundStatus.DUE], size=100))
    paid, failed = [refund for refund in due.items if refund.business_id == GIVEN["merchant_id"]]
    tried = answered(platform_fail_refund.sync(client=client, ticket_id=failed.ticket_id, body=Fail("银行卡已注销")))
    assert (tried.status, tried.reason) == (RefundStatus.FAILED, "银行卡已注销")
    for refund in (paid, failed):
        body = Pay(f"PAY-{refund.ticket_id}")
        first = answered(platform_pay_refund.sync(client=client, ticket_id=refund.ticket_id, body=body))
        again = answered(platform_pay_refund.sync(client=client, ticket_id=refund.ticket_id, body=body))
        assert again == first
        assert first.status == RefundStatus.PAID
    differs = refused(lambda: platform_pay_refund.sync(client=client, ticket_id=paid.ticket_id, body=Pay("OTHER")))
    assert differs.status == 409


if __name__ == "__main__":
    day()
