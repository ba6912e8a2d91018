"""A customer's own account."""

from fastapi import Response

from app.db.async_driver import on_loop
from app.db.work import CUSTOMER
from app.routers.customer import entrance, router
from app.schemas.accounts import CustomerChange, CustomerView, Login, NewCustomer, PasswordChange, TokenView
from app.security import hash_password
from app.services.accounts import accounts, logins
from app.web import passwords
from app.web.dependencies import CustomerCall, NewCustomerCall
from app.web.door import answered


@entrance.post("/register", response_model=CustomerView, status_code=201)
async def register(body: NewCustomer, call: NewCustomerCall) -> Response:
    values = body.model_dump(exclude={"password"}) | {"password_hash": await hash_password(body.password)}
    return await on_loop(answered, call, 201, lambda: accounts.create(call, CUSTOMER, **values))


@entrance.post("/login", response_model=TokenView)
async def login(body: Login, call: NewCustomerCall) -> Response:
    return await passwords.log_in(call, body)


@router.post("/logout", status_code=204)
def logout(call: CustomerCall) -> None:
    logins.close_session(call)


@router.get("/me", response_model=CustomerView)
def me(call: CustomerCall) -> str:
    return accounts.me(call)


@router.patch("/me", response_model=CustomerView)
def change_me(body: CustomerChange, call: CustomerCall) -> str:
    return accounts.change_me(call, body.model_dump(exclude_unset=True))


@router.put("/me/password", status_code=204)
async def change_password(body: PasswordChange, call: CustomerCall) -> Response:
    return await passwords.change_password(call, body)
