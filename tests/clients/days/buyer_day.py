"""A buyer's day through the Python client; run by tests/clients/test_days.py, which says what there is."""

import io

from common import GIVEN, refused
from meta_be_client import AuthenticatedClient, File, answered, connect
from meta_be_client.generated.api.customer_account import (
    customer_change_me,
    customer_delete_me,
    customer_login,
    customer_me,
)
from meta_be_client.generated.api.customer_files import customer_upload_picture
from meta_be_client.generated.api.customer_orders import (
    customer_accept_offer,
    customer_ask_for_refund,
    customer_get_order,
    customer_get_ticket,
    customer_list_order_events,
    customer_list_orders,
    customer_list_tickets,
    customer_receive_order,
    customer_send_back,
    customer_withdraw_ticket,
)
from meta_be_client.generated.api.merchant_except_orders import merchant_agree_to_ticket, merchant_receive_goods
from meta_be_client.generated.models import (
    AccountDeletion,
    Agree,
    Ask,
    CustomerChange,
    CustomerUploadPictureBody,
    ExceptType,
    Login,
    OrderStatus,
    Party,
    Receive,
    SendBack,
    TicketStep,
)

URL = GIVEN["url"]
RETURN, REFUND = (ExceptType(name) for name in ("退货退款", "仅退款"))


def day() -> None:
    login = Login(GIVEN["name"], GIVEN["password"])
    token = answered(customer_login.sync(client=connect(URL), body=login)).access_token
    with connect(URL, token) as client, connect(URL, GIVEN["merchant_token"]) as shop:
        page = answered(customer_list_orders.sync(client=client, size=3))
        rest = answered(customer_list_orders.sync(client=client, size=3, cursor=page.next_cursor))
        assert page.total == 4
        assert [order.id for order in page.items + rest.items] == sorted(GIVEN["orders"], reverse=True)
        arriving, *received = GIVEN["orders"]
        order = answered(customer_receive_order.sync(client=client, order_id=arriving, idempotency_key="received"))
        assert order.status == OrderStatus.COMPLETED
        assert refused(lambda: customer_receive_order.sync(client=client, order_id=arriving)).status == 409
        give_back(client, shop, received[0])
        settle(client, shop, received[1])
        withdraw(client, received[2])
        leave(client)


def give_back(client: AuthenticatedClient, shop: AuthenticatedClient, order_id: int) -> None:
    """A return with evidence, sent back and tracked."""
    picture = File(io.BytesIO(bytes.fromhex(GIVEN["picture"])), "a.png", "image/png")
    shown = answered(customer_upload_picture.sync(client=client, body=CustomerUploadPictureBody(picture)))
    body = Ask(RETURN, "有划痕", evidence=[shown.name])
    asked = answered(customer_ask_for_refund.sync(client=client, order_id=order_id, body=body))
    assert [(each.by, each.name) for each in asked.evidence] == [(Party.CUSTOMER, shown.name)]
    twice = refused(lambda: customer_ask_for_refund.sync(client=client, order_id=order_id, body=body))
    assert twice.status == 409

    agreed = answered(merchant_agree_to_ticket.sync(client=shop, ticket_id=asked.id, body=Agree()))
    assert agreed.return_address is not None
    parcel = SendBack(logistics_id=2, tracking_number="YT123")
    sent = answered(customer_send_back.sync(client=client, ticket_id=asked.id, body=parcel))
    assert sent.return_parcel is not None
    assert sent.return_parcel.tracking_number == "YT123"
    answered(merchant_receive_goods.sync(client=shop, ticket_id=asked.id, body=Receive()))
    settled = answered(customer_get_ticket.sync(client=client, ticket_id=asked.id))
    assert settled.step == TicketStep.REFUNDED


def settle(client: AuthenticatedClient, shop: AuthenticatedClient, order_id: int) -> None:
    """Less than was asked for is an offer, which the buyer accepts."""
    asked = answered(customer_ask_for_refund.sync(client=client, order_id=order_id, body=Ask(REFUND, "少了一件")))
    answered(merchant_agree_to_ticket.sync(client=shop, ticket_id=asked.id, body=Agree(back_cost=1.5)))
    accepted = answered(customer_accept_offer.sync(client=client, ticket_id=asked.id))
    assert accepted.step == TicketStep.REFUNDED
    assert accepted.refund is not None
    assert accepted.refund.amount == 1.5
    detail = answered(customer_get_order.sync(client=client, order_id=order_id))
    assert (detail.status, detail.refunded) == (OrderStatus.COMPLETED, 1.5)


def withdraw(client: AuthenticatedClient, order_id: int) -> None:
    asked = answered(customer_ask_for_refund.sync(client=client, order_id=order_id, body=Ask(REFUND, "不想要了")))
    assert answered(customer_withdraw_ticket.sync(client=client, ticket_id=asked.id)).step == TicketStep.WITHDRAWN
    assert len(answered(customer_list_tickets.sync(client=client)).items) == 3
    assert answered(customer_list_order_events.sync(client=client, order_id=order_id)).items


def leave(client: AuthenticatedClient) -> None:
    """Change one thing of the account, which changes nothing else, and delete it."""
    before = answered(customer_me.sync(client=client))
    after = answered(customer_change_me.sync(client=client, body=CustomerChange(tel_phone="13900000000")))
    assert (after.tel_phone, after.name, after.email_address) == ("13900000000", before.name, before.email_address)
    assert refused(lambda: customer_delete_me.sync(client=client, body=AccountDeletion("wrong"))).status == 422
    customer_delete_me.sync(client=client, body=AccountDeletion(GIVEN["password"]))
    assert refused(lambda: customer_me.sync(client=client)).code == "not_authenticated"


if __name__ == "__main__":
    day()
