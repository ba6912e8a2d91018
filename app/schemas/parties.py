"""Who a row is between, by name, as staff see it."""

from typing import Annotated

from pydantic import BaseModel, Field


class Parties(BaseModel):
    """The names of merchant and buyer."""

    storename: Annotated[str, Field(description="The merchant's store (店铺名)")]
    customer_name: Annotated[str, Field(description="The buyer's account name (买家)")]
