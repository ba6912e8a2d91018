"""Merchants and customers, for staff to look at and manage."""

from typing import Annotated

from fastapi import Query, Response

from app.db.async_driver import on_loop
from app.db.work import CUSTOMER, MERCHANT
from app.routers.admin import router
from app.schemas.accounts import (
    CustomerFilters,
    CustomerList,
    CustomerView,
    NewMerchant,
    PasswordReset,
    UserFilters,
    UserList,
    UserView,
)
from app.schemas.except_orders import NewReturnAddress, ReturnAddressView
from app.services.accounts import accounts, staff
from app.services.tickets import return_addresses
from app.web import passwords
from app.web.dependencies import AdminCall, RowId
from app.web.door import answered


@router.get("/users", response_model=UserList)
def list_users(query: Annotated[UserFilters, Query()], call: AdminCall) -> str:
    """List merchants (商家列表)."""
    return accounts.page(call, MERCHANT, query.filters(), query.asked())


@router.post("/users", response_model=UserView, status_code=201)
async def create_user(body: NewMerchant, call: AdminCall) -> Response:
    """Make a merchant (新增商家)."""
    return await passwords.create_account(call, MERCHANT, body)


@router.get("/users/{user_id}", response_model=UserView)
def get_user(user_id: RowId, call: AdminCall) -> str:
    """Show a merchant (商家详情)."""
    return accounts.get(call, MERCHANT, user_id)


@router.post("/users/{user_id}/disable", response_model=UserView)
def disable_user(user_id: RowId, call: AdminCall) -> str:
    """Disable a merchant (禁用商家), who is shut out at once.

    Their goods are no longer offered, and what was paid already comes in.
    """
    return staff.disable(call, user_id)


@router.post("/users/{user_id}/enable", response_model=UserView)
def enable_user(user_id: RowId, call: AdminCall) -> str:
    """Enable a merchant (启用商家), who logs in anew."""
    return staff.enable(call, user_id)


@router.post("/users/{user_id}/reset-password", response_model=UserView)
async def reset_password(user_id: RowId, body: PasswordReset, call: AdminCall) -> Response:
    """Set a merchant's password (重置商家密码). The merchant's session ends."""
    password_hash = await passwords.hashed(call, body.new_password)
    return await on_loop(answered, call, 200, lambda: staff.reset_password(call, user_id, password_hash))


@router.get("/customers", response_model=CustomerList)
def list_customers(query: Annotated[CustomerFilters, Query()], call: AdminCall) -> str:
    """List buyers (买家列表). `phone` finds who calls: by the account's phone, or one that an order of theirs was sent to."""
    return accounts.page(call, CUSTOMER, query.filters(), query.asked())


@router.get("/customers/{customer_id}", response_model=CustomerView)
def get_customer(customer_id: RowId, call: AdminCall) -> str:
    """Show a buyer (买家详情)."""
    return accounts.get(call, CUSTOMER, customer_id)


@router.get("/users/{user_id}/return-address", response_model=ReturnAddressView)
def get_return_address(user_id: RowId, call: AdminCall) -> str:
    """Show a merchant's return address (商家退货地址)."""
    return return_addresses.get(call, user_id)


@router.put("/users/{user_id}/return-address", response_model=ReturnAddressView)
def put_return_address(user_id: RowId, body: NewReturnAddress, call: AdminCall) -> str:
    """Set a merchant's return address (设置商家退货地址). Returns that nobody answers wait for it."""
    return return_addresses.put(call, user_id, body.model_dump())
