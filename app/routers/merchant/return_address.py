"""Where buyers send a merchant's goods back to."""

from app.routers.merchant import router
from app.schemas.except_orders import NewReturnAddress, ReturnAddressView
from app.services.accounts import accounts
from app.services.tickets import return_addresses
from app.web.dependencies import MerchantCall


@router.get("/return-address", response_model=ReturnAddressView)
def get_return_address(call: MerchantCall) -> str:
    """Show the return address (退货地址)."""
    return return_addresses.get(call, accounts.own_id(call))


@router.put("/return-address", response_model=ReturnAddressView)
def put_return_address(body: NewReturnAddress, call: MerchantCall) -> str:
    """Set the return address (设置退货地址). Returns that were agreed to before keep the former one."""
    return return_addresses.put(call, accounts.own_id(call), body.model_dump())
