"""Who a row is between, by name, as staff see it."""

from typing import Annotated

from pydantic import BaseModel, Field


class Shop(BaseModel):
    """The name of the merchant's store."""

    storename: Annotated[str, Field(description="The merchant's store (店铺名)")]


class Parties(Shop):
    """The names of merchant and buyer."""

    customer_name: Annotated[str, Field(description="The buyer's account name (买家)")]
