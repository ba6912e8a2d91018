"""A customer's own account."""

from fastapi import Response

from app.db.work import CUSTOMER
from app.routers import own_account
from app.routers.customer import login_router, router
from app.schemas.accounts import AccountDeletion, CustomerChange, CustomerView, NewCustomer
from app.services.accounts import accounts
from app.web import passwords
from app.web.dependencies import CustomerCall, NewCustomerCall, customer_session, new_customer


@login_router.post("/register", response_model=CustomerView, status_code=201)
async def register(body: NewCustomer, call: NewCustomerCall) -> Response:
    """Register as a buyer (买家注册)."""
    return await passwords.create_account(call, CUSTOMER, body)


@router.patch("/me", response_model=CustomerView)
def change_me(body: CustomerChange, call: CustomerCall) -> str:
    """Change the own account (修改资料)."""
    return accounts.change_me(call, body.model_dump(exclude_unset=True))


@router.delete("/me", status_code=204)
async def delete_me(body: AccountDeletion, call: CustomerCall) -> Response:
    """Delete the own account for good (注销账号), once no order is open. Orders stay, without who received them."""
    return await passwords.delete_account(call, body)


own_account.add_to(router, login_router, session=customer_session, newcomer=new_customer, view=CustomerView)
