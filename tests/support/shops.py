"""A shop in a server of its own, whose orders are known."""

from contextlib import ExitStack

from app.db import migration
from tests.conftest import using
from tests.support.api import Api
from tests.support.factories import World, made, purchase
from tests.support.servers import Server


class Shop:
    """A shop in the database `shop` of a server; the numbers of its orders as they were placed."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        stack.enter_context(using(server.uri("shop")))
        migration.migrate()
        self.world = World(stack.enter_context(Api()))
        self.merchant, self.customer = self.world.merchant(), self.world.customer()
        self.sku = self.world.sku(self.merchant)
        self.placed: list[str] = []

    def place(self, count: int) -> None:
        for _ in range(count):
            order = made(self.world.api.platform.post("/orders", purchase(self.sku["id"], self.customer.id)), 201)
            self.placed.append(order["order_number"])


def numbers_of(server: Server) -> list[str]:
    """The numbers of the orders that are there."""
    return sorted(number for (number,) in server.run('SELECT order_number FROM "order"', database="shop"))
